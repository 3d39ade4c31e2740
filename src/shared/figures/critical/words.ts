import type {CriticalResult} from '../../lenses/critical.ts'
import {LEAST_COUNT_OF_OURS} from '../../math/critical/critical-rules.ts'
import {formatCount, formatMany, formatProb, formatSetting} from '../number-format.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {type CaptionPart, guardOf} from '../tokens/caption.ts'
import {
  namedPosition,
  type Share,
  shareText,
  successAfter,
  successBefore,
  topPosition,
} from './named-tokens.ts'
import {METHOD_LABELS} from './response-layout.ts'

const words = (text: string): CaptionPart => ({kind: 'words', text})

/** “60 to 0 of 64”, where both have as many. */
function fallText(before: Share, after: Share): string {
  return before.sampleCount === after.sampleCount
    ? `${formatCount(before.successCount)} to ${shareText(after)}`
    : `${shareText(before)} to ${shareText(after)}`
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
      ? [words(`Success falls from ${fallText(before, after)} at `)]
      : [words('The critical token is ')]),
    ...named(at),
    ...rulesParts(released, ours, result.request.rollouts < LEAST_COUNT_OF_OURS, named),
    ...counterfactualParts(result),
    ...contrast,
  ]
}

function rulesParts(
  released: number | null,
  ours: number | null,
  isTooFew: boolean,
  named: (position: number) => CaptionPart[]
): CaptionPart[] {
  if (released === ours) return [words(', by both rules. ')]
  if (released === null) return [words(', by our rule alone. ')]
  if (ours === null && isTooFew) {
    return [words(`, by the released rule; ours needs ${LEAST_COUNT_OF_OURS} completions. `)]
  }
  if (ours === null) return [words(', by the released rule; ours finds no sure drop. ')]
  return [words(', by the released rule; ours names '), ...named(ours), words('. ')]
}

function counterfactualParts({counterfactual}: CriticalResult): CaptionPart[] {
  const [first] = counterfactual?.passAtK ?? []
  if (!first) return []
  return [
    words(
      `Forbidden, ${formatProb(first.forbidden)} come right (${formatProb(first.low)} to ${formatProb(first.high)}). `
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

/** The one line that keeps the reader of the page honest; an exported figure has `criticalGuard`. */
export function criticalGuardLine({contrast, status}: CriticalResult): string {
  if (status !== 'completed') return 'The run is not finished: this is a part of it.'
  if (!contrast) return 'Success counts completions of a prefix; intervals are 95 %, Wilson.'
  if (contrast.isFineTuned) return FREE_CHOICES
  return `Not the paper’s estimator: ${contrast.positive.id} and ${contrast.negative.id} were not trained on right and on wrong responses.`
}

const FREE_CHOICES =
  '1 − s alone flags every free choice: it counts where d > 0 too, and where it exceeds 1 − p.'

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
  if (contrast?.isFineTuned) sentences.push(FREE_CHOICES)
  if (contrast && !contrast.isFineTuned) {
    sentences.push(
      `${contrast.positive.id} and ${contrast.negative.id} were not trained on right and on wrong responses: not the paper’s estimator.`
    )
  }
  return guardOf(result, sentences.join(' ') || 'Nothing was sampled.')
}
