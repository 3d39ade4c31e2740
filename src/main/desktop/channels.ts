/** Names of the messages between main process and preload. */
export const PORT_WANTED = 'engine-port-wanted'
export const PORT = 'engine-port'
export const ENDED = 'engine-ended'
/** A `PageMessage` of src/shared/host/host-bridge.ts. */
export const PAGE_MESSAGE = 'page-message'
/** A `HostMessage` of src/shared/host/host-bridge.ts. */
export const HOST_MESSAGE = 'host-message'
/** The page has begun to listen: what waited for it may be sent. */
export const PAGE_LISTENS = 'page-listens'
