import type {Importance} from '../../lenses/attention-statistics.ts'
import {formatFixed} from '../number-format.ts'
import {niceCeiling} from '../scale.ts'
import {type GlyphSource, plainGlyphs} from '../token-glyphs.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import {bestPositions, FORM_WORDS, formOf} from './graph-words.ts'
import {formatPercent} from './matrix-legend.ts'

/** Above this share the first token says more about position than about meaning. */
const MUCH = 0.5

/** `position-corrected PageRank (ours)`, `attention rollout of query 12`. */
export function importanceName(importance: Importance): string {
  const {title, note} = FORM_WORDS[formOf(importance)]
  const of = importance.query === null ? '' : `of query ${importance.query}`
  return [title, note, of].filter((part) => part !== '').join(' ')
}

/** The end of the scale: a round number that the largest value which rests on enough rows does not pass. */
export function importanceMaximum({values, variant, hollowPositions}: Importance): number {
  const hollow = new Set(hollowPositions)
  let most = variant === 'position-corrected' ? 1 : 0
  for (const [at, value] of values.entries()) {
    if (value > most && Number.isFinite(value) && !hollow.has(at)) most = value
  }
  return niceCeiling(most)
}

/** A value with as many digits as tell it from nothing. */
export function formatImportance(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return formatFixed(value, value === 0 || value >= 0.095 ? 2 : 3)
}

/** Which tokens receive most, in one line. */
export function importanceCaptionOf(
  [importance]: readonly Importance[],
  tokens: readonly GlyphSource[],
  noPrompt: boolean
): CaptionPart[] {
  if (!importance) return []
  const best = bestPositions(importance, 2)
  const parts: CaptionPart[] = [{kind: 'words', text: `By ${importanceName(importance)}, `}]
  for (const [i, position] of best.entries()) {
    if (i > 0) parts.push({kind: 'words', text: ' and '})
    const name = noPrompt ? '' : plainGlyphs(tokens[position]!) || '∅'
    if (name !== '') parts.push({kind: 'token', text: name})
    parts.push({kind: 'words', text: noPrompt ? `token ${position}` : ` at ${position}`})
  }
  parts.push({kind: 'words', text: best.length === 1 ? ' receives most.' : ' receive most.'})
  return parts
}

/** What the tint is, what else was left out, and what to beware of. */
export function importanceLegendWords(importances: readonly Importance[]): string[] {
  const [main] = importances
  if (!main) return []
  const words = [`colour: ${importanceName(main)}, range of its own`]
  if (main.variant === 'position-corrected') words.push('1 is what position alone gives')
  for (const importance of importances) {
    if (importance.firstTokenShare <= MUCH) continue
    const share = formatPercent(importance.firstTokenShare)
    words.push(`${importanceName(importance)}: first token holds ${share}, dominated by position`)
  }
  return words
}
