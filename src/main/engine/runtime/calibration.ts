import type {CapturedEvent} from './worker-protocol.ts'

/** What one run of a model took. */
export type MeasuredRun = Pick<CapturedEvent, 'firstPosition' | 'positionCount' | 'elapsedMs'>

/** The latest runs that an estimate is made of: machines get busier and calmer. */
const MAX_RUN_COUNT = 48
/** Costs of a run by itself, of each of its positions, and of each pair of a query and a key before it. */
const TERM_COUNT = 3
/** Which of them are fitted, the fullest first; a cost below nothing is left out. */
const TERM_SETS = [[0, 1, 2], [1, 2], [0, 1], [1]] as const

/**
 * How long runs of one model take on this machine, from runs that were measured: milliseconds are fitted as
 * run + positions · rate + pairs of queries and keys · rate, none below 0, by the least squares of relative
 * errors. Costs are of an instrumented run, without what comes after it.
 */
export class Calibration {
  private readonly runs: MeasuredRun[] = []
  private fitted: readonly number[] | null = null

  record({firstPosition, positionCount, elapsedMs}: MeasuredRun): void {
    if (positionCount === 0 || elapsedMs <= 0) return
    this.runs.push({firstPosition, positionCount, elapsedMs})
    if (this.runs.length > MAX_RUN_COUNT) this.runs.shift()
    this.fitted = null
  }

  /** Seconds that positions [firstPosition, tokenCount) take, `runLength` of them a run; null before any run. */
  secondsFor(tokenCount: number, runLength: number, firstPosition = 0): number | null {
    if (this.runs.length === 0) return null
    this.fitted ??= fitted(this.runs)
    let ms = 0
    for (let first = firstPosition; first < tokenCount; first += runLength) {
      const positionCount = Math.min(runLength, tokenCount - first)
      ms += costOf(this.fitted, termsOf({firstPosition: first, positionCount}))
    }
    return ms / 1000
  }
}

/** Calibrations by model and by what is captured of it. */
export class Calibrations {
  private readonly byName = new Map<string, Calibration>()

  of(modelKey: string, route: string): Calibration {
    const name = `${modelKey}\n${route}`
    let calibration = this.byName.get(name)
    if (!calibration) {
      calibration = new Calibration()
      this.byName.set(name, calibration)
    }
    return calibration
  }
}

/** 1, positions, and the pairs of each query with the keys up to it. */
function termsOf({firstPosition, positionCount}: Omit<MeasuredRun, 'elapsedMs'>): number[] {
  return [1, positionCount, positionCount * (firstPosition + positionCount / 2)]
}

function costOf(costs: readonly number[], terms: readonly number[]): number {
  return costs.reduce((sum, cost, i) => sum + cost * terms[i]!, 0)
}

/** Of runs of the same positions the one of the median time: a slow spell of the machine is left out. */
function* typicalRuns(runs: readonly MeasuredRun[]): Generator<MeasuredRun> {
  const groups = new Map<string, MeasuredRun[]>()
  for (const run of runs) {
    const name = `${run.firstPosition} ${run.positionCount}`
    groups.set(name, [...(groups.get(name) ?? []), run])
  }
  for (const group of groups.values()) {
    yield group.toSorted((a, b) => a.elapsedMs - b.elapsedMs)[group.length >> 1]!
  }
}

function fitted(runs: readonly MeasuredRun[]): readonly number[] {
  const rows = [...typicalRuns(runs)].map((run) => termsOf(run).map((term) => term / run.elapsedMs))
  let best: {costs: number[]; error: number} | null = null
  for (const set of TERM_SETS) {
    const costs = leastSquares(rows, set)
    if (!costs || costs.some((cost) => cost < 0)) continue
    const error = rows.reduce((sum, row) => sum + (costOf(costs, row) - 1) ** 2, 0)
    if (!best || error < best.error) best = {costs, error}
  }
  // One term of positive numbers always has an answer.
  return best!.costs
}

/** Costs of some terms, 0 for the others, for which rows come closest to 1; null where they cannot be told apart. */
function leastSquares(
  rows: readonly (readonly number[])[],
  set: readonly number[]
): number[] | null {
  if (rows.length < set.length) return null
  const scales = set.map((term) => Math.hypot(...rows.map((row) => row[term]!)))
  // Normal equations, an augmented row a term.
  const equations = set.map((a, i) => [
    ...set.map((b, j) =>
      rows.reduce((sum, row) => sum + (row[a]! / scales[i]!) * (row[b]! / scales[j]!), 0)
    ),
    rows.reduce((sum, row) => sum + row[a]! / scales[i]!, 0),
  ])
  for (let pivot = 0; pivot < set.length; pivot++) {
    const own = equations[pivot]!
    if (Math.abs(own[pivot]!) < 1e-9) return null
    for (let row = 0; row < set.length; row++) {
      if (row === pivot) continue
      const other = equations[row]!
      const factor = other[pivot]! / own[pivot]!
      for (let column = pivot; column <= set.length; column++) {
        other[column] = other[column]! - factor * own[column]!
      }
    }
  }
  const costs = new Array<number>(TERM_COUNT).fill(0)
  set.forEach((term, i) => {
    costs[term] = equations[i]![set.length]! / equations[i]![i]! / scales[i]!
  })
  return costs
}
