import type {TokensResult} from '../../lenses/tokens.ts'
import {formatBits, formatCount, formatProb, formatRank} from '../number-format.ts'
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

/** One line that says what there is to see in this result. */
export function captionOf(result: CaptionInput, noPrompt = false): CaptionPart[] {
  const parts: CaptionPart[] = []
  const words = (text: string) => parts.push({kind: 'words', text})
  const token = (source: {bytesHex: string; isSpecial: boolean}) =>
    parts.push({kind: 'token', text: plainGlyphs(source) || '∅'})
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
    words(
      `${formatCount(result.tokens.length)} ${result.tokens.length === 1 ? 'token' : 'tokens'}.`
    )
  }
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

/** Sentences that keep the reader honest; they always stand beside the picture. */
export function guardOf(result: {model: {id: string}; status: TokensResult['status']}): string {
  const sentences = ['Tracks are at temperature 1, whatever the sampling controls say.']
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
  noPrompt = false
): string {
  const caption = captionOf(result, noPrompt)
    .map((part) => part.text)
    .join('')
  return `${formatCount(result.tokens.length)} tokens of ${result.model.id}. ${caption} Next tokens: ${distributionText(result)}. ${guardOf(result)}`
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
