import type {CriticalResult, CriticalScoreMethod} from './critical.ts'

/** The position that a rule names; null where it names none. */
export function namedPosition(
  {critical}: Pick<CriticalResult, 'critical'>,
  rule: 'released' | 'ours'
): number | null {
  return critical.find((one) => one.rule === rule)?.position ?? null
}

/** The position at which one number a token is highest. */
export function topPosition(
  {critical}: Pick<CriticalResult, 'critical'>,
  method: CriticalScoreMethod
): number | null {
  return critical.find((one) => one.rule === 'top' && one.method === method)?.position ?? null
}

export interface Share {
  readonly successCount: number
  readonly sampleCount: number
}

/** The success of the last prefix before a token that was sampled, the prompt's where there is none. */
export function successBefore(result: CriticalResult, position: number): Share | null {
  const before = result.scores.findLast(
    (score) => score.method === 'rollout' && score.position < position
  )
  return shareOf(before) ?? result.promptSuccess ?? null
}

/** The success of the prefix that a token ends. */
export function successAfter(result: CriticalResult, position: number): Share | null {
  return shareOf(
    result.scores.find((score) => score.method === 'rollout' && score.position === position)
  )
}

function shareOf(
  score:
    | {readonly successCount?: number | undefined; readonly sampleCount?: number | undefined}
    | undefined
): Share | null {
  return score?.successCount === undefined || score.sampleCount === undefined
    ? null
    : {successCount: score.successCount, sampleCount: score.sampleCount}
}
