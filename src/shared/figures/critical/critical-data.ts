import type {CriticalRequest, CriticalResult} from '../../lenses/critical.ts'
import type {CriticalPicture} from '../../lenses/critical-picture.ts'
import {csvText} from '../csv-text.ts'
import {type FigureProvenance, publicRequest} from '../provenance.ts'
import type {CommonFigureOptions} from '../request.ts'
import {criticalCaption, criticalGuard} from './words.ts'

/** A request as a file may carry it: without paths and, with `noPrompt`, without words of prompt, response and answer. */
function saidRequest(
  {request, model, contrast}: CriticalResult,
  noPrompt: boolean
): Partial<CriticalRequest> {
  const {response, responseIds, answer, checker, positive, negative, ...rest} = request
  const said = Object.entries({response, responseIds, answer, checker}).filter(
    ([, value]) => value !== undefined
  )
  return {
    ...publicRequest(rest, model.id, noPrompt),
    // They may have been named by where they lie.
    ...(positive !== undefined && contrast && {positive: contrast.positive.id}),
    ...(negative !== undefined && contrast && {negative: contrast.negative.id}),
    ...(noPrompt ? {} : Object.fromEntries(said)),
  }
}

const named = ({id, sha256}: {readonly id: string; readonly sha256: string}) => ({id, sha256})

function contrastFacts({contrast}: CriticalResult) {
  return (
    contrast && {
      positive: named(contrast.positive),
      negative: named(contrast.negative),
      isFineTuned: contrast.isFineTuned,
    }
  )
}

/**
 * The result with what is drawn of it, as a file may carry it: without paths and wall-clock figures and, with
 * `noPrompt`, without text, ids, labels and completions.
 */
export function criticalJson(
  result: CriticalResult,
  picture: CriticalPicture,
  noPrompt: boolean
): Record<string, unknown> {
  const {timing: _, request: __, text, turns, tokens, examples, ...rest} = result
  return {
    ...rest,
    ...{request: saidRequest(result, noPrompt), model: named(result.model)},
    contrast: contrastFacts(result),
    ...(noPrompt ? {} : {text, ...(turns ? {turns} : {}), examples}),
    tokens: noPrompt
      ? tokens.map(({position, isSpecial, isInserted}) => ({position, isSpecial, isInserted}))
      : tokens,
    picture,
  }
}

/** One row a response token and method. */
export function criticalRows(result: CriticalResult, noPrompt: boolean) {
  const columns = [
    ...['position', 'method', 'value', 'successCount', 'sampleCount', 'low', 'high', 'rules'],
    ...(noPrompt ? [] : ['id', 'bytesHex']),
  ]
  const cells = result.scores.map((score) => {
    const {position, method, value, successCount, sampleCount, low, high} = score
    const rules = result.critical
      .filter((one) => one.position === position && one.method === method)
      .map(({rule}) => rule)
    const token = result.tokens[position]
    return [
      ...[position, method, value, successCount ?? '', sampleCount ?? '', low ?? '', high ?? ''],
      rules.join(' '),
      ...(noPrompt ? [] : [token?.id ?? '', token?.bytesHex ?? '']),
    ]
  })
  return {columns, cells}
}

export function criticalCsv(result: CriticalResult, noPrompt: boolean): string {
  const {columns, cells} = criticalRows(result, noPrompt)
  return csvText(columns, cells)
}

/** How a figure of a critical result was made. */
export interface CriticalProvenance extends FigureProvenance {
  readonly request: Partial<CriticalRequest>
  readonly tokenizer: {readonly id: string; readonly sha256: string}
  readonly contrast: unknown
  readonly promptIds?: readonly number[]
  readonly responseIds?: readonly number[]
  readonly responseStart: number
  readonly status: CriticalResult['status']
  readonly versions: CriticalResult['versions']
  readonly picture: CriticalPicture
  readonly options: CommonFigureOptions
}

/** What is written into a file about how its content was made; it never names a path of the machine. */
export function criticalProvenanceOf(
  result: CriticalResult,
  picture: CriticalPicture,
  options: CommonFigureOptions
): CriticalProvenance {
  const {noPrompt} = options
  const {tokens, responseStart, model, tokenizer, schema, status, versions} = result
  const ids = tokens.map(({id}) => id)
  return {
    ...{schema, figure: 'critical', responseStart, status, versions, picture, options},
    request: saidRequest(result, noPrompt),
    model: named(model),
    tokenizer: named(tokenizer),
    contrast: contrastFacts(result),
    ...(noPrompt
      ? {}
      : {promptIds: ids.slice(0, responseStart), responseIds: ids.slice(responseStart)}),
  }
}

/** What the figure shows in words, for readers who do not see it. */
export function describeCritical(result: CriticalResult, noPrompt = false): string {
  const caption = criticalCaption(result, noPrompt)
    .map(({text}) => text)
    .join('')
  return `Critical tokens of a response to ${result.model.id}. ${caption} ${criticalGuard(result)}`
}
