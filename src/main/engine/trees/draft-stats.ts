import type {TreeStats, TreeStep} from '../../../shared/lenses/tree.ts'
import type {DraftRunEvent} from './draft-run.ts'

type Verified = Extract<DraftRunEvent, {kind: 'verified'}>

/** What one step came to. */
export function stepOf({tree, verification, ids}: Verified): TreeStep {
  const {outcomes, accepted, endedBy} = verification
  return {
    ...{accepted: accepted.length, committed: ids.length, drafted: tree.nodes.length, endedBy},
    tested: outcomes.filter(({status}) => status !== 'untested').length,
    estimated: outcomes.reduce((sum, {reachProb}) => sum + reachProb, 0),
  }
}

/** Counts the steps of a run. */
export class DraftCounter {
  private readonly perStep: TreeStep[] = []
  private readonly byDepth: {drafted: number; reached: number; tested: number; accepted: number}[] =
    []
  private readonly statusCounts: Record<string, number> = {}
  private targetCalls = 0
  private draftCalls = 0

  add(event: Verified): void {
    const {tree, verification} = event
    this.perStep.push(stepOf(event))
    this.targetCalls += event.targetCalls
    this.draftCalls += event.draftCalls
    const {next} = verification
    for (const [place, {depth}] of tree.nodes.entries()) {
      const {status} = verification.outcomes[place]!
      const row = this.depthRow(depth)
      row.drafted++
      if (status !== 'untested') row.tested++
      if (status === 'accepted') row.accepted++
      this.statusCounts[status] = (this.statusCounts[status] ?? 0) + 1
    }
    // A step reaches every depth at whose parents it arrived, if there was a child to be tested.
    for (const {place, tested} of verification.verdicts) {
      if (tested.length > 0) this.depthRow(depthBelow(tree, place)).reached++
    }
    if (next) {
      const status = next.isBonus ? 'bonus' : 'correction'
      this.statusCounts[status] = (this.statusCounts[status] ?? 0) + 1
    }
  }

  stats(): TreeStats {
    const {perStep, targetCalls, draftCalls} = this
    const accepted = perStep.map((step) => step.accepted)
    const committed = perStep.map((step) => step.committed)
    const committedCount = committed.reduce((sum, count) => sum + count, 0)
    return {
      ...{steps: perStep.length, perStep, targetCalls, draftCalls},
      acceptedMean: meanOf(accepted),
      acceptedStandardError: standardErrorOf(accepted),
      committedMean: meanOf(committed),
      committedStandardError: standardErrorOf(committed),
      estimatedMean: meanOf(perStep.map(({estimated}) => estimated)),
      byDepth: this.byDepth.map((row, i) => ({depth: i + 1, ...row})),
      statusCounts: this.statusCounts,
      // The prompt's own run gives the first token either way.
      targetCallsSaved: Math.max(0, committedCount - 1) - targetCalls,
    }
  }

  private depthRow(depth: number) {
    while (this.byDepth.length < depth) {
      this.byDepth.push({drafted: 0, reached: 0, tested: 0, accepted: 0})
    }
    return this.byDepth[depth - 1]!
  }
}

function depthBelow({nodes}: Verified['tree'], place: number): number {
  return place < 0 ? 1 : nodes[place]!.depth + 1
}

/** 0 of none. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Of the mean, from the deviation with n − 1; null of fewer than two. */
export function standardErrorOf(values: readonly number[]): number | null {
  if (values.length < 2) return null
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1) / values.length)
}
