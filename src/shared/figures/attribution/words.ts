import {
  type AttributeResult,
  type AttributionMethod,
  type AttributionRow,
  type AttributionTarget,
  isBlindToTarget,
  looksAtAttention,
  replacesTokens,
} from '../../lenses/attribute.ts'
import type {AttributionScores} from '../../lenses/attribution-picture.ts'
import {formatCount, formatFixed, formatMany, formatProb} from '../number-format.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {type CaptionPart, guardOf} from '../tokens/caption.ts'
import {neutralLevel, valuesOfRow} from './value-rows.ts'

/** What a method is called. */
export const METHOD_NAMES: Readonly<Record<AttributionMethod, string>> = {
  reagent: 'ReAGent',
  'occlusion-mask': 'Occlusion, mask',
  'occlusion-delete': 'Occlusion, delete',
  'occlusion-replace': 'Occlusion, replace',
  'attention-rollout': 'Attention rollout',
  'last-attention': 'Last-layer attention',
  shapley: 'Shapley',
  random: 'Random',
}

/** The same over a narrow column. */
export const SHORT_NAMES: Readonly<Record<AttributionMethod, string>> = {
  reagent: 'ReAGent',
  'occlusion-mask': 'Mask',
  'occlusion-delete': 'Delete',
  'occlusion-replace': 'Replace',
  'attention-rollout': 'Rollout',
  'last-attention': 'Last layer',
  shapley: 'Shapley',
  random: 'Random',
}

/** What its values are, with their unit. */
export function quantityOf(method: AttributionMethod, scores: AttributionScores): string {
  switch (method) {
    case 'reagent':
      return scores === 'released' ? 'released s, sums to 1' : 'nats per step'
    case 'occlusion-mask':
    case 'occlusion-delete':
    case 'occlusion-replace':
      return 'probability lost'
    case 'shapley':
      return 'probability gained'
    case 'attention-rollout':
    case 'last-attention':
      return 'attention weight'
    case 'random':
      return 'random numbers'
  }
}

/** The same in a word or two, for columns that stand close. */
export function shortQuantityOf(method: AttributionMethod, scores: AttributionScores): string {
  switch (method) {
    case 'reagent':
      return scores === 'released' ? 'released s' : 'nats/step'
    case 'occlusion-mask':
    case 'occlusion-delete':
    case 'occlusion-replace':
      return 'p lost'
    case 'shapley':
      return 'p gained'
    case 'attention-rollout':
    case 'last-attention':
      return 'weight'
    case 'random':
      return 'numbers'
  }
}

type Named = Pick<AttributeResult, 'tokens'>

/** A target's words: its tokens, where they are, and their probability. */
export function targetParts(
  {tokens}: Named,
  target: AttributionTarget,
  names: ReadonlyMap<number, string>,
  noPrompt = false
): CaptionPart[] {
  const {positions, tokenIds} = target
  const parts: CaptionPart[] = []
  if (!noPrompt) {
    parts.push({
      kind: 'token',
      text: tokenIds.map((id, i) => nameOf(tokens, positions[i]!, id, names)).join(''),
    })
  }
  const [first] = positions
  const where =
    positions.length === 1
      ? `${noPrompt ? 'position' : ' at'} ${formatCount(first!)}`
      : `${noPrompt ? 'positions' : ' at'} ${formatCount(first!)} to ${formatCount(positions.at(-1)!)}`
  parts.push({kind: 'words', text: where})
  return parts
}

function nameOf(
  tokens: Named['tokens'],
  position: number,
  id: number,
  names: ReadonlyMap<number, string>
): string {
  const token = tokens[position]
  if (token?.id === id) return plainGlyphs(token) || `#${id}`
  const known = tokens.find((one) => one.id === id)
  return (known && plainGlyphs(known)) || names.get(id) || `#${id}`
}

/** Names of tokens that may stand nowhere in the text, such as a forced target. */
export type TokenNames = ReadonlyMap<number, string>
export const NO_NAMES: TokenNames = new Map()

const MOST_NAMED = 3
/** Of the highest; lower ones are not worth a word. */
const LEAST_NAMED_SHARE = 0.2

/** One line that says what there is to see: what the target leans on, and whether another method agrees. */
export function attributionCaption(
  result: Named & Pick<AttributeResult, 'method'>,
  row: AttributionRow,
  options: {
    readonly scores: AttributionScores
    readonly beside?: {readonly method: AttributionMethod; readonly row: AttributionRow} | null
    readonly names?: TokenNames
    readonly noPrompt?: boolean
  }
): CaptionPart[] {
  const {scores, beside = null, names = NO_NAMES, noPrompt = false} = options
  const {target} = row
  const parts: CaptionPart[] = []
  const words = (text: string) => parts.push({kind: 'words', text})
  const isBlind = isBlindToTarget(result.method)
  words(isBlind ? 'Before ' : 'Why ')
  parts.push(...targetParts(result, target, names, noPrompt))
  if (target.contrastId !== null) {
    words(isBlind ? ' or ' : ' rather than ')
    if (noPrompt) words('another token')
    else parts.push({kind: 'token', text: nameOf(result.tokens, -1, target.contrastId, names)})
  }
  words(`, p ${formatProb(target.prob)}: `)
  const values = valuesOfRow(row, scores)
  const level = neutralLevel(row, scores)
  const sorted = [...values].sort((a, b) => b.value - a.value || a.position - b.position)
  const [best] = sorted
  if (!best || !(best.value > level)) {
    words(isBlind ? 'no value is above 0.' : 'no token of the context raises it.')
    return joined(parts)
  }
  const named = sorted
    .slice(0, MOST_NAMED)
    .filter(({value}) => value - level >= LEAST_NAMED_SHARE * (best.value - level))
  words(
    result.method === 'random'
      ? 'random numbers are highest at '
      : isBlind
        ? 'attention is highest on '
        : 'it leans on '
  )
  for (const [i, {position, value}] of named.entries()) {
    if (i > 0) words(i === named.length - 1 ? ' and ' : ', ')
    if (noPrompt) words(`token ${formatCount(position)}`)
    else {
      parts.push({kind: 'token', text: plainGlyphs(result.tokens[position]!) || '∅'})
      words(` at ${formatCount(position)}`)
    }
    words(` (${formatFixed(value, 3)})`)
  }
  words('.')
  if (beside) {
    const [other] = [...beside.row.values].sort(
      (a, b) => b.value - a.value || a.position - b.position
    )
    if (other) {
      const name = METHOD_NAMES[beside.method]
      words(
        other.position === best.position
          ? ` ${name} puts ${formatCount(best.position)} first too.`
          : ` ${name} puts ${formatCount(other.position)} first.`
      )
    }
  }
  return joined(parts)
}

function joined(parts: readonly CaptionPart[]): CaptionPart[] {
  const merged: CaptionPart[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (last?.kind === 'words' && part.kind === 'words') {
      merged[merged.length - 1] = {kind: 'words', text: last.text + part.text}
    } else merged.push(part)
  }
  return merged
}

type Guarded = Pick<AttributeResult, 'method' | 'settings' | 'request' | 'status'> & {
  readonly model: {readonly id: string}
}

/** What must stand beside it (definitions): sampler and seed, and what the method cannot see. */
export function attributionGuard(
  result: Guarded,
  target: AttributionTarget | undefined,
  isBrief = false
): string {
  const {method, settings, request} = result
  const sentences: string[] = []
  const isContrast = target !== undefined && target.contrastProb !== null
  if (isBlindToTarget(method)) {
    sentences.push(
      isContrast
        ? 'It never looks at A or B: the values are the same for any two tokens.'
        : 'It never looks at which token follows: the values are the same for any.'
    )
  } else if (isContrast) {
    const {prob} = target
    const contrastProb = target.contrastProb!
    sentences.push(
      `Explains p(A) / (p(A) + p(B)) = ${formatProb(prob)} / (${formatProb(prob)} + ${formatProb(contrastProb)}) = ${formatProb(prob / (prob + contrastProb))}.`
    )
  }
  if (settings.sampler) {
    const model = settings.mlm ? ` by ${settings.mlm}` : ''
    const sampler =
      settings.sampler === 'pos' ? 'pos (English, not the released tagger)' : settings.sampler
    const what = replacesTokens(method) ? 'Replaced' : 'Curves replaced'
    sentences.push(`${what}${model}, sampler ${sampler}, seed ${request.seed}.`)
  }
  if (method === 'random') sentences.push(`Random numbers of seed ${request.seed}.`)
  if (method.startsWith('occlusion')) sentences.push('Near 0: redundant copies hide each other.')
  if (looksAtAttention(method)) {
    sentences.push('Where it looked, not what mattered; test it by masking.')
  }
  if (method === 'reagent') sentences.push('Bars are not shares of the cause.')
  const own = sentences.join(' ')
  return isBrief ? own : guardOf(result, own)
}

/** How the probes stand: which have stopped, after how many steps, and that none has is said. */
export function convergenceText(
  row: Pick<AttributionRow, 'probes' | 'stepCount'>,
  settings: Pick<AttributeResult['settings'], 'stopK'>,
  isContrast = false
): string {
  const {probes, stepCount} = row
  const stopped = probes.filter(({converged}) => converged)
  const why = isContrast
    ? 'A was ahead of B with the rationale alone'
    : `the target stayed among the ${settings.stopK} likeliest with the rationale alone`
  if (stopped.length === 0) {
    return `Not converged: none of ${formatMany(probes.length, 'probe')} stopped in ${formatMany(stepCount, 'step')}. The values are the mean over all of them, and mean little.`
  }
  const steps = stopped.map((probe) => probe.stepCount).sort((a, b) => a - b)
  const after =
    steps[0] === steps.at(-1)
      ? formatCount(steps[0]!)
      : `${formatCount(steps[0]!)} to ${formatCount(steps.at(-1)!)}`
  const rest =
    stopped.length === probes.length
      ? ''
      : ` The others went on for ${formatMany(stepCount, 'step')}.`
  return `${formatCount(stopped.length)} of ${formatMany(probes.length, 'probe')} stopped after ${after} steps: ${why}.${rest}`
}

/** What the first token of the sequence holds of all attention; null of other methods. */
export function firstTokenText({
  firstTokenShare,
}: Pick<AttributionRow, 'firstTokenShare'>): string | null {
  return firstTokenShare === undefined
    ? null
    : `The first token holds ${formatFixed(100 * firstTokenShare, 0)} % of all attention.`
}

export const isReagentConverged = (row: Pick<AttributionRow, 'probes'>) =>
  row.probes.some(({converged}) => converged)
