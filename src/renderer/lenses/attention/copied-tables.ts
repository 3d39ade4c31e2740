import type {ImportanceForm} from '../../../shared/figures/attention/graph-words.ts'
import {headName, mapName} from '../../../shared/figures/attention/map-name.ts'
import {SHORT_HEAD_NAMES} from '../../../shared/figures/attention/overview-words.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import {
  type AttentionMap,
  HEAD_SCORES,
  type Importance,
} from '../../../shared/lenses/attention-maps.ts'
import {type TsvCell, tsvText} from '../../sharing/tsv-text.ts'
import {nameOfProbed} from '../../store/attention-heads.ts'
import {labelOf} from '../../store/head-labels.ts'
import {type HeadList, listedHeads} from './listed-heads.ts'

type Tokens = TokensRun['tokens']

/** One matrix's row: its exact weights, and what of them is shown. */
export interface CopiedRow {
  readonly map: AttentionMap
  readonly weights: Float32Array
  /** With the filters applied, what is hidden being 0; null where nothing is hidden. */
  readonly shown: Float32Array | null
}

/** A number as a cell: NaN and infinity by their names, since an empty cell would be taken for none. */
const numberCell = (value: number): TsvCell =>
  Number.isFinite(value) ? value : Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf'

/** What one token reads, a key a line and a matrix a column. */
export function rowTsv(rows: readonly CopiedRow[], tokens: Tokens, query: number): string {
  const columns = rows.flatMap(({map, shown}) => [
    mapName(map),
    ...(shown ? [`${mapName(map)} shown`] : []),
  ])
  const lines = tokens.map((token, key): TsvCell[] => [
    ...[query, key, token.id, plainGlyphs(token)],
    ...rows.flatMap(({weights, shown}) => [
      numberCell(weights[key]!),
      ...(shown ? [numberCell(shown[key]!)] : []),
    ]),
  ])
  return tsvText(['query', 'key', 'keyId', 'keyText', ...columns], lines)
}

const NUMBERS = [
  'entropyBits',
  'normalizedEntropy',
  'meanDistance',
  'meanDistanceWithoutSink',
] as const

/** The table of heads as it is listed, with chance and the number of positions of each score. */
export function headsTsv(list: HeadList): string {
  const {probe, labels} = list
  const probed = new Map((probe ?? []).map((head) => [headName(head), head]))
  const rows = listedHeads(list).map((head): TsvCell[] => {
    const label = labelOf(labels, head)
    const own = probed.get(headName(head))
    const named = own ? nameOfProbed(own) : null
    return [
      ...[head.layer, head.head, label?.name ?? '', label?.group ?? '', label?.isStarred ?? false],
      ...[named ? SHORT_HEAD_NAMES[named.name] : '', named?.score ?? null],
      ...NUMBERS.map((name) => head[name]),
      ...HEAD_SCORES.flatMap((name) => [head[name], head.chance[name], head.positionCounts[name]]),
    ]
  })
  const scores = HEAD_SCORES.flatMap((name) => [name, `${name}Chance`, `${name}Positions`])
  const names = ['layer', 'head', 'name', 'group', 'isStarred', 'probeName', 'probeScore']
  return tsvText([...names, ...NUMBERS, ...scores], rows)
}

/** Importances of the tokens, a column each; a token that takes no part has an empty cell. */
export function importanceTsv(
  importances: readonly {readonly form: ImportanceForm; readonly importance: Importance}[],
  tokens: Tokens
): string {
  const columns = importances.map(({form, importance: {query}}) =>
    query === null ? form : `${form} of ${query}`
  )
  const rows = tokens.map((token, at): TsvCell[] => [
    ...[at, token.id, plainGlyphs(token)],
    ...importances.map(({importance: {values}}) => {
      const value = values[at] ?? Number.NaN
      return Number.isNaN(value) ? null : value
    }),
  ])
  return tsvText(['position', 'id', 'text', ...columns], rows)
}
