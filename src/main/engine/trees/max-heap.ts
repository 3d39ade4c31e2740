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

  /** The next in order; it stays. */
  get first(): {readonly entry: Entry; readonly priority: number} | undefined {
    return this.heap[0]
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
