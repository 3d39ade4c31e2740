import {ratioStandardError} from '../math/ratio-error.ts'
import type {TreeResult} from './tree.ts'

/** What drafts of one strategy came to over several runs of the same prompt. */
export interface DraftSummary {
  readonly runCount: number
  readonly stepCount: number
  readonly acceptedMean: number
  /** Of the mean a step, over runs, as a run's steps are not independent of each other; null of fewer than two. */
  readonly acceptedStandardError: number | null
  readonly committedMean: number
  readonly committedStandardError: number | null
  /** What the drawn trees were to be expected to have accepted, a step. */
  readonly estimatedMean: number
  /** Nodes, by what became of them. */
  readonly drafted: number
  readonly accepted: number
  readonly rejected: number
  readonly untested: number
  /** Tests, of which a node may have had several. */
  readonly tested: number
  /** By depth: accepted, and how many steps arrived at the parent. */
  readonly byDepth: readonly {
    readonly depth: number
    readonly reached: number
    readonly accepted: number
  }[]
  readonly targetCalls: number
  readonly targetCallsSaved: number
  /** As measured on this machine; below 1 it is slower than token by token. Null where it was not. */
  readonly speedUp: number | null
}

/** Adds runs up; null without any. */
export function summarizeDrafts(
  results: readonly Pick<TreeResult, 'stats' | 'timing'>[]
): DraftSummary | null {
  const stats = results.flatMap(({stats}) => (stats ? [stats] : []))
  const steps = stats.flatMap(({perStep}) => perStep)
  if (steps.length === 0) return null
  const byDepth: {depth: number; reached: number; accepted: number}[] = []
  for (const own of stats) {
    for (const {depth, reached, accepted} of own.byDepth) {
      byDepth[depth - 1] ??= {depth, reached: 0, accepted: 0}
      byDepth[depth - 1]!.reached += reached
      byDepth[depth - 1]!.accepted += accepted
    }
  }
  const sum = (of: (step: (typeof steps)[number]) => number) =>
    steps.reduce((all, step) => all + of(step), 0)
  const speedUps = results.flatMap(({timing}) => (timing?.draft ? [timing.draft.speedUp] : []))
  const [drafted, tested, accepted] = [
    sum((step) => step.drafted),
    sum((step) => step.tested),
    sum((step) => step.accepted),
  ]
  const ofStatus = (status: string) =>
    stats.reduce((all, {statusCounts}) => all + (statusCounts[status] ?? 0), 0)
  const errorOf = (name: 'accepted' | 'committed') =>
    ratioStandardError(
      stats.map(({perStep}) => perStep.reduce((all, step) => all + step[name], 0)),
      stats.map(({perStep}) => perStep.length)
    )
  return {
    ...{runCount: stats.length, stepCount: steps.length, drafted, tested, accepted},
    rejected: ofStatus('rejected'),
    untested: ofStatus('untested'),
    acceptedMean: accepted / steps.length,
    acceptedStandardError: errorOf('accepted'),
    committedMean: sum((step) => step.committed) / steps.length,
    committedStandardError: errorOf('committed'),
    estimatedMean: sum((step) => step.estimated) / steps.length,
    byDepth,
    targetCalls: stats.reduce((all, own) => all + own.targetCalls, 0),
    targetCallsSaved: stats.reduce((all, own) => all + own.targetCallsSaved, 0),
    speedUp:
      speedUps.length === 0 ? null : speedUps.reduce((all, one) => all + one, 0) / speedUps.length,
  }
}
