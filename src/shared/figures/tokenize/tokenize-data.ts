import type {TokenizeResult, TokenizerFacts} from '../../lenses/tokenize.ts'
import {csvText} from '../csv-text.ts'
import type {FigureProvenance} from '../provenance.ts'
import type {CommonFigureOptions} from '../request.ts'
import {rowName} from './caption.ts'

/** How a figure of a comparison was made. */
export interface TokenizeProvenance extends FigureProvenance {
  readonly request: Partial<TokenizeResult['request']>
  readonly tokenizers: readonly {readonly id: string; readonly sha256: string | null}[]
  readonly versions: TokenizeResult['versions']
  readonly options: CommonFigureOptions
}

/** A request that names no path of this machine and, with `noPrompt`, nothing of the text. */
function publicTokenizeRequest(
  {request, results}: TokenizeResult,
  noPrompt: boolean
): Partial<TokenizeResult['request']> {
  const {text, textFile, parallel, ...rest} = request
  const nameOf = (name: string) => {
    const row = results.find(({tokenizer}) => tokenizer === name)
    return row ? rowName(row) : name
  }
  return {
    ...rest,
    tokenizers: rest.tokenizers.map(nameOf),
    ...(rest.reference === undefined ? {} : {reference: nameOf(rest.reference)}),
    ...(parallel === 'builtin' ? {parallel} : {}),
    ...(noPrompt || text === undefined ? {} : {text}),
    ...(textFile === undefined || noPrompt
      ? {}
      : {textFile: textFile.split(/[\\/]/u).at(-1) ?? ''}),
  }
}

/** What is written into a file about how its content was made. */
export function tokenizeProvenanceOf(
  result: TokenizeResult,
  options: CommonFigureOptions
): TokenizeProvenance {
  return {
    ...{schema: result.schema, figure: 'tokenize', model: null},
    request: publicTokenizeRequest(result, options.noPrompt),
    tokenizers: result.results.map((row) => ({id: rowName(row), sha256: row.facts.sha256})),
    versions: result.versions,
    options,
  }
}

/** What a package is called, or that it is a file: never where that lies. */
const publicFacts = (facts: TokenizerFacts, name: string) => ({
  ...facts,
  id: name,
  source: facts.kind === 'packaged' || facts.kind === 'baseline' ? facts.source : facts.kind,
})

/** The result as a file may carry it: without paths and wall-clock figures and, with `noPrompt`, without text. */
export function tokenizeJson(result: TokenizeResult, noPrompt: boolean): Record<string, unknown> {
  const {timing: _, text, invalidBytes, results, metrics, ...rest} = result
  const names = new Map(results.map((row) => [row.tokenizer, rowName(row)]))
  const nameOf = (id: string) => names.get(id) ?? id
  return {
    ...rest,
    request: publicTokenizeRequest(result, noPrompt),
    ...(noPrompt ? {} : {text, invalidBytes}),
    results: results.map(({tokens, changes, droppedBytesHex, ...row}) => ({
      ...row,
      tokenizer: rowName(row),
      facts: publicFacts(row.facts, rowName(row)),
      ...(noPrompt ? {} : {tokens, changes, ...(droppedBytesHex ? {droppedBytesHex} : {})}),
    })),
    metrics: {
      ...metrics,
      boundaryAgreement: metrics.boundaryAgreement.map((pair) => ({
        ...pair,
        ...{a: nameOf(pair.a), b: nameOf(pair.b)},
      })),
    },
  }
}

const SPAN_COLUMNS = ['tokenizer', 'index', 'id', 'byteStart', 'byteEnd', 'isInserted', 'spanClass']

/** One row a token of every tokenizer; with `noPrompt` its bytes and id are left out. */
export function tokenizeCsv({results}: TokenizeResult, noPrompt: boolean): string {
  const columns = noPrompt
    ? SPAN_COLUMNS.filter((name) => name !== 'id')
    : [...SPAN_COLUMNS, 'bytesHex', 'text']
  const rows = results.flatMap((row) =>
    row.tokens.map((token, index) => {
      const {id, byteStart, byteEnd, isInserted, spanClass, bytesHex, text} = token
      const place = [byteStart, byteEnd, isInserted, spanClass]
      return noPrompt
        ? [rowName(row), index, ...place]
        : [rowName(row), index, id, ...place, bytesHex, text]
    })
  )
  return csvText(columns, rows)
}
