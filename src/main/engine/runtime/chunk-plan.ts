const TARGET_FLOPS = 100e9
const MAX_LOGITS_BYTES = 256 * 1024 * 1024
const SHORTEST_CHUNK = 16
const LONGEST_CHUNK = 4096

/**
 * How many positions one prefill run takes, a power of two: about half a second of work on two
 * ordinary cores, and no more logits at once than 256 MB.
 *
 * The length depends on the model alone, never on the clock. Where a prompt is cut moves its logits
 * by rounding (and by more in models that quantize activations), and the same request must give the
 * same answer.
 */
export function chunkLengthFor(parameterCount: number, vocabularySize: number): number {
  const byWork = TARGET_FLOPS / (2 * Math.max(1, parameterCount))
  const byMemory = MAX_LOGITS_BYTES / (4 * Math.max(1, vocabularySize))
  let length = SHORTEST_CHUNK
  while (length * 2 <= LONGEST_CHUNK && length * 2 <= byWork && length * 2 <= byMemory) length *= 2
  return length
}
