/** Bytes of arrays that are kept for the next one. */
const MOST_KEPT_BYTES = 16e6

/**
 * Arrays that are used over and over on one thread: a new one of a megabyte costs the system a page fault for
 * every four kilobytes, which is more than what is computed with it.
 */
export class ScratchNumbers {
  private readonly kept: Float32Array<ArrayBuffer>[] = []
  private keptBytes = 0

  /** An array of so many numbers, whatever stands in it. */
  take(length: number): Float32Array<ArrayBuffer> {
    const at = this.kept.findIndex((one) => one.length === length)
    if (at < 0) return new Float32Array(length)
    const [array] = this.kept.splice(at, 1)
    this.keptBytes -= array!.byteLength
    return array!
  }

  /** Gives an array back, which nobody may read any more. */
  give(array: Float32Array<ArrayBuffer>): void {
    this.kept.push(array)
    this.keptBytes += array.byteLength
    while (this.keptBytes > MOST_KEPT_BYTES) this.keptBytes -= this.kept.shift()!.byteLength
  }
}
