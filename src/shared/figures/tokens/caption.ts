import type {TokensResult} from '../../lenses/tokens.ts'
import {type ScoredUnit, scoreUnits} from '../../units/unit-scores.ts'
import {aggregationText, UNIT_NAMES, unitBytesHex} from '../../units/unit-words.ts'
import type {UnitTable} from '../../units/units.ts'
import {formatBits, formatCount, formatMany, formatProb, formatRank} from '../number-format.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {distributionText} from './next-layout.ts'

/** A piece of a caption: words, or a token's text, which is set in the tokens' typeface. */
export interface CaptionPart {
  readonly kind: 'words' | 'token'
  readonly text: string
}

/** Models that ship with the app; what they show is true of the lenses, not of large models. */
const BUILT_IN_MODELS = new Set([
  'micro-base',
  'micro-draft',
  'micro-positive',
  'micro-negative',
  'micro-mlm',
])

type CaptionInput = Pick<
  TokensResult,
  'tokens' | 'next' | 'position' | 'distribution' | 'request' | 'promptTokenCount' | 'status'
>

/** Characters of a unit that a caption quotes. */
const QUOTED_LENGTH = 48

/**
 * One line that says what there is to see in this result. With `units` (made of this result) it speaks
 * of those instead of tokens.
 */
export function captionOf(
  result: CaptionInput,
  noPrompt = false,
  units: UnitTable | null = null
): CaptionPart[] {
  const parts: CaptionPart[] = units ? unitSentence(result, units, noPrompt) : []
  const words = (text: string) => parts.push({kind: 'words', text})
  const token = (source: {bytesHex: string; isSpecial: boolean}) =>
    parts.push({kind: 'token', text: plainGlyphs(source) || '∅'})
  if (!units) addTokenSentence(result, noPrompt, words, token)
  const likeliest = result.next[0]
  if (likeliest && result.position !== null) {
    words(` Likeliest after ${formatCount(result.position)}: `)
    if (noPrompt) words('the first row, ')
    else {
      token({bytesHex: likeliest.bytesHex, isSpecial: true})
      words(', ')
    }
    words(`${formatProb(likeliest.rawProb)}.`)
  }
  return joined(parts)
}

/** The costliest unit, the mean over units, and what they come to together with the rest. */
function unitSentence(result: CaptionInput, table: UnitTable, noPrompt: boolean): CaptionPart[] {
  const {one, many} = UNIT_NAMES[table.kind]
  const parts: CaptionPart[] = []
  const words = (text: string) => parts.push({kind: 'words', text})
  const all = scoreUnits(table, result.tokens)
  const bitsOf = (unit: ScoredUnit) => unit.surprisalBits ?? 0
  const total = all.reduce((sum, unit) => sum + bitsOf(unit), 0)
  const scored = all.filter((unit) => unit.role === 'unit' && unit.surprisalBits !== null)
  if (scored.length === 0) {
    words(`No ${one} with a value; ${formatBits(total)} bits in all.`)
    return parts
  }
  const costliest = scored.reduce((a, b) => (bitsOf(b) > bitsOf(a) ? b : a))
  const sum = scored.reduce((bits, unit) => bits + bitsOf(unit), 0)
  words(`Hardest ${one} to guess: `)
  if (!noPrompt) {
    const glyphs = [...plainGlyphs({bytesHex: unitBytesHex(table, costliest), isSpecial: false})]
    const isLong = glyphs.length > QUOTED_LENGTH
    const quoted = isLong ? `${glyphs.slice(0, QUOTED_LENGTH).join('')}…` : glyphs.join('')
    parts.push({kind: 'token', text: costliest.name === null ? quoted : costliest.name})
  }
  const {firstPosition, lastPosition} = costliest
  const at = noPrompt ? 'position ' : ' at '
  const range =
    firstPosition === lastPosition
      ? formatCount(firstPosition)
      : `${formatCount(firstPosition)} to ${formatCount(lastPosition)}`
  words(`${at}${range}, ${formatBits(costliest.surprisalBits)} bits`)
  words(`; mean over ${formatCount(scored.length)} ${scored.length === 1 ? one : many}`)
  words(` ${formatBits(sum / scored.length)} bits; ${formatBits(total)} bits in all.`)
  words(
    ` Surprisal is the ${aggregationText('sum', table.kind)}, entropy the mean, rank the worst.`
  )
  return parts
}

function addTokenSentence(
  result: CaptionInput,
  noPrompt: boolean,
  words: (text: string) => void,
  token: (source: {bytesHex: string; isSpecial: boolean}) => void
): void {
  const prompt = result.tokens.slice(0, result.promptTokenCount)
  const scored = prompt.filter((entry) => entry.surprisalBits !== null)
  if (scored.length > 0) {
    const costliest = scored.reduce((a, b) => (b.surprisalBits! > a.surprisalBits! ? b : a))
    const mean = scored.reduce((sum, entry) => sum + entry.surprisalBits!, 0) / scored.length
    words('Hardest to guess: ')
    if (!noPrompt) token(costliest)
    const at = noPrompt ? 'position ' : ' at '
    const cost = `${formatBits(costliest.surprisalBits)} bits`
    words(`${at}${formatCount(costliest.position)}, ${cost}, rank ${formatRank(costliest.rank)}`)
    words(`; mean over the prompt ${formatBits(mean)} bits.`)
  } else {
    words(`${formatMany(result.tokens.length, 'token')}.`)
  }
}

/** Sentences that keep the reader honest; they always stand beside the picture. */
export function guardOf(
  result: {model: {id: string}; status: TokensResult['status']},
  own = 'Tracks are at temperature 1, whatever the sampling controls say.'
): string {
  const sentences = [own]
  if (BUILT_IN_MODELS.has(result.model.id)) {
    sentences.unshift(
      'Trained on a synthetic world: shows how the lenses work, not how large models behave.'
    )
  }
  if (result.status !== 'completed') sentences.push('The run did not finish: this is a part of it.')
  return sentences.join(' ')
}

/** What the figure shows in words, for readers who do not see it. */
export function describeFigure(
  result: CaptionInput & {model: {id: string}; status: TokensResult['status']},
  noPrompt = false,
  units: UnitTable | null = null
): string {
  const caption = captionOf(result, noPrompt, units)
    .map((part) => part.text)
    .join('')
  const shownBy = units ? ` shown by ${UNIT_NAMES[units.kind].one}` : ''
  return `${formatCount(result.tokens.length)} tokens of ${result.model.id}${shownBy}. ${caption} Next tokens: ${distributionText(result)}. ${guardOf(result)}`
}

function joined(parts: readonly CaptionPart[]): CaptionPart[] {
  const merged: CaptionPart[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (last?.kind === 'words' && part.kind === 'words') {
      merged[merged.length - 1] = {kind: 'words', text: last.text + part.text}
    } else {
      merged.push(part)
    }
  }
  return merged
}
