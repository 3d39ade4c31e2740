import {rankCorrelation} from '../math/rank-correlation.ts'
import type {CriticalAgreement, CriticalResult, CriticalScore, CriticalToken} from './critical.ts'

/** One number of one token, by whichever method. */
export type MethodScore = Pick<CriticalScore, 'position' | 'method' | 'value'>

/** The highest of each estimator that gives one number a token; of equal ones the first. */
export function topTokens(scores: readonly MethodScore[]): CriticalToken[] {
  return (['contrastive', 'difference', 'base'] as const).flatMap((method): CriticalToken[] => {
    const own = scores.filter((score) => score.method === method)
    if (own.length === 0) return []
    const top = own.reduce((best, score) => (score.value > best.value ? score : best))
    return [{method, rule: 'top', position: top.position}]
  })
}

/**
 * How far completions and the contrast say the same, over the tokens that have both.
 *
 * @param scores of any methods.
 * @param critical the tokens that the rules name, the released one among them where there is one.
 */
export function agreementOf(
  scores: readonly MethodScore[],
  critical: readonly CriticalToken[]
): CriticalAgreement {
  const estimates = new Map(
    scores.flatMap(({method, position, value}) =>
      method === 'contrastive' ? [[position, value] as const] : []
    )
  )
  const shared = scores.filter(
    ({method, position}) => method === 'rollout' && estimates.has(position)
  )
  const released = critical.find(({rule}) => rule === 'released')?.position
  const top = topTokens(scores).find(({method}) => method === 'contrastive')?.position
  return {
    sameToken: released !== undefined && released === top,
    spearman: rankCorrelation(
      shared.map(({value}) => 1 - value),
      shared.map(({position}) => estimates.get(position)!)
    ),
  }
}

/**
 * One result of two runs over the same response, as a run with both methods gives: completions, and beside them the
 * contrast, whose β may have been changed since.
 */
export function withContrast(
  rollouts: CriticalResult,
  contrast: CriticalResult | null
): CriticalResult {
  if (!contrast || contrast.scores.length === 0) return rollouts
  const methods = ['rollout', 'contrastive', 'difference', 'base']
  const scores = [...rollouts.scores, ...contrast.scores].sort(
    (a, b) => a.position - b.position || methods.indexOf(a.method) - methods.indexOf(b.method)
  )
  const critical = [...rollouts.critical, ...topTokens(contrast.scores)]
  const {positive, negative, beta} = contrast.request
  const {request} = rollouts
  const known = new Set(rollouts.warnings.map(({code}) => code))
  return {
    ...rollouts,
    request: {
      ...{...request, method: 'both', beta},
      ...(positive !== undefined && {positive}),
      ...(negative !== undefined && {negative}),
    },
    warnings: [...rollouts.warnings, ...contrast.warnings.filter(({code}) => !known.has(code))],
    ...{contrast: contrast.contrast, scores, critical},
    agreement: rollouts.status === 'completed' ? agreementOf(scores, critical) : null,
  }
}
