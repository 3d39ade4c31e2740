import type {AttributeRequest, AttributeResult, AttributionRow} from '../../lenses/attribute.ts'
import type {AttributionPicture} from '../../lenses/attribution-picture.ts'
import {csvText} from '../csv-text.ts'
import {formatMany} from '../number-format.ts'
import {type FigureProvenance, publicRequest, publicUnit} from '../provenance.ts'
import type {CommonFigureOptions} from '../request.ts'
import {rowsOfResult} from './value-rows.ts'
import {attributionCaption, attributionGuard, convergenceText, METHOD_NAMES} from './words.ts'

/** What is drawn, without numbers: which view, which scores, by which unit, beside what. */
export function attributionChoices(
  picture: AttributionPicture,
  noPrompt: boolean
): Record<string, unknown> {
  if (picture.view === 'heat-map') return picture
  const {unit, beside, ...choices} = picture
  return {
    ...choices,
    unit: publicUnit(unit, noPrompt),
    beside: beside.map(({method}) => method),
  }
}

function withoutIds(row: AttributionRow) {
  const {tokenIds: _, contrastId: __, ...target} = row.target
  return {...row, target}
}

/**
 * The result with what is drawn of it, as a file may carry it: without the model's path and wall-clock figures
 * and, with `noPrompt`, without text, ids and labels.
 */
export function attributionJson(
  result: AttributeResult,
  picture: AttributionPicture,
  noPrompt: boolean
): Record<string, unknown> {
  const {timing: _, model, request, text, turns, tokens, target, rows, ...rest} = result
  const kept = noPrompt
    ? {
        ...(target && {target: withoutIds({target} as AttributionRow).target}),
        ...(rows && {rows: rows.map(withoutIds)}),
      }
    : {...(target && {target}), ...(rows && {rows})}
  const {targetToken, contrast, ...asked} = publicRequest(request, model.id, noPrompt)
  return {
    ...rest,
    ...kept,
    request: noPrompt ? asked : {...asked, targetToken, contrast},
    model: {id: model.id, sha256: model.sha256},
    ...(noPrompt ? {} : {text, ...(turns ? {turns} : {})}),
    tokens: noPrompt
      ? tokens.map(({position, isSpecial, isInserted}) => ({position, isSpecial, isInserted}))
      : tokens,
    picture: attributionChoices(picture, noPrompt),
    ...(picture.view === 'bars' && picture.beside.length > 0
      ? {
          beside: picture.beside.map(({method, row}) => ({
            method,
            ...(noPrompt ? withoutIds(row) : row),
          })),
        }
      : {}),
  }
}

/** One line a context token, target and method, as CSV. */
export function attributionCsv(
  result: AttributeResult,
  picture: AttributionPicture | null,
  noPrompt: boolean
): string {
  const {columns, cells} = attributionRows(result, picture, noPrompt)
  return csvText(columns, cells)
}

/** One row a context token, target and method; without labels where the prompt is left out. */
export function attributionRows(
  result: AttributeResult,
  picture: AttributionPicture | null,
  noPrompt: boolean
): {columns: string[]; cells: (string | number)[][]} {
  const columns = [
    ...['method', 'targetPosition', 'position', 'value', 'low', 'high', 'released', 'isRationale'],
    ...(noPrompt ? [] : ['id', 'bytesHex']),
  ]
  const own = rowsOfResult(result).map((row) => ({method: result.method, row}))
  const beside = picture?.view === 'bars' ? picture.beside : []
  const cells = [...own, ...beside].flatMap(({method, row}) => {
    const released = new Map((row.released ?? []).map(({position, value}) => [position, value]))
    const kept = new Set(row.rationale)
    return row.values.map(({position, value, low, high}) => {
      const token = result.tokens[position]
      return [
        ...[method, row.target.positions[0]!, position, value],
        ...[low ?? '', high ?? '', released.get(position) ?? '', kept.has(position) ? 1 : 0],
        ...(noPrompt ? [] : [token?.id ?? '', token?.bytesHex ?? '']),
      ]
    })
  })
  return {columns, cells}
}

/** How a figure of an attribution was made. */
export interface AttributionProvenance extends FigureProvenance {
  readonly request: Partial<AttributeRequest>
  readonly settings: AttributeResult['settings']
  readonly tokenizer: {readonly id: string; readonly sha256: string}
  readonly promptIds?: readonly number[]
  readonly completionIds?: readonly number[]
  readonly promptTokenCount: number
  readonly status: AttributeResult['status']
  readonly versions: AttributeResult['versions']
  /** What is drawn, without its numbers. */
  readonly picture: unknown
  readonly options: CommonFigureOptions
}

/** What is written into a file about how its content was made; it never names a path of the machine. */
export function attributionProvenanceOf(
  result: AttributeResult,
  picture: unknown,
  options: CommonFigureOptions
): AttributionProvenance {
  const {noPrompt} = options
  const {tokens, promptTokenCount, model, tokenizer, schema, settings, status, versions} = result
  const ids = tokens.map(({id}) => id)
  const {targetToken, contrast, ...asked} = publicRequest(result.request, model.id, noPrompt)
  return {
    ...{schema, figure: 'attribute', settings, promptTokenCount, status, versions},
    request: noPrompt ? asked : {...asked, targetToken, contrast},
    model: {id: model.id, sha256: model.sha256},
    tokenizer: {id: tokenizer.id, sha256: tokenizer.sha256},
    ...(noPrompt
      ? {}
      : {promptIds: ids.slice(0, promptTokenCount), completionIds: ids.slice(promptTokenCount)}),
    ...{picture, options},
  }
}

/** What the figure shows in words, for readers who do not see it. */
export function describeAttribution(
  result: AttributeResult,
  picture: AttributionPicture,
  noPrompt = false
): string {
  const rows = rowsOfResult(result)
  const lead = `Attribution of ${result.model.id} by ${METHOD_NAMES[result.method]}`
  if (picture.view === 'heat-map') {
    return `${lead}: ${formatMany(rows.length, 'target')} down, their contexts across. ${attributionGuard(result, undefined)}`
  }
  const row = rows[picture.row]
  if (!row) return `${lead}: cancelled before anything came.`
  const {scores, beside} = picture
  const caption = attributionCaption(result, row, {scores, noPrompt, beside: beside[0] ?? null})
    .map(({text}) => text)
    .join('')
  const probes =
    result.method === 'reagent'
      ? ` ${convergenceText(row, result.settings, row.target.contrastId !== null)}`
      : ''
  return `${lead} over ${formatMany(row.values.length, 'token')}. ${caption}${probes} ${attributionGuard(result, row.target)}`
}
