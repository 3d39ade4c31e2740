const ID_BITS = 21
const ID_RANGE = 2 ** ID_BITS
/** Beyond this share of the vocabulary sorting everything is cheaper than keeping a heap. */
const SORT_SHARE = 8

/**
 * The ids of the `count` largest logits, largest first, of equal logits the lower id first.
 * All logits must be finite and there must be at most 2^21 of them.
 */
export function selectTopIds(logits: Float32Array, count: number): Int32Array<ArrayBuffer> {
  if (logits.length > ID_RANGE) throw new RangeError(`more than ${ID_RANGE} logits`)
  const wanted = Math.min(count, logits.length)
  if (wanted === 0) return new Int32Array(0)
  const keys = wanted * SORT_SHARE > logits.length ? allKeys(logits) : smallestKeys(logits, wanted)
  const sorted = keys.sort().subarray(0, wanted)
  return Int32Array.from(sorted, (key) => key % ID_RANGE)
}

/**
 * A logit and its id as one number, so that an ascending sort of plain numbers is the order of the
 * table: 32 bits that fall as the logit rises, then the id. Both fit a float64's 53 bits.
 */
function keyOf(logitBits: number, id: number): number {
  // Positive floats order as their bits do, negative ones the other way round.
  const ascending = logitBits & 0x80000000 ? ~logitBits >>> 0 : (logitBits | 0x80000000) >>> 0
  return (0xffffffff - ascending) * ID_RANGE + id
}

function allKeys(logits: Float32Array): Float64Array {
  const bits = bitsOf(logits)
  const keys = new Float64Array(logits.length)
  for (let id = 0; id < keys.length; id++) {
    // Negative zero equals zero, so it must have the same key.
    keys[id] = keyOf(logits[id] === 0 ? 0 : bits[id]!, id)
  }
  return keys
}

/** The `count` smallest keys, in any order: a heap whose root is the largest key kept so far. */
function smallestKeys(logits: Float32Array, count: number): Float64Array {
  const bits = bitsOf(logits)
  const heap = allKeys(logits.subarray(0, count))
  heap.sort().reverse()
  let leastLogit = logits[heap[0]! % ID_RANGE]!
  for (let id = count; id < logits.length; id++) {
    // An equal logit with a higher id comes later in the order, so it never replaces one.
    if (!(logits[id]! > leastLogit)) continue
    siftDown(heap, keyOf(logits[id] === 0 ? 0 : bits[id]!, id))
    leastLogit = logits[heap[0]! % ID_RANGE]!
  }
  return heap
}

function siftDown(heap: Float64Array, key: number): void {
  let parent = 0
  for (;;) {
    let child = 2 * parent + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && heap[child + 1]! > heap[child]!) child++
    if (heap[child]! <= key) break
    heap[parent] = heap[child]!
    parent = child
  }
  heap[parent] = key
}

function bitsOf(logits: Float32Array): Uint32Array {
  return new Uint32Array(logits.buffer, logits.byteOffset, logits.length)
}
