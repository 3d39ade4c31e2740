import type {ChangedRow, PruningPicture} from '../../lenses/attention-view-pictures.ts'
import type {ChangedToken} from '../../lenses/changed-rows.ts'
import {formatCount, formatFixed, formatMany, formatProb} from '../number-format.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import {FORM_WORDS} from './graph-words.ts'
import {formatPercent} from './matrix-legend.ts'

/** A row with its token as it is written. */
export function namedRow({bytesHex, ...row}: ChangedToken): ChangedRow {
  return {...row, name: plainGlyphs({bytesHex, isSpecial: true}) || `#${row.id}`}
}

export type Pruning = Pick<PruningPicture, 'kept' | 'droppedByImportance' | 'droppedBySimilarity'>

const countOf = ({kept, droppedByImportance, droppedBySimilarity}: Pruning) =>
  kept.length + droppedByImportance.length + droppedBySimilarity.length

/** What was kept of how many, in one line. */
export function pruningCaptionOf(pruning: Pruning): CaptionPart[] {
  const text = `Zero-TPrune keeps ${formatCount(pruning.kept.length)} of ${formatMany(countOf(pruning), 'token')}; the model is really run without the others, whose places close up.`
  return [{kind: 'words', text}]
}

/** What each fate means and how many have it, in the order stays, alike, light. */
export function fateWords(pruning: Pruning): readonly [string, string, string] {
  const {kept, droppedByImportance, droppedBySimilarity} = pruning
  const total = countOf(pruning)
  return [
    `${formatCount(kept.length)} of ${formatMany(total, 'token')} (${formatPercent(kept.length / Math.max(1, total))}); the first and the last always`,
    `${formatCount(droppedBySimilarity.length)}, key vectors like those of one that stays`,
    `${formatCount(droppedByImportance.length)}, least important of the rest`,
  ]
}

/** By which importance, and how far apart the tables are. */
export function pruningLegendWords({variant, outcome}: PruningPicture): string[] {
  const words = [`importance: ${FORM_WORDS[variant].title} ${FORM_WORDS[variant].note}`]
  if (outcome) {
    const {klBits, totalVariation} = outcome
    words.push(
      `${formatFixed(klBits, klBits < 0.095 ? 3 : 2)} bits apart (KL, with all to without), total variation ${formatFixed(totalVariation, 2)}`
    )
  }
  return words
}

/** A probability of a table; of what neither table lists only that it is small. */
export const changedText = (prob: number | null) => (prob === null ? '<0.001' : formatProb(prob))
