/** A queue that gives the entry of the greatest priority, of equal ones the one that came first. */
export class MaxHeap<Entry> {
  private readonly heap: {readonly entry: Entry; readonly priority: number; readonly at: number}[] =
    []
  private pushed = 0

  get size(): number {
    return this.heap.length
  }

  push(entry: Entry, priority: number): void {
    const {heap} = this
    heap.push({entry, priority, at: this.pushed++})
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1
      if (!this.isBefore(child, parent)) break
      this.swap(child, parent)
      child = parent
    }
  }

  pop(): {readonly entry: Entry; readonly priority: number} | undefined {
    const {heap} = this
    const first = heap[0]
    const last = heap.pop()
    if (heap.length > 0 && last) {
      heap[0] = last
      this.siftDown()
    }
    return first
  }

  /** The first `count` entries in order; they stay. */
  peek(count: number): Entry[] {
    if (count >= this.heap.length / 4) {
      const sorted = [...this.heap].sort((a, b) => b.priority - a.priority || a.at - b.at)
      return sorted.slice(0, count).map(({entry}) => entry)
    }
    // Of a heap the next in order is always a child of one that was given.
    const waiting = [0]
    const found: Entry[] = []
    while (found.length < count && waiting.length > 0) {
      let best = 0
      for (let i = 1; i < waiting.length; i++) {
        if (this.isBefore(waiting[i]!, waiting[best]!)) best = i
      }
      const [at] = waiting.splice(best, 1)
      found.push(this.heap[at!]!.entry)
      for (const child of [2 * at! + 1, 2 * at! + 2]) {
        if (child < this.heap.length) waiting.push(child)
      }
    }
    return found
  }

  private siftDown(): void {
    const {heap} = this
    for (let parent = 0; ; ) {
      let child = 2 * parent + 1
      if (child >= heap.length) return
      if (child + 1 < heap.length && this.isBefore(child + 1, child)) child++
      if (!this.isBefore(child, parent)) return
      this.swap(child, parent)
      parent = child
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [left, right] = [this.heap[a]!, this.heap[b]!]
    return (
      left.priority > right.priority || (left.priority === right.priority && left.at < right.at)
    )
  }

  private swap(a: number, b: number): void {
    const {heap} = this
    ;[heap[a], heap[b]] = [heap[b]!, heap[a]!]
  }
}
