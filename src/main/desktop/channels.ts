/** Names of the messages between main process and preload. */
export const PORT_WANTED = 'engine-port-wanted'
export const PORT = 'engine-port'
export const ENDED = 'engine-ended'
