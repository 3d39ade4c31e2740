import type {TokenTable} from '../../shared/domain/token.ts'
import type {TokenizeRequest, TokenizeRow, TokenizeSummary} from '../../shared/lenses/tokenize.ts'
import type {StoreContext} from './context.ts'
import type {ComparedText, TokenizersJob} from './tokenizers-state.ts'

/** A comparison that is wanted, by the name that the page knows it under. */
export interface AskedComparison {
  readonly key: string
  readonly names: readonly string[]
  readonly request: TokenizeRequest
}

/** Who is told while a comparison is made. */
interface Watcher {
  onProgress(job: TokenizersJob): void
  /** What is there of it, whenever one more tokenizer has cut the text. */
  onRow(some: ComparedText): void
}

/** One comparison as the page keeps it; null where the stream ended without a result. */
export async function fetchComparison(
  client: StoreContext['client'],
  {names, request}: AskedComparison,
  signal: AbortSignal,
  watcher?: Watcher
): Promise<ComparedText | null> {
  const tables = new Map<string, TokenTable>()
  const come: TokenizeRow[] = []
  let bytes = new Uint8Array(0)
  let byteCount = 0
  const gathered = (summary: TokenizeSummary, pending: readonly string[]): ComparedText => ({
    ...{request, bytes, pending},
    rows: names.flatMap((tokenizer) => {
      const tokens = tables.get(tokenizer)
      return tokens ? [{tokenizer, tokens}] : []
    }),
    summary: {
      ...summary,
      results: names.flatMap((name) => summary.results.filter((row) => row.tokenizer === name)),
    },
  })
  for await (const event of await client.tokenizers.compare(request, {signal})) {
    switch (event.kind) {
      case 'progress': {
        const {phase, done, total, secondsLeft} = event
        watcher?.onProgress({kind: 'running', phase, done, total, secondsLeft})
        break
      }
      case 'opened':
        bytes = new TextEncoder().encode(event.text ?? '')
        byteCount = event.bytes
        break
      case 'tokens': {
        tables.set(event.tokenizer, event.tokens)
        if (event.row) come.push(event.row)
        const pending = names.filter((name) => !tables.has(name))
        if (!event.row || pending.length === 0) break
        watcher?.onRow(gathered(summaryOfRows(request, come, byteCount), pending))
        break
      }
      case 'completed':
        return gathered(event.result, [])
    }
  }
  return null
}

/** What is known before all have cut the text. */
function summaryOfRows(
  request: TokenizeRequest,
  results: readonly TokenizeRow[],
  bytes: number
): TokenizeSummary {
  return {
    ...{schema: 'tokenscope/tokenize@1', request, model: null, tokenizer: null},
    versions: {tokenscope: '', onnxruntime: '', schema: ''},
    ...{warnings: [], status: 'completed', text: request.text ?? null, bytes, invalidBytes: []},
    results: [...results],
    metrics: {boundaryAgreement: []},
    timing: {totalMs: 0},
  }
}
