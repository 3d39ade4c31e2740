/** The engine's last line on standard error when it was asked to stop in the middle of its work. */
export const STOPPED_ON_REQUEST = 'tokenscope-engine: stopped on request'
