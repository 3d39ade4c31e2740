import type {AttentionResult} from '../../lenses/attention.ts'
import type {AttentionViewPicture, OverviewPicture} from '../../lenses/attention-view-pictures.ts'
import {formatMany} from '../number-format.ts'
import type {CaptionPart} from '../tokens/caption.ts'
import {importanceCaptionOf, importanceLegendWords} from './importance-words.ts'
import {attentionGuardOf} from './layout.ts'
import {headName, mapName} from './map-name.ts'
import {matrixCaptionOf} from './matrix-caption.ts'
import {filterWords} from './matrix-legend.ts'
import {headCountWords, overviewCaptionOf} from './overview-words.ts'
import {pruningCaptionOf, pruningLegendWords} from './pruning-words.ts'

/** What each view is called in the title of its figure. */
const TITLES: Readonly<Record<AttentionViewPicture['view'], string>> = {
  lines: 'Attention as lines',
  overview: 'All heads',
  'two-heads': 'Two heads',
  pruning: 'Tokens that stay',
  importance: 'Importance of tokens',
}

/** `All heads of micro-base`, `Attention as lines of micro-base, L3.H5`. */
export function viewTitleOf({model}: AttentionResult, picture: AttentionViewPicture): string {
  const of =
    picture.view === 'lines'
      ? `, ${picture.sources.map(({map}) => mapName(map)).join(', ')}`
      : picture.view === 'two-heads'
        ? `, ${mapName(picture.a.map)} and ${mapName(picture.b.map)}`
        : ''
  return `${TITLES[picture.view]} of ${model.id}${of}`
}

/** One line that says what there is to see. */
export function viewCaptionOf(
  result: AttentionResult,
  picture: AttentionViewPicture,
  noPrompt: boolean
): CaptionPart[] {
  switch (picture.view) {
    case 'lines': {
      const {map, edges} = picture.sources[0]!
      const {valueNorms} = edges.summary
      const parts = {
        ...{map, row: picture.row, cell: null, probeName: null, tokens: result.tokens},
        valueNorms,
      }
      return matrixCaptionOf(parts, noPrompt)
    }
    case 'overview':
      return overviewWords(result, picture)
    case 'two-heads': {
      const {a, b} = picture
      const tokens = result.tokens
      return [
        ...matrixCaptionOf({...a, cell: null, tokens}, noPrompt),
        {kind: 'words', text: ' '},
        ...matrixCaptionOf({...b, cell: null, tokens}, noPrompt),
      ]
    }
    case 'pruning':
      return pruningCaptionOf(picture)
    case 'importance':
      return importanceCaptionOf(picture.importances, result.tokens, noPrompt)
  }
}

function overviewWords({layers}: AttentionResult, picture: OverviewPicture): CaptionPart[] {
  const {selected, names, labels} = picture
  const count: CaptionPart = {
    kind: 'words',
    text: `${headCountWords(layers)}, layers down and heads across. `,
  }
  if (!selected) return [count]
  const isSelected = (one: {layer: number; head: number}) => headName(one) === headName(selected)
  const label = labels.find(isSelected)?.label ?? ''
  const named = names.find(isSelected) ?? null
  const marked: CaptionPart = {kind: 'words', text: 'Marked: '}
  return [count, marked, ...overviewCaptionOf({head: selected, statistics: null, named, label})]
}

/** What the figure shows in words, for readers who do not see it. */
export function describeView(
  result: AttentionResult,
  picture: AttentionViewPicture,
  noPrompt: boolean
): string {
  const caption = viewCaptionOf(result, picture, noPrompt)
    .map(({text}) => text)
    .join('')
  const more =
    picture.view === 'pruning'
      ? pruningLegendWords(picture)
      : picture.view === 'importance'
        ? importanceLegendWords(picture.importances)
        : filterWords((picture.view === 'two-heads' ? picture.a : picture).filters)
  const others = more.length > 0 ? ` ${more.join('; ')}.` : ''
  return `${viewTitleOf(result, picture)} over ${formatMany(result.tokens.length, 'token')}. ${caption}${others} ${attentionGuardOf(result)}`
}
