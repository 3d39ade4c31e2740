import type {OperandAxis} from './structure.ts'

/** Sums what the heads of a layer give over texts and runs, for their means. */
export class HeadMeans {
  private readonly sums: Float64Array
  private count = 0

  constructor(
    private readonly headCount: number,
    private readonly headSize: number
  ) {
    this.sums = new Float64Array(headCount * headSize)
  }

  /**
   * Adds the outputs of one run: of each site in order, its numbers with their axes, for a batch of one row.
   */
  add(
    sites: readonly {
      readonly data: ArrayLike<number>
      readonly dimensions: readonly number[]
      readonly layout: readonly OperandAxis[]
    }[]
  ): void {
    let first = 0
    let positions = 0
    for (const {data, dimensions, layout} of sites) {
      positions = dimensions[layout.indexOf('position')]!
      let positionStride = 1
      for (let axis = layout.length - 1; layout[axis] !== 'position'; axis--) {
        positionStride *= dimensions[axis]!
      }
      // Positions lie outside of some heads' axes; what is inside keeps its place, what is outside too.
      for (let at = 0; at < data.length; at++) {
        const inside = at % positionStride
        const outside = Math.floor(at / (positionStride * positions))
        const entry = first + outside * positionStride + inside
        this.sums[entry] = this.sums[entry]! + data[at]!
      }
      first += data.length / positions
    }
    if (first !== this.headCount * this.headSize) {
      throw new RangeError(`${first} elements of ${this.headCount} heads of ${this.headSize}`)
    }
    this.count += positions
  }

  /** Mean of a head's output over all positions so far, one entry an element. */
  meanOf(head: number): number[] {
    const start = head * this.headSize
    return Array.from(this.sums.subarray(start, start + this.headSize), (sum) => sum / this.count)
  }
}
