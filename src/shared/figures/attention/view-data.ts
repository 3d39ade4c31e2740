import type {AttentionResult} from '../../lenses/attention.ts'
import type {AttentionFilters} from '../../lenses/attention-maps.ts'
import type {AttentionViewPicture, LinesPicture} from '../../lenses/attention-view-pictures.ts'
import {csvText} from '../csv-text.ts'
import {publicRequest} from '../provenance.ts'
import {plainGlyphs} from '../token-glyphs.ts'
import {pictureChoices} from './attention-data.ts'
import {formOf} from './graph-words.ts'
import {mapName} from './map-name.ts'
import {blockStart} from './matrix-scale.ts'
import {fatesOf} from './pruning-part.tsx'

const finite = (value: number) => (Number.isFinite(value) ? value : null)

function filterChoices({hiddenPositions, groups, ...shown}: AttentionFilters) {
  return {
    ...shown,
    ...(hiddenPositions ? {hiddenPositions: [...hiddenPositions]} : {}),
    ...(groups ? {groups: [...groups]} : {}),
  }
}

/** The picture without its numbers: what is drawn, not what came of it. */
export function viewChoices(picture: AttentionViewPicture): Record<string, unknown> {
  switch (picture.view) {
    case 'lines': {
      const {sources, filters, row: _, ...choices} = picture
      return {
        ...choices,
        maps: sources.map(({map}) => map),
        filters: filterChoices(filters),
        query: picture.row?.query ?? null,
      }
    }
    case 'overview': {
      const {thumbnails: _, names: __, filters, ...choices} = picture
      return {...choices, filters: filterChoices(filters)}
    }
    case 'two-heads': {
      const {view, a, b, difference} = picture
      const [first, second, third] = [a, b, difference].map(pictureChoices)
      return {view, a: first, b: second, difference: third}
    }
    case 'pruning': {
      const {view, keepCount, variant, selected, pins} = picture
      return {view, keepCount, variant, selected, pins}
    }
    case 'importance': {
      const {view, importances, selected} = picture
      const asked = importances.map(({method, variant, query}) => ({method, variant, query}))
      return {view, importances: asked, selected}
    }
  }
}

/** What came of it, as a file may carry it; what is NaN or infinite is null. */
function viewNumbers(picture: AttentionViewPicture, noPrompt: boolean): Record<string, unknown> {
  switch (picture.view) {
    case 'lines':
      return {
        sources: picture.sources.map(({map, edges}) => ({
          map,
          summary: edges.summary,
          omittedCount: edges.omittedCount,
          omittedWeight: edges.omittedWeight,
          edges: Array.from(edges.query, (query, at) => ({
            query,
            key: edges.key[at]!,
            weight: finite(edges.weight[at]!),
          })),
        })),
        row: picture.row,
      }
    case 'overview':
      return {
        names: picture.names,
        thumbnails: picture.thumbnails.map(({values, ...thumbnail}) => ({
          ...thumbnail,
          values: Array.from(values, finite),
        })),
      }
    case 'two-heads':
      return {
        weights: [picture.a, picture.b, picture.difference].map(({map, tile}) => ({
          map,
          summary: tile.summary,
          rowCount: tile.rowCount,
          columnCount: tile.columnCount,
          values: Array.from(tile.values, finite),
        })),
      }
    case 'pruning': {
      const {kept, droppedByImportance, droppedBySimilarity, outcome} = picture
      const rows = outcome?.rows.map(({id, name, ...row}) => (noPrompt ? row : {id, name, ...row}))
      return {
        kept: [...kept],
        droppedByImportance: [...droppedByImportance],
        droppedBySimilarity: [...droppedBySimilarity],
        outcome: outcome && {...outcome, rows},
      }
    }
    case 'importance':
      return {
        importances: picture.importances.map(({values, ...importance}) => ({
          ...importance,
          values: Array.from(values, finite),
        })),
      }
  }
}

/**
 * The result with what is drawn of it: without the model's path and wall-clock figures and, with `noPrompt`,
 * without text, ids and labels.
 */
export function viewJson(
  result: AttentionResult,
  picture: AttentionViewPicture,
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
    picture: {...viewChoices(picture), ...viewNumbers(picture, noPrompt)},
  }
}

type Cell = string | number | null

/** A picture as a table: an edge, a cell or a token a row. */
export function viewTable(
  result: AttentionResult,
  picture: AttentionViewPicture,
  noPrompt: boolean
): {readonly columns: readonly string[]; readonly rows: readonly (readonly Cell[])[]} {
  const {tokens} = result
  const nameOf = (position: number) => {
    const token = tokens[position]
    return token ? plainGlyphs(token) : ''
  }
  switch (picture.view) {
    case 'lines':
      return edgeTable(picture, noPrompt ? null : nameOf)
    case 'overview': {
      const count = tokens.length
      const rows = picture.thumbnails.flatMap(({layer, head, size, values}) =>
        Array.from(values, (value, at): Cell[] | null =>
          value === 0
            ? null
            : [
                ...[layer, head, blockStart([0, count], size, Math.floor(at / size))],
                ...[blockStart([0, count], size, at % size), finite(value)],
              ]
        ).filter((row) => row !== null)
      )
      return {columns: ['layer', 'head', 'queryStart', 'keyStart', 'largestWeight'], rows}
    }
    case 'two-heads': {
      const {a, b, difference} = picture
      const {queries, keys, tile} = a
      const {rowCount, columnCount} = tile
      const rows = Array.from(tile.values, (weight, at): Cell[] | null => {
        const other = b.tile.values[at]!
        if (weight === 0 && other === 0) return null
        return [
          blockStart(queries, rowCount, Math.floor(at / columnCount)),
          blockStart(keys, columnCount, at % columnCount),
          ...[weight, other, difference.tile.values[at]!].map(finite),
        ]
      }).filter((row) => row !== null)
      const names = [a, b, difference].map(({map}) => mapName(map))
      return {columns: ['queryStart', 'keyStart', ...names], rows}
    }
    case 'pruning': {
      const fates = fatesOf(picture)
      const rows = tokens.map(({position, id}): Cell[] => [
        position,
        ...(noPrompt ? [] : [id, nameOf(position)]),
        fates.get(position) ?? 'kept',
      ])
      return {columns: ['position', ...(noPrompt ? [] : ['id', 'text']), 'fate'], rows}
    }
    case 'importance': {
      const {importances} = picture
      const hollow = new Set(importances[0]!.hollowPositions)
      const rows = tokens.map(({position, id}): Cell[] => [
        position,
        ...(noPrompt ? [] : [id, nameOf(position)]),
        ...importances.map(({values}) => finite(values[position]!)),
        hollow.has(position) ? 1 : 0,
      ])
      const names = importances.map(formOf)
      const columns = ['position', ...(noPrompt ? [] : ['id', 'text']), ...names, 'isHollow']
      return {columns, rows}
    }
  }
}

function edgeTable({sources}: LinesPicture, nameOf: ((position: number) => string) | null) {
  const rows = sources.flatMap(({map, edges}) =>
    Array.from(edges.query, (query, at): Cell[] => {
      const key = edges.key[at]!
      return [
        ...[mapName(map), query, key, finite(edges.weight[at]!)],
        ...(nameOf ? [nameOf(query), nameOf(key)] : []),
      ]
    })
  )
  const names = nameOf ? ['queryText', 'keyText'] : []
  return {columns: ['of', 'query', 'key', 'weight', ...names], rows}
}

/** The table as CSV; what is NaN or infinite is empty. */
export function viewCsv(
  result: AttentionResult,
  picture: AttentionViewPicture,
  noPrompt: boolean
): string {
  const {columns, rows} = viewTable(result, picture, noPrompt)
  return csvText(
    columns,
    rows.map((row) => row.map((cell) => cell ?? ''))
  )
}
