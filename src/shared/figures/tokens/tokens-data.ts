import type {ScoredToken, TokensResult} from '../../lenses/tokens.ts'
import {publicRequest} from '../provenance.ts'

/**
 * The result as a file may carry it: without the model's path and wall-clock figures and, with
 * `noPrompt`, without text, ids and labels.
 */
export function tokensJson(result: TokensResult, noPrompt: boolean): Record<string, unknown> {
  const {timing: _timing, model, request, ...rest} = result
  const common = {
    schema: rest.schema,
    request: publicRequest(request, model.id, noPrompt),
    model: {id: model.id, sha256: model.sha256},
    tokenizer: rest.tokenizer,
    versions: rest.versions,
    warnings: rest.warnings,
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
  }
}

type Cell = string | number | boolean | null | undefined
type Row = Record<string, Cell>

const STATISTIC_COLUMNS = [
  'logprob',
  'surprisalBits',
  'entropyBits',
  'rank',
  'maxLogprob',
  'topPMass',
  'endProb',
] as const satisfies readonly (keyof ScoredToken)[]
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
  ...STATISTIC_COLUMNS,
  'prob',
  'rawProb',
  'logit',
] as const
/** Columns that say what was typed. */
const PROMPT_COLUMNS: readonly string[] = ['id', 'bytesHex', 'text']

/**
 * The result as one rectangular table. `record` says what a row is: `token`, `next` (a candidate
 * after `position`), `rest` (all other candidates together) or `tracked` (a token after `position`).
 * Lines end with CRLF and quotes are doubled (RFC 4180); a value that does not exist is empty.
 */
export function tokensCsv(result: TokensResult, noPrompt: boolean): string {
  const columns = COLUMNS.filter((column) => !noPrompt || !PROMPT_COLUMNS.includes(column))
  const rows: Row[] = result.tokens.map((token, index) => ({
    ...token,
    record: 'token',
    isGenerated: index >= result.promptTokenCount,
  }))
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
  const lines = [columns.join(',')]
  for (const row of rows) lines.push(columns.map((column) => csvCell(row[column])).join(','))
  return `${lines.join('\r\n')}\r\n`
}

function csvCell(value: Cell): string {
  if (value === null || value === undefined) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
