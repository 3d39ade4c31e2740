import type {CriticalResult, CriticalScoreMethod} from '../../lenses/critical.ts'
import {formatCount, formatMany, formatProb, formatSetting} from '../number-format.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {type CaptionPart, guardOf} from '../tokens/caption.ts'
import {METHOD_LABELS} from './response-layout.ts'

const words = (text: string): CaptionPart => ({kind: 'words', text})

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

/** “48 of 64”. */
export function shareText({successCount, sampleCount}: Share): string {
  return `${formatCount(successCount)} of ${formatCount(sampleCount)}`
}

/** What the result says, in a sentence or three. */
export function criticalCaption(result: CriticalResult, noPrompt = false): CaptionPart[] {
  const {verdict, isRecoverable, promptSuccess, status, scores} = result
  const named = (position: number): CaptionPart[] => [
    ...(noPrompt
      ? [words('position')]
      : [
          {kind: 'token', text: plainGlyphs(result.tokens[position]!) || '∅'} as const,
          words(' at'),
        ]),
    words(` ${formatCount(position)}`),
  ]
  const contrast = contrastParts(result, named)
  if (verdict === 'right') {
    return [words('The response is right, so no token of it is critical. '), ...contrast]
  }
  if (isRecoverable === false && promptSuccess) {
    return [
      words(
        `Not recoverable from the start: ${shareText(promptSuccess)} completions of the prompt alone are right. `
      ),
      ...contrast,
    ]
  }
  const released = namedPosition(result, 'released')
  const ours = namedPosition(result, 'ours')
  const at = released ?? ours
  if (at === null) {
    const isSampled = scores.some(({method}) => method === 'rollout')
    if (isSampled && status === 'completed') {
      return [words('No prefix loses all success, so no token is critical. '), ...contrast]
    }
    return contrast.length > 0 ? contrast : [words('Nothing has been sampled yet.')]
  }
  const [before, after] = [successBefore(result, at), successAfter(result, at)]
  return [
    ...(before && after
      ? [words(`Success falls from ${shareText(before)} to ${shareText(after)} at `)]
      : [words('The critical token is ')]),
    ...named(at),
    ...rulesParts(released, ours, named),
    ...counterfactualParts(result),
    ...contrast,
  ]
}

function rulesParts(
  released: number | null,
  ours: number | null,
  named: (position: number) => CaptionPart[]
): CaptionPart[] {
  if (released === ours) return [words('; both rules name it. ')]
  if (released === null) return [words(', by our rule alone. ')]
  if (ours === null) return [words(', by the released rule; ours finds no drop that is sure. ')]
  return [words(', by the released rule; ours names '), ...named(ours), words('. ')]
}

function counterfactualParts({counterfactual}: CriticalResult): CaptionPart[] {
  const [first] = counterfactual?.passAtK ?? []
  if (!first) return []
  return [
    words(
      `Forbid it, and ${formatProb(first.forbidden)} of new completions are right (${formatProb(first.low)} to ${formatProb(first.high)}). `
    ),
  ]
}

function contrastParts(
  result: CriticalResult,
  named: (position: number) => CaptionPart[]
): CaptionPart[] {
  const methods = ['contrastive', 'difference', 'base'] as const
  const tops = methods.flatMap((method) => {
    const position = topPosition(result, method)
    return position === null ? [] : [{method, position}]
  })
  const positions = [...new Set(tops.map(({position}) => position))]
  if (positions.length === 0) return []
  return positions.flatMap((position, i) => {
    const own = tops
      .filter((top) => top.position === position)
      .map((top) => METHOD_LABELS[top.method])
    const list = own.length > 1 ? `${own.slice(0, -1).join(', ')} and ${own.at(-1)}` : own[0]!
    const verb = own.length > 1 ? 'are highest at ' : 'is highest at '
    const lead = i === 0 ? `${list} ${verb}` : `, ${list} at `
    return [words(lead), ...named(position), ...(i === positions.length - 1 ? [words('.')] : [])]
  })
}

/** How it was made, and what it is not. */
export function criticalGuard(result: CriticalResult): string {
  const {request, contrast} = result
  const sentences: string[] = []
  if (result.promptSuccess) {
    const {rollouts, temperature, topP, mode} = request
    sentences.push(
      `${formatMany(rollouts, 'completion')} a prefix at temperature ${formatSetting(temperature)}, top-p ${formatSetting(topP)}${mode === 'adaptive' ? ', where it is decided' : ', every prefix'}; intervals are 95 %, Wilson.`
    )
  }
  if (contrast && !contrast.isFineTuned) {
    sentences.push(
      `${contrast.positive.id} and ${contrast.negative.id} were not trained on right and on wrong responses: not the paper’s estimator.`
    )
  }
  return guardOf(result, sentences.join(' ') || 'Nothing was sampled.')
}
