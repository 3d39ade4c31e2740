import type {TreeStats, TreeStep} from '../../../shared/lenses/tree.ts'
import {ratioStandardError} from '../../../shared/math/ratio-error.ts'
import type {DraftRunEvent} from './draft-run.ts'

type Verified = Extract<DraftRunEvent, {kind: 'verified'}>

/** What one step came to. */
export function stepOf({tree, verification, ids}: Verified): TreeStep {
  const {outcomes, verdicts, accepted, endedBy} = verification
  return {
    ...{accepted: accepted.length, committed: ids.length, drafted: tree.nodes.length, endedBy},
    tested: verdicts.reduce((sum, {tests}) => sum + tests.length, 0),
    estimated: outcomes.reduce((sum, {reachProb}) => sum + reachProb, 0),
  }
}

/** Counts the steps of a run, or of several one after another: every run begins with its step 0. */
export class DraftCounter {
  private readonly perStep: TreeStep[] = []
  private readonly perRun: {accepted: number; committed: number; steps: number}[] = []
  private readonly byDepth: {drafted: number; reached: number; tested: number; accepted: number}[] =
    []
  private readonly statusCounts: Record<string, number> = {}
  private targetCalls = 0
  private draftCalls = 0

  add(event: Verified): void {
    const {tree, verification} = event
    const step = stepOf(event)
    this.perStep.push(step)
    if (event.step === 0 || this.perRun.length === 0) {
      this.perRun.push({accepted: 0, committed: 0, steps: 0})
    }
    const run = this.perRun.at(-1)!
    run.accepted += step.accepted
    run.committed += step.committed
    run.steps++
    this.targetCalls += event.targetCalls
    this.draftCalls += event.draftCalls
    const {next} = verification
    for (const [place, {depth}] of tree.nodes.entries()) {
      const {status} = verification.outcomes[place]!
      const row = this.depthRow(depth)
      row.drafted++
      if (status === 'accepted') row.accepted++
      this.statusCounts[status] = (this.statusCounts[status] ?? 0) + 1
    }
    // A step reaches every depth at whose parents it arrived, if there was a child to be tested.
    for (const {place, tests} of verification.verdicts) {
      if (tests.length === 0) continue
      const row = this.depthRow(depthBelow(tree, place))
      row.reached++
      row.tested += tests.length
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
    const startedCount = this.perRun.filter((run) => run.committed > 0).length
    const errorOf = (of: 'accepted' | 'committed') =>
      ratioStandardError(
        this.perRun.map((run) => run[of]),
        this.perRun.map(({steps}) => steps)
      )
    return {
      ...{steps: perStep.length, perStep, targetCalls, draftCalls},
      acceptedMean: meanOf(accepted),
      acceptedStandardError: errorOf('accepted'),
      committedMean: meanOf(committed),
      committedStandardError: errorOf('committed'),
      estimatedMean: meanOf(perStep.map(({estimated}) => estimated)),
      byDepth: this.byDepth.map((row, i) => ({depth: i + 1, ...row})),
      statusCounts: this.statusCounts,
      // The prompt's own run gives the first token of a run either way.
      targetCallsSaved: committedCount - startedCount - targetCalls,
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
