import {NO_ROW} from './row-store.ts'

/** Places are added by so many: with as many as before, rows that stay need not be moved. */
const STEP = 64

/**
 * Which row of a kept cache lies in which place of what a run is fed. A row that is needed again stays where it
 * is, so that only others have to be brought; a place that nobody needs is left as it is, and not looked at.
 */
export class CachePlaces {
  private rows = new Int32Array(0)

  /** The row of each place, NO_ROW where there is none: all that are needed, in at most `most` places. */
  assign(needed: readonly number[], most: number): Int32Array {
    const {length} = this.rows
    const isFar = length > 2 * needed.length + 2 * STEP
    if (needed.length > length || length > most || isFar) {
      const wanted = STEP * Math.ceil((needed.length + STEP / 2) / STEP)
      this.rows = new Int32Array(Math.max(needed.length, Math.min(most, wanted))).fill(NO_ROW)
      this.rows.set(needed)
      return this.rows
    }
    const missing = new Set(needed)
    const free: number[] = []
    for (const [place, row] of this.rows.entries()) {
      if (missing.delete(row)) continue
      this.rows[place] = NO_ROW
      free.push(place)
    }
    let next = 0
    for (const row of missing) this.rows[free[next++]!] = row
    return this.rows
  }

  /** Rows were numbered anew. */
  clear(): void {
    this.rows = new Int32Array(0)
  }
}
