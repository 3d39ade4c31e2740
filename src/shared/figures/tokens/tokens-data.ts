import type {LogitLensRow} from '../../lenses/logit-lens.ts'
import type {TokensResult} from '../../lenses/tokens.ts'
import {
  type ScoredUnit,
  STATISTIC_AGGREGATIONS,
  STATISTIC_NAMES,
  scoreUnits,
} from '../../units/unit-scores.ts'
import {textOfUnit} from '../../units/unit-words.ts'
import {type CsvCell, csvText} from '../csv-text.ts'
import {publicRequest, publicUnit} from '../provenance.ts'
import type {FigureOptions} from '../request.ts'
import {lensRowsOf} from './lens-rows.ts'
import {pinsWithin} from './pins.ts'
import {unitTableOf} from './units.ts'

/** What of a figure's options its data show too. */
type Shown = Pick<FigureOptions, 'unit' | 'pins' | 'pairs'>

/** Every unit with its statistics, and its text unless the prompt is left out. */
function unitRows(
  result: TokensResult,
  {unit}: Shown,
  noPrompt: boolean
): readonly (ScoredUnit & {text?: string})[] {
  const table = unitTableOf(result, unit)
  if (!table) return []
  return scoreUnits(table, result.tokens).map((row, i) =>
    noPrompt ? row : {...row, text: textOfUnit(table, table.units[i]!)}
  )
}

/**
 * The result as a file may carry it: without the model's path and wall-clock figures and, with
 * `noPrompt`, without text, ids and labels.
 */
export function tokensJson(
  result: TokensResult,
  noPrompt: boolean,
  shown?: Shown
): Record<string, unknown> {
  const {timing: _timing, model, request, ...rest} = result
  const common = {
    schema: rest.schema,
    request: publicRequest(request, model.id, noPrompt),
    model: {id: model.id, sha256: model.sha256},
    tokenizer: rest.tokenizer,
    versions: rest.versions,
    warnings: rest.warnings,
    ...(shown && shown.unit.kind !== 'token'
      ? {
          unit: publicUnit(shown.unit, noPrompt),
          unitAggregations: STATISTIC_AGGREGATIONS,
          units: unitRows(result, shown, noPrompt),
        }
      : {}),
    ...(shown && shown.pins.length > 0 ? {pins: shown.pins} : {}),
    ...(shown && shown.pairs.length > 0 ? {pairs: shown.pairs} : {}),
  }
  if (!noPrompt) return {...common, ...rest}
  return {
    ...common,
    status: rest.status,
    promptTokenCount: rest.promptTokenCount,
    tokens: rest.tokens.map(({id: _id, bytesHex: _bytes, text: _text, ...token}) => token),
    position: rest.position,
    distribution: rest.distribution,
    next: rest.next.map(({prob, logprob, rawProb}) => ({prob, logprob, rawProb})),
    restProb: rest.restProb,
    rawRestProb: rest.rawRestProb,
    restCount: rest.restCount,
    keptCount: rest.keptCount,
    cutRawProb: rest.cutRawProb,
    stopReason: rest.stopReason,
    ...(rest.tracked ? {tracked: rest.tracked.map(({positions}) => ({positions}))} : {}),
    ...lensWithoutIds(rest),
  }
}

/** The logit lens without what says which tokens it is about. */
function lensWithoutIds({
  logitLens,
  logitLensInput,
}: Pick<TokensResult, 'logitLens' | 'logitLensInput'>) {
  const nameless = ({tokenId: _, ...values}: LogitLensRow['output']) => values
  const stripped = ({next, tracked, output, occurred, ...row}: LogitLensRow) => ({
    ...row,
    next: next.map(({prob, logprob, rawProb}) => ({prob, logprob, rawProb})),
    ...(tracked ? {tracked: tracked.map(nameless)} : {}),
    output: nameless(output),
    ...(occurred ? {occurred: nameless(occurred)} : {}),
  })
  return {
    ...(logitLens ? {logitLens: logitLens.map(stripped)} : {}),
    ...(logitLensInput ? {logitLensInput: stripped(logitLensInput)} : {}),
  }
}

type Row = Record<string, CsvCell>

const COLUMNS = [
  'record',
  'position',
  'id',
  'bytesHex',
  'text',
  'byteStart',
  'byteEnd',
  'isSpecial',
  'isInserted',
  'isGenerated',
  'spanClass',
  ...STATISTIC_NAMES,
  'prob',
  'rawProb',
  'logit',
] as const
/** Further columns where scores are shown by another unit than the token, and where tokens are pinned. */
const UNIT_COLUMNS = ['lastPosition', 'unit', 'role', 'name'] as const
const PIN_COLUMN = 'pin'
/** Further columns where the table after each layer is there; the layer is empty of what enters the first. */
const LENS_COLUMNS = ['layer', 'followed'] as const
/** Columns that say what was typed. */
const PROMPT_COLUMNS: readonly string[] = ['id', 'bytesHex', 'text']

/**
 * The result as one rectangular table. `record` says what a row is: `token`, `next` (a candidate
 * after `position`), `rest` (all other candidates together), `tracked` (a token after `position`) or
 * `unit` (from `position` to `lastPosition`; `role` says whether it lies outside all matches or spans).
 * After each layer `lens` is a candidate, `lens-rest` all others, `lens-followed` a token that is followed.
 * Of a unit the statistics are sums, means or the worst, as definitions have it.
 * Lines end with CRLF and quotes are doubled (RFC 4180); a value that does not exist is empty.
 */
export function tokensCsv(result: TokensResult, noPrompt: boolean, shown?: Shown): string {
  const kind = shown?.unit.kind ?? 'token'
  const pins = shown?.pins ?? []
  const columns = [
    ...COLUMNS.filter((column) => !noPrompt || !PROMPT_COLUMNS.includes(column)),
    ...(kind === 'token' ? [] : UNIT_COLUMNS),
    ...(pins.length > 0 ? [PIN_COLUMN] : []),
    ...(result.logitLens ? LENS_COLUMNS : []),
  ]
  const pinOf = new Map(pinsWithin(pins, result.tokens).map((pin) => [pin.position, pin.number]))
  const rows: Row[] = result.tokens.map((token, index) => ({
    ...token,
    record: 'token',
    isGenerated: index >= result.promptTokenCount,
    pin: pinOf.get(token.position),
  }))
  for (const unit of shown ? unitRows(result, shown, noPrompt) : []) {
    const {firstPosition: position, ...row} = unit
    rows.push({...row, record: 'unit', position, unit: kind})
  }
  for (const candidate of result.next) {
    rows.push({...candidate, record: 'next', position: result.position})
  }
  if (result.position !== null && result.restProb !== null) {
    rows.push({
      record: 'rest',
      position: result.position,
      prob: result.restProb,
      rawProb: result.rawRestProb,
    })
  }
  for (const {tokenId, bytesHex, positions} of result.tracked ?? []) {
    for (const row of positions) rows.push({...row, record: 'tracked', id: tokenId, bytesHex})
  }
  rows.push(...lensCsvRows(result))
  return csvText(
    columns,
    rows.map((row) => columns.map((column) => row[column]))
  )
}

/** Of every layer its candidates, the rest, and the tokens that are followed through the layers. */
function lensCsvRows(result: TokensResult): Row[] {
  const {position} = result
  return lensRowsOf(result).flatMap(({layer, next, restProb, tracked = [], output, occurred}) => {
    const follow = (followed: string, row: LogitLensRow['output']): Row => ({
      ...{record: 'lens-followed', position, layer, followed},
      ...{id: row.tokenId, rawProb: row.prob, rank: row.rank},
    })
    return [
      ...next.map((candidate) => ({...candidate, record: 'lens', position, layer})),
      {record: 'lens-rest', position, layer, prob: restProb},
      ...tracked.map((row) => follow('tracked', row)),
      follow('output', output),
      ...(occurred ? [follow('occurred', occurred)] : []),
    ]
  })
}
