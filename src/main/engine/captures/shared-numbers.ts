/**
 * Arrays in shared memory: what is captured is computed with on another thread, and would otherwise be copied
 * for every picture. The runtime takes no such array: what it is fed is copied out first.
 */
export function sharedFloat32(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length))
}

/** The same for half precision as bits. */
export function sharedUint16(length: number): Uint16Array {
  return new Uint16Array(new SharedArrayBuffer(2 * length))
}
