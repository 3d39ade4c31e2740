import type {CapturedRun, CapturedStep} from './attention-capture.ts'
import {rangeOf, type ScoreOperand} from './score-operand.ts'

/**
 * Beyond this a finite mask is as good as minus infinity: whatever is added to it, exp of the difference
 * to a score that is not masked is exactly 0. Exporters write the lowest number of float32, −3.4e38.
 */
export const NEVER_SEEN = -1e30

/** Which keys the queries of one run can see, as far as its steps say so in ranges. */
export class ScoreRanges {
  /** Steps after which a score that is as good as minus infinity stays that. */
  private readonly masks: readonly CapturedStep[]

  constructor(private readonly run: CapturedRun) {
    this.masks = run.steps.filter((_, at) => run.steps.slice(at + 1).every(keepsMasked))
  }

  /** Keys [start, end) that are not forbidden outright, of a query counted from the start of the run. */
  allowed(query: number): [start: number, end: number] {
    let start = 0
    let end = this.run.keyCount
    for (const step of this.run.steps) {
      if (step.kind === 'key-count') end = Math.min(end, step.end)
      if (step.kind !== 'band') continue
      end = Math.min(end, query + step.last + 1)
      if (step.first !== null) start = Math.max(start, query + step.first)
    }
    return [start, end]
  }

  /** Of these, those that no mask of ranges takes away. */
  seen(query: number): [start: number, end: number] {
    let [start, end] = this.allowed(query)
    for (const step of this.masks) {
      const ranges = seenByMask(step, query)
      if (!ranges) continue
      start = Math.max(start, ranges[0])
      end = Math.min(end, ranges[1])
    }
    return [start, end]
  }

  /** Whether all that a step does is to take keys away that `seen` leaves out. */
  isToldBySeen(step: CapturedStep): boolean {
    if (step.kind === 'band' || step.kind === 'key-count') return true
    if (!this.masks.includes(step) || !seenByMask(step, 0)) return false
    return step.kind !== 'add' || (step.operand.kind === 'ranges' && step.operand.inside === 0)
  }
}

/** Keys that a mask of ranges leaves to a query; null of a step that is none. */
function seenByMask(step: CapturedStep, query: number): [number, number] | null {
  if (step.kind === 'add' && step.operand.kind === 'ranges') {
    const {inside, outside} = step.operand
    return outside < NEVER_SEEN && inside > NEVER_SEEN ? rangeOf(step.operand, query) : null
  }
  if (step.kind !== 'where' || step.condition.kind !== 'ranges') return null
  if (!isNeverSeen(step.other)) return null
  // What is inside must be kept, and what is outside replaced.
  const {inside, outside} = step.condition
  const isKept = (value: number) => (value !== 0) !== step.keepsFalse
  return isKept(inside) && !isKept(outside) ? rangeOf(step.condition, query) : null
}

/** Whether a score that is as good as minus infinity is still that after a step. */
function keepsMasked(step: CapturedStep): boolean {
  switch (step.kind) {
    case 'add':
    case 'min':
    case 'band':
    case 'key-count':
      return true
    case 'where':
      return isNeverSeen(step.other)
    case 'max':
      return isNeverSeen(step.operand)
    default:
      return false
  }
}

function isNeverSeen(operand: ScoreOperand): boolean {
  const value = numberOfConstant(operand)
  return value !== null && value < NEVER_SEEN
}

/** The number of an operand that is one for all; null of others. */
export function numberOfConstant(operand: ScoreOperand): number | null {
  return operand.kind === 'constant' ? operand.value : null
}
