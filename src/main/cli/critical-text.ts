import {formatFixed, formatMany, formatProb, NO_VALUE} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import type {CriticalResult, CriticalScore} from '../../shared/lenses/critical.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'

const NAMES = {
  rollout: 'rollouts',
  contrastive: '1 − s',
  difference: 'd, nats',
  base: '1 − p',
} as const
const METHODS = Object.keys(NAMES) as (keyof typeof NAMES)[]

const shareText = ({successCount, sampleCount, low, high}: Partial<CriticalScore>) =>
  successCount === undefined || sampleCount === undefined
    ? ''
    : `${successCount} of ${sampleCount} (${formatProb(low!)} to ${formatProb(high!)})`

/** The result as a table for a terminal, one line a response token. */
export function criticalText(result: CriticalResult, noPrompt: boolean): string {
  const {model, tokens, responseStart, promptSuccess, verdict, scores, completionCount} = result
  const methods = METHODS.filter((method) => scores.some((score) => score.method === method))
  const at = new Map(scores.map((score) => [`${score.method} ${score.position}`, score]))
  const table = formatTable(
    [
      {title: 'position', align: 'right'},
      ...(noPrompt ? [] : [{title: 'token', align: 'left'} as const]),
      ...methods.map((method) => ({title: NAMES[method], align: 'right'}) as const),
      {title: 'critical', align: 'left'},
    ],
    tokens.slice(responseStart).map((token, i) => {
      const position = responseStart + i
      const marks = result.critical.filter((one) => one.position === position)
      return [
        String(position),
        ...(noPrompt ? [] : [plainGlyphs(token) || NO_VALUE]),
        ...methods.map((method) => {
          const score = at.get(`${method} ${position}`)
          if (!score) return ''
          return method === 'rollout' ? shareText(score) : formatFixed(score.value, 3)
        }),
        marks.map(({method, rule}) => (rule === 'top' ? `top ${NAMES[method]}` : rule)).join(', '),
      ]
    })
  )
  const {agreement, counterfactual} = result
  return `${[
    `${model.id}, ${formatMany(tokens.length - responseStart, 'response token')}, the response is ${verdict === 'unchecked' ? 'not checked' : verdict}${completionCount ? `, ${formatMany(completionCount, 'completion')}` : ''}`,
    ...(promptSuccess ? [`from the prompt alone ${shareText(promptSuccess)} are right`] : []),
    table,
    ...(agreement && result.critical.some(({rule}) => rule === 'released')
      ? [
          `the estimators name ${agreement.sameToken ? 'the same token' : 'different tokens'}, rank correlation ${formatFixed(agreement.spearman, 3)}`,
        ]
      : []),
    ...(counterfactual ? [passTable(counterfactual)] : []),
  ].join('\n\n')}\n`
}

function passTable({position, passAtK}: NonNullable<CriticalResult['counterfactual']>): string {
  const table = formatTable(
    [
      {title: 'pass@', align: 'right'},
      {title: 'kept', align: 'right'},
      {title: 'forbidden', align: 'right'},
      {title: 'interval', align: 'right'},
    ],
    passAtK.map(({k, kept, forbidden, low, high}) => [
      ...[String(k), formatProb(kept), formatProb(forbidden)],
      `${formatProb(low)} to ${formatProb(high)}`,
    ])
  )
  return `with the token at ${position} kept, and forbidden\n\n${table}`
}
