import type {AttentionResult} from '../../lenses/attention.ts'
import type {AttentionPicture} from '../../lenses/attention-picture.ts'
import {formatCount, formatMany} from '../number-format.ts'
import {attentionGuardOf} from './layout.ts'
import {matrixCaptionOf} from './matrix-caption.ts'
import {filterWords, hiddenText, isFiltering, rangeText} from './matrix-legend.ts'

/** What the figure shows in words, for readers who do not see it. */
export function describeAttention(
  result: AttentionResult,
  picture: AttentionPicture,
  noPrompt = false
): string {
  const {valueNorms} = picture.tile.summary
  const caption = matrixCaptionOf({...picture, tokens: result.tokens, valueNorms}, noPrompt)
    .map(({text}) => text)
    .join('')
  const {queries, keys, filters, tile, range, map} = picture
  const window = `queries ${formatCount(queries[0])} to ${formatCount(queries[1] - 1)} down, keys ${formatCount(keys[0])} to ${formatCount(keys[1] - 1)} across`
  const filtered = isFiltering(filters)
    ? ` ${filterWords(filters).join(', ')}: ${hiddenText(tile.summary)}.`
    : ''
  return `Attention of ${result.model.id} over ${formatMany(result.tokens.length, 'token')}: ${window}, colours ${rangeText(range, map, tile)}. ${caption}${filtered} ${attentionGuardOf(result)}`
}
