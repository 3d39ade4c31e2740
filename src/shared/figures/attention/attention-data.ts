import type {AttentionResult} from '../../lenses/attention.ts'
import type {AttentionPicture, MatrixPicture} from '../../lenses/attention-picture.ts'
import {csvText} from '../csv-text.ts'
import {publicRequest} from '../provenance.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {blockStart} from './matrix-scale.ts'

/** The picture without its numbers: what is drawn, not what came of it. */
export function pictureChoices(picture: AttentionPicture): Record<string, unknown> {
  const {tile: _, unfiltered: __, filters, ...choices} = picture
  const {hiddenPositions, groups, ...shown} = filters
  return {
    ...choices,
    filters: {
      ...shown,
      ...(hiddenPositions ? {hiddenPositions: [...hiddenPositions]} : {}),
      ...(groups ? {groups: [...groups]} : {}),
    },
  }
}

/**
 * The result with what is drawn of it, as a file may carry it: without the model's path and wall-clock figures
 * and, with `noPrompt`, without text, ids and labels. Weights that are NaN or infinite are null.
 */
export function attentionJson(
  result: AttentionResult,
  picture: AttentionPicture,
  noPrompt: boolean
): Record<string, unknown> {
  const {timing: _, model, request, text, turns, tokens, ...rest} = result
  return {
    ...rest,
    request: publicRequest(request, model.id, noPrompt),
    model: {id: model.id, sha256: model.sha256},
    ...(noPrompt ? {} : {text, ...(turns ? {turns} : {})}),
    tokens: noPrompt
      ? tokens.map(({position, isSpecial, isInserted}) => ({position, isSpecial, isInserted}))
      : tokens,
    picture: {...pictureChoices(picture), ...tileJson(picture)},
  }
}

function tileJson({tile}: MatrixPicture) {
  const {rowCount, columnCount, values, summary} = tile
  const rows = Array.from({length: rowCount}, (_, row) =>
    Array.from(values.subarray(row * columnCount, (row + 1) * columnCount), (value) =>
      Number.isFinite(value) ? value : null
    )
  )
  return {rowCount, columnCount, summary, weights: rows}
}

/**
 * One row a weight that is not 0: from query `queryStart` up to `queryEnd`, which is not among them, and keys
 * likewise; where a cell stands for several weights it is the largest.
 */
export function attentionCsv(
  {tokens}: AttentionResult,
  picture: AttentionPicture,
  noPrompt: boolean
): string {
  const {queries, keys, tile} = picture
  const {rowCount, columnCount, values} = tile
  const nameOf = (position: number) => {
    const token = tokens[position]
    return token ? plainGlyphs(token) : ''
  }
  const columns = ['queryStart', 'queryEnd', 'keyStart', 'keyEnd', 'weight']
  if (!noPrompt) columns.push('query', 'key')
  const rows: (string | number)[][] = []
  for (let row = 0; row < rowCount; row++) {
    const queryStart = blockStart(queries, rowCount, row)
    const queryEnd = blockStart(queries, rowCount, row + 1)
    for (let column = 0; column < columnCount; column++) {
      const weight = values[row * columnCount + column]!
      if (weight === 0) continue
      const keyStart = blockStart(keys, columnCount, column)
      const cells = [
        queryStart,
        queryEnd,
        keyStart,
        blockStart(keys, columnCount, column + 1),
        weight,
      ]
      rows.push(noPrompt ? cells : [...cells, nameOf(queryStart), nameOf(keyStart)])
    }
  }
  return csvText(columns, rows)
}
