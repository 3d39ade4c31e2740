import {foldTreeEvent, startTreeRun, treeResultOf} from '../../shared/lenses/assemble-tree.ts'
import {draftStepView, frameCount, testAt} from '../../shared/lenses/draft-player.ts'
import {DRAFT_STRATEGIES, type DraftStrategy, treeRequestSchema} from '../../shared/lenses/tree.ts'
import {secondsLeftAt} from '../../shared/math/seconds-left.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {selectRun} from './run-records.ts'
import type {RunId} from './state.ts'
import {slotOf} from './tree.ts'
import type {TreeMarkActions} from './tree-marks.ts'
import {draftRequest} from './tree-requests.ts'
import {draftKey, LAST_FRAME, selectDraftPlace} from './tree-shown.ts'
import {type ComparedStrategy, type DraftComparison, initialTree} from './tree-state.ts'

export interface DraftActions {
  /** Shows a step of the drafts, at its end. */
  showDraftStep(runId: RunId, step: number): void
  /** Goes by so many frames, on into the next step and back into the one before. */
  moveDraftFrame(runId: RunId, by: number): void
  showDraftFrame(runId: RunId, at: number): void
  /** Runs every strategy on the prompt of a run, each in its usual shape of about sixteen nodes, with the same seeds. */
  compareStrategies(runId: RunId, seedCount: number): Promise<void>
  cancelComparison(): void
}

/** Strategies side by side, and the model drafting for itself. */
const COMPARED: readonly {
  readonly name: string
  readonly strategy: DraftStrategy
  readonly draft?: string
}[] = [
  ...DRAFT_STRATEGIES.map((strategy) => ({name: strategy, strategy})),
  {name: 'specinfer, self:2', strategy: 'specinfer', draft: 'self:2'},
]

/** The player of drafts, and strategies side by side. */
export function createDraftActions(
  {store, set, captures, client, deps}: StoreContext,
  {selectNode}: Pick<TreeMarkActions, 'selectNode'>
): DraftActions {
  let abort: AbortController | null = null
  const place = (runId: RunId, step: number, at: number) => {
    set(({draftPlaces}) => ({draftPlaces: {...draftPlaces, [runId]: {step, at}}}))
    const result = resultOf(runId)
    const view = result && draftStepView(result, step)
    const tested = view && testAt(view, at)
    // What is tested is the node that is looked at: marked, brought into sight, told of beside.
    if (tested) selectNode(runId, draftKey(tested.node.id))
  }
  const resultOf = (runId: RunId) => captures.trees.peek(slotOf('draft', runId))?.result ?? null

  const compare = async (runId: RunId, seedCount: number, signal: AbortSignal) => {
    const run = selectRun(store.getState(), runId)
    if (!run) return
    const chosen = store.getState().draftChoice.draft
    // Where the chosen draft is the self-draft of the last row, that row is there already.
    let rows: readonly ComparedStrategy[] = COMPARED.filter(({draft}) => draft !== chosen).map(
      ({name, strategy, draft = chosen}) => ({name, strategy, draft, results: [], problem: null})
    )
    const total = rows.length * seedCount
    const startedMs = deps.now()
    const show = (done: number, isRunning: boolean) => {
      const secondsLeft = secondsLeftAt(deps.now() - startedMs, {done, total})
      set({draftComparison: {runId, rows, done, total, secondsLeft, isRunning}})
    }
    const change = (name: string, of: (row: ComparedStrategy) => ComparedStrategy) => {
      rows = rows.map((row) => (row.name === name ? of(row) : row))
    }
    show(0, true)
    let done = 0
    // Seed by seed, so that all strategies can soon be seen.
    for (let seed = 0; seed < seedCount; seed++) {
      for (const {name, strategy, draft} of rows) {
        if (signal.aborted) return
        const known = rows.find((row) => row.name === name)!
        if (known.problem === null) {
          try {
            const {maxNewTokens, temperature} = store.getState().draftChoice
            const choice = {...initialTree.draftChoice, maxNewTokens, temperature}
            const request = draftRequest(run.request, {...choice, strategy, draft, seed})
            const folded = startTreeRun(treeRequestSchema.parse(request))
            for await (const event of await client.trees.run(folded.request, {signal})) {
              foldTreeEvent(folded, event)
            }
            const result = treeResultOf(folded, 'completed')
            if (result) change(name, (row) => ({...row, results: [...row.results, result]}))
          } catch (error) {
            if (signal.aborted || isCancellation(error)) return
            change(name, (row) => ({...row, problem: shownProblem(error)}))
          }
        }
        show(++done, done < total)
      }
    }
  }

  return {
    showDraftStep(runId, step) {
      const result = resultOf(runId)
      if (result)
        place(runId, Math.max(0, Math.min((result.stats?.steps ?? 1) - 1, step)), LAST_FRAME)
    },
    showDraftFrame(runId, at) {
      const result = resultOf(runId)
      if (result) place(runId, selectDraftPlace(store.getState(), runId, result).step, at)
    },
    moveDraftFrame(runId, by) {
      const result = resultOf(runId)
      if (!result) return
      const {step, at} = selectDraftPlace(store.getState(), runId, result)
      const view = draftStepView(result, step)
      if (!view) return
      const next = Math.min(at, frameCount(view) - 1) + by
      if (next < 0) {
        if (step > 0) place(runId, step - 1, LAST_FRAME)
        else place(runId, 0, 0)
      } else if (next < frameCount(view)) place(runId, step, next)
      else if (step + 1 < (result.stats?.steps ?? 0)) place(runId, step + 1, 0)
    },
    async compareStrategies(runId, seedCount) {
      abort?.abort()
      const own = new AbortController()
      abort = own
      await compare(runId, seedCount, own.signal)
      if (abort !== own) return
      abort = null
      stopped()
    },
    cancelComparison() {
      abort?.abort()
      abort = null
      stopped()
    },
  }

  function stopped() {
    const comparison: DraftComparison | null = store.getState().draftComparison
    if (comparison?.isRunning) set({draftComparison: {...comparison, isRunning: false}})
  }
}
