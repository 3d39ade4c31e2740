/** What preload and page say to each other with `window.postMessage`. */
export const ENGINE_PORT_WANTED = 'tokenscope:engine-port-wanted'
/** Comes with the port. */
export const ENGINE_PORT = 'tokenscope:engine-port'
export const ENGINE_ENDED = 'tokenscope:engine-ended'
