import type {InterveneResult} from '../../shared/lenses/intervene.ts'
import {sampleOfResult} from '../../shared/samples/caption.ts'
import {type Slots, slotsOf} from '../../shared/samples/sample.ts'
import type {SampleIn} from '../../shared/samples/samples.ts'
import {selectAttentionRun, selectPicture} from './attention.ts'
import {headsKey} from './attention-heads.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext} from './context.ts'
import {selectResult} from './selectors.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'

export interface AttentionSampleActions {
  /** Measures what the claim of a shown sample is about, once its heads are scored. */
  watchAttentionSamples(): void
}

/** The sample whose run a pane shows in this lens, unchanged; null where it is none's. */
function selectSample(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): {
  readonly runId: RunId
  readonly sample: SampleIn<'attention'>
  readonly tokenCount: number
} | null {
  const shown = selectAttentionRun(state, captures, pane)
  const result = shown && selectResult(state, captures, pane)
  const sample = result && sampleOfResult(result, 'attention')
  return sample ? {runId: shown.run.id, sample, tokenCount: result.promptTokenCount} : null
}

/** Sample and numbers of the caption that a pane may show: while it shows the sample's own head. */
export function selectAttentionClaim(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): {
  readonly sample: SampleIn<'attention'>
  readonly slots: Slots
  readonly position: number
} | null {
  const found = selectSample(state, captures, pane)
  const slots = found && state.sampleSlots[found.runId]
  const map = selectPicture(state, captures, pane)?.map
  if (!found || !slots || map?.kind !== 'head') return null
  const {sample, tokenCount} = found
  const {layer, head} = sample.selection
  if (map.layer !== layer || map.head !== head) return null
  return {sample, slots, position: tokenCount - 1}
}

export function createAttentionSampleActions(context: StoreContext): AttentionSampleActions {
  const {store, set, captures, client} = context
  /** Runs whose claim was measured or is being. */
  const asked = new Set<RunId>()

  const measure = async (pane: PaneIndex) => {
    const state = store.getState()
    const found = selectSample(state, captures, pane)
    if (!found || asked.has(found.runId) || state.connection !== 'connected') return
    const {runId, sample} = found
    const {layer, head} = sample.selection
    const tokens = selectResult(state, captures, pane)
    if (tokens?.status !== 'completed') return
    const heads = captures.attentionHeads.peek(headsKey(runId, tokens.tokens.length))
    const own = heads?.find((one) => one.layer === layer && one.head === head)
    if (!own) return
    asked.add(runId)
    try {
      const {model, file} = tokens.request
      const events = await client.interventions.run({
        ...{model, file, prompt: sample.prompt, headsOff: [{layer, head}]},
      })
      let headOff: InterveneResult | null = null
      for await (const event of events) if (event.kind === 'completed') headOff = event.result
      const slots = headOff && slotsOf(sample.claim, {tokens, head: own, headOff})
      if (slots) set(({sampleSlots}) => ({sampleSlots: {...sampleSlots, [runId]: slots}}))
    } catch (error) {
      // Without its numbers the claim is not made: what the lens says of any text stands there.
      if (isCancellation(error)) asked.delete(runId)
    }
  }

  return {
    watchAttentionSamples() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.headsRevision === previous.headsRevision &&
          state.panes === previous.panes &&
          state.activePane === previous.activePane &&
          state.runStates === previous.runStates &&
          state.connection === previous.connection
        if (isUnchanged) return
        void measure(0)
        void measure(1)
      })
    },
  }
}
