import {
  type CriticalRequest,
  type CriticalResult,
  criticalRequestSchema,
} from '../../shared/lenses/critical.ts'
import {
  type CriticalDatasetResult,
  keptResult,
  requestOfItem,
  summaryOfItem,
  summaryOfItems,
} from '../../shared/lenses/critical-dataset.ts'
import {itemsOfRows, refusalOf, runCriticalItems} from '../../shared/lenses/run-critical-items.ts'
import type {TokensRequest} from '../../shared/lenses/tokens.ts'
import type {ListRow, SkippedLine} from '../../shared/prompts/parsed-list.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {samplingPart} from './critical-requests.ts'
import type {CriticalChoice, DatasetOutcome} from './critical-state.ts'
import {nameWithFile} from './model-files.ts'
import {refOfListing, selectActiveRef} from './models.ts'
import {withPane} from './panes.ts'
import {labelOfPrompt, selectIsChat} from './prompt.ts'
import type {RunActions} from './runs.ts'
import type {PaneIndex, WorkbenchState} from './state.ts'

export interface CriticalDatasetActions {
  /** Runs the items that have no outcome with the present choices; `failed` those that failed too. */
  runDataset(which?: 'missing' | 'failed'): Promise<void>
  /** What came until then stays; the next run goes on with the rest. */
  cancelDataset(): void
  /** Shows the response of an item in the lens, with the answer of its row. */
  openDatasetItem(key: string, pane?: PaneIndex): Promise<void>
}

/** A row of the prompt list as an item of a data set. */
export interface DatasetAsked {
  readonly row: ListRow
  readonly index: number
  readonly key: string
  readonly request: CriticalRequest
}

/** The items of the prompt list, what they share, and the lines that make none. */
export interface DatasetWish {
  readonly shared: CriticalRequest
  readonly items: readonly DatasetAsked[]
  readonly refused: readonly SkippedLine[]
}

interface Known {
  readonly rows: readonly ListRow[]
  readonly choice: CriticalChoice
  readonly ref: string
  readonly wish: DatasetWish
}
// Asked for at every change of the state.
let known: Known | null = null

/** What a run over the prompt list asks for now; null where no model is chosen. */
export function selectDatasetWish(state: WorkbenchState): DatasetWish | null {
  const model = selectActiveRef(state)
  if (!model) return null
  const {listRows: rows, criticalChoice: choice} = state
  const own = {...model, ...(selectIsChat(state) ? {chat: true} : {})}
  const ref = JSON.stringify(own)
  if (known?.rows === rows && known.choice === choice && known.ref === ref) return known.wish
  const {positive, negative, beta} = choice
  const pair = {...(positive !== null && {positive}), ...(negative !== null && {negative})}
  const shared = criticalRequestSchema.parse({
    ...own,
    ...samplingPart(choice, ''),
    ...pair,
    ...{beta, method: 'both'},
  })
  const {items, refused} = itemsOfRows(rows, (row) => refusalOf(shared, row))
  const asked = items.map(({index, ...row}): DatasetAsked => {
    const request = requestOfItem(shared, {index, ...row})
    return {row, index, request, key: JSON.stringify(request)}
  })
  const wish = {shared, items: asked, refused}
  known = {rows, choice, ref, wish}
  return wish
}

/** What has come of the items so far, as the command's result; null before any has. */
export function selectDatasetResult(state: WorkbenchState): CriticalDatasetResult | null {
  const wish = selectDatasetWish(state)
  if (!wish) return null
  const {shared, items: asked, refused} = wish
  const {datasetOutcomes, listSource} = state
  const items = asked.flatMap(({key}) => datasetOutcomes[key]?.summary ?? [])
  if (items.length === 0) return null
  const {prompt, messages, response, responseIds, ...request} = shared
  const skipped = [...(listSource?.skipped ?? []), ...refused].sort((a, b) => a.line - b.line)
  return {
    schema: 'tokenscope/critical@1',
    request: {...request, ...(listSource ? {dataset: listSource.name} : {})},
    ...state.datasetProvenance[shared.model],
    warnings: [],
    status: items.length === asked.length ? 'completed' : 'cancelled',
    ...{items, summary: summaryOfItems(items)},
    skippedCount: (listSource?.skippedCount ?? 0) + refused.length,
    skipped,
  }
}

/** Without the completions, which are too much for thousands of items. */
function outcomeOf({key, index, row}: DatasetAsked, result: CriticalResult): DatasetOutcome {
  const place = {index, line: row.line, key, status: 'completed'} as const
  const kept = keptResult(result)
  const response = result.tokens.slice(result.responseStart)
  return {
    summary: summaryOfItem({schema: 'tokenscope/critical-item@1', ...place, result: kept}),
    ids: response.map(({id}) => id),
    texts: response.map(({bytesHex, isSpecial}) => (isSpecial ? '' : bytesHex)),
  }
}

/** The prompt list as a data set: the same items, seeds and numbers as of the command on the same file. */
export function createCriticalDatasetActions(
  {store, set, change, client, deps}: StoreContext,
  {openRequest}: Pick<RunActions, 'openRequest'>
): CriticalDatasetActions {
  let abort: AbortController | null = null

  return {
    async runDataset(which = 'missing') {
      const state = store.getState()
      const wish = selectDatasetWish(state)
      if (!wish || abort) return
      const statusOf = ({key}: DatasetAsked) => state.datasetOutcomes[key]?.summary.status
      const missing = wish.items.filter((item) => {
        const status = statusOf(item)
        return status === undefined || (which === 'failed' && status === 'failed')
      })
      if (missing.length === 0) return
      const own = new AbortController()
      abort = own
      const total = missing.length
      const startedAt = deps.now()
      let done = 0
      set({datasetJob: {kind: 'running', done, total, secondsLeft: null}})
      const run = {
        ...{client, signal: own.signal},
        hasSuccess: wish.items.some((item) => statusOf(item) === 'completed'),
      }
      try {
        for await (const {asked, result, problem} of runCriticalItems(missing, run)) {
          if (own.signal.aborted) break
          done++
          const place = {index: asked.index, line: asked.row.line, key: asked.key}
          const outcome: DatasetOutcome = problem
            ? {
                summary: {...place, status: 'failed', problem, critical: [], agreement: null},
                ...{ids: [], texts: []},
              }
            : outcomeOf(asked, result)
          const secondsLeft = ((deps.now() - startedAt) / done / 1000) * (total - done)
          set(({datasetOutcomes, datasetProvenance}) => ({
            datasetOutcomes: {...datasetOutcomes, [asked.key]: outcome},
            ...(result
              ? {datasetProvenance: withProvenance(datasetProvenance, asked, result)}
              : {}),
            datasetJob: {kind: 'running', done, total, secondsLeft},
          }))
        }
        const isCancelled = done < total
        set({datasetJob: isCancelled ? {kind: 'cancelled', done, total} : {kind: 'idle'}})
      } catch (error) {
        if (own.signal.aborted || isCancellation(error)) {
          set({datasetJob: {kind: 'cancelled', done, total}})
        } else set({datasetJob: {kind: 'failed', problem: shownProblem(error)}})
      } finally {
        abort = null
      }
    },
    cancelDataset() {
      abort?.abort()
    },
    async openDatasetItem(key, pane = store.getState().activePane) {
      const state = store.getState()
      const asked = selectDatasetWish(state)?.items.find((item) => item.key === key)
      const ids = state.datasetOutcomes[key]?.ids
      if (!asked || !ids || ids.length === 0) return
      const {row, request} = asked
      const {model, file, prompt, messages, chat} = request
      const listing = state.listings.find((one) => refOfListing(one).model === model)
      const {topK, temperature, topP} = state.parameters
      const opened: TokensRequest = {
        ...{command: 'tokens', model},
        ...(file === undefined ? {} : {file}),
        ...(messages ? {messages} : {prompt}),
        ...(chat ? {chat} : {}),
        ...{topK, temperature, topP, position: 'last', generate: 0, sample: false, seed: 0},
        track: [...(state.parameters.tracked[model] ?? [])],
        completionIds: [...ids],
      }
      change('look into an item', {panes: withPane(state, pane, {view: null})})
      const name = listing ? nameWithFile(listing, file) : model
      await openRequest(opened, labelOfPrompt(row.prompt), name, pane)
    },
  }
}

function withProvenance(
  known: WorkbenchState['datasetProvenance'],
  {request}: DatasetAsked,
  {model, tokenizer, versions}: CriticalResult
): WorkbenchState['datasetProvenance'] {
  return {...known, [request.model]: {model, tokenizer, versions}}
}
