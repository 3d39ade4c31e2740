import type {TokensResult} from '../../lenses/tokens.ts'
import {formatCount, formatProb, formatRank} from '../number-format.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {type CaptionPart, guardOf} from './caption.ts'
import {LENS_GUARD, type LensInput, lensRowsOf, lensSeriesOf} from './lens-rows.ts'
import {distributionText} from './next-layout.ts'

/** One line that says what there is to see: from which layer on the output's choice stands first. */
export function lensCaptionOf(input: LensInput, noPrompt = false): CaptionPart[] {
  const rows = lensRowsOf(input)
  const [output] = lensSeriesOf(input, noPrompt)
  if (!output || input.position === null) {
    return [{kind: 'words', text: 'No logit lens in this result.'}]
  }
  const parts: CaptionPart[] = []
  const words = (text: string) => parts.push({kind: 'words', text})
  words(`After ${formatCount(input.position)} the output’s likeliest token, `)
  if (noPrompt) words('token 1')
  else parts.push({kind: 'token', text: output.name})
  let from = rows.length - 1
  while (from > 0 && output.ranks[from - 1] === 0) from--
  const last = rows.length - 1
  if (from === last) words(`, is first only in the output, ${formatProb(output.probs[last])}`)
  else {
    const name = rows[from]!.name
    const probs = `${formatProb(output.probs[from])} there, ${formatProb(output.probs[last])} in the output`
    words(`, is first from ${name} on: ${probs}`)
  }
  const [before] = rows
  if (before && output.ranks[0] !== 0) {
    const likeliest = before.next[0]
    words(`; ${before.name === 'input' ? 'in the input' : before.name} its rank is `)
    words(formatRank(output.ranks[0]))
    if (likeliest && !noPrompt) {
      words(', behind ')
      const text = plainGlyphs({bytesHex: likeliest.bytesHex, isSpecial: true})
      parts.push({kind: 'token', text: text || `#${likeliest.id}`})
    }
  }
  words('.')
  return parts
}

/** What must stand beside a logit lens. */
export function lensGuardOf(result: Parameters<typeof guardOf>[0]): string {
  return guardOf(result, LENS_GUARD)
}

/** What the figure shows in words, for readers who do not see it. */
export function describeLens(result: TokensResult, noPrompt = false): string {
  const caption = lensCaptionOf(result, noPrompt)
    .map(({text}) => text)
    .join('')
  const rowCount = formatCount(lensRowsOf(result).length)
  return `Logit lens of ${result.model.id}, ${rowCount} rows from the input to the output. ${caption} Probabilities: ${distributionText(result)}. ${lensGuardOf(result)}`
}
