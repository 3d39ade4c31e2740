import {foldTreeEvent, startTreeRun, treeResultOf} from '../../shared/lenses/assemble-tree.ts'
import {type TreeResult, treeRequestSchema} from '../../shared/lenses/tree.ts'
import {sampleOfResult} from '../../shared/samples/caption.ts'
import {type Slots, slotsOf} from '../../shared/samples/sample.ts'
import type {SampleIn} from '../../shared/samples/samples.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext} from './context.ts'
import {selectResult} from './selectors.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'
import {selectTreeSpec, slotOf, type TreeKind} from './tree.ts'
import {DRAFT_VIEW} from './tree-state.ts'

export interface TreeSampleActions {
  /** Measures what the claim of a shown sample is about, once its own tree is there. */
  watchTreeSamples(): void
}

/** The sample whose run a pane shows in this lens, unchanged, and in its view; null where it is none's. */
function selectSample(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): {readonly runId: RunId; readonly sample: SampleIn<'tree'>} | null {
  const spec = selectTreeSpec(state, captures, pane)
  const result = spec && selectResult(state, captures, pane)
  const sample = result?.status === 'completed' ? sampleOfResult(result, 'tree') : null
  const kind: TreeKind = sample?.view === DRAFT_VIEW ? 'draft' : 'tree'
  return spec && sample && spec.kind === kind ? {runId: spec.run.id, sample} : null
}

/** Sample and numbers of the caption that a pane may show; null until they are measured. */
export function selectTreeClaim(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): {readonly sample: SampleIn<'tree'>; readonly slots: Slots} | null {
  const found = selectSample(state, captures, pane)
  const slots = found && state.sampleSlots[found.runId]
  return found && slots ? {sample: found.sample, slots} : null
}

export function createTreeSampleActions(context: StoreContext): TreeSampleActions {
  const {store, set, captures, client} = context
  /** Runs whose claim was measured or is being. */
  const asked = new Set<RunId>()

  const measure = async (pane: PaneIndex) => {
    const state = store.getState()
    const found = selectSample(state, captures, pane)
    if (!found || asked.has(found.runId) || state.connection !== 'connected') return
    const {runId, sample} = found
    const slot = slotOf(sample.view === DRAFT_VIEW ? 'draft' : 'tree', runId)
    const phase = state.treePhases[slot]
    if (phase?.kind !== 'idle' || !captures.trees.peek(slot)) return
    asked.add(runId)
    try {
      const {model, prompt} = sample
      const results: TreeResult[] = []
      for (const wanted of sample.runs) {
        const run = startTreeRun(treeRequestSchema.parse({...wanted, model, prompt}))
        for await (const event of await client.trees.run(run.request)) foldTreeEvent(run, event)
        const result = treeResultOf(run, 'completed')
        if (result) results.push(result)
      }
      const slots = slotsOf(sample.claim, results)
      if (slots) set(({sampleSlots}) => ({sampleSlots: {...sampleSlots, [runId]: slots}}))
    } catch (error) {
      // Without its numbers the claim is not made: what the lens says of any text stands there.
      if (isCancellation(error)) asked.delete(runId)
    }
  }

  return {
    watchTreeSamples() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.treeRevision === previous.treeRevision &&
          state.panes === previous.panes &&
          state.runStates === previous.runStates &&
          state.connection === previous.connection
        if (isUnchanged) return
        void measure(0)
        void measure(1)
      })
    },
  }
}
