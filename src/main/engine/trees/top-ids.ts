/** Beyond this share of all entries sorting everything is cheaper than keeping a heap. */
const SORT_SHARE = 8

/** The ids of the `count` largest entries, largest first, of equal ones the lower id first. */
export function topIds(values: Float64Array, count: number): number[] {
  const wanted = Math.min(count, values.length)
  const isBefore = (a: number, b: number) =>
    values[a]! > values[b]! || (values[a]! === values[b]! && a < b)
  const order = (a: number, b: number) => (isBefore(a, b) ? -1 : 1)
  if (wanted * SORT_SHARE > values.length) {
    const all = Array.from(values, (_, id) => id)
    return all.sort(order).slice(0, wanted)
  }
  // A heap whose root is the last of those kept so far.
  const heap: number[] = []
  const siftDown = (start: number) => {
    for (let parent = start; ; ) {
      let child = 2 * parent + 1
      if (child >= heap.length) return
      if (child + 1 < heap.length && isBefore(heap[child]!, heap[child + 1]!)) child++
      if (!isBefore(heap[parent]!, heap[child]!)) return
      ;[heap[parent], heap[child]] = [heap[child]!, heap[parent]!]
      parent = child
    }
  }
  for (let id = 0; id < values.length; id++) {
    if (heap.length < wanted) {
      heap.push(id)
      if (heap.length === wanted) for (let at = wanted >> 1; at >= 0; at--) siftDown(at)
    } else if (wanted > 0 && values[id]! > values[heap[0]!]!) {
      heap[0] = id
      siftDown(0)
    }
  }
  return heap.sort(order)
}
