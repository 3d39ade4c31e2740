import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {CapturedLayerFacts} from '../../shared/lenses/attention.ts'
import type {CapturedText} from '../../shared/lenses/attention-maps.ts'
import {beginningOf} from './attention-beginning.ts'
import type {AttentionChoiceActions} from './attention-choices.ts'
import {createFlips, type Flips} from './attention-flips.ts'
import {clampHead, mapOfShown, type PictureSpec, pictureKey} from './attention-pictures.ts'
import {createRest} from './attention-rest.ts'
import {
  ATTENTION_LENS,
  type AttentionShown,
  type AttentionSlot,
  type MatrixWindow,
} from './attention-state.ts'
import {TWO_HEADS_VIEW} from './attention-views.ts'
import {nextWish, type Wish} from './attention-wishes.ts'
import type {BestHead} from './best-head.ts'
import type {Captures} from './captures.ts'
import {isCancellation, latestWins, type StoreContext, shownProblem} from './context.ts'
import {selectPane} from './panes.ts'
import {selectRun} from './run-records.ts'
import type {PaneIndex, RunId, RunRecord, WorkbenchState} from './state.ts'

/**
 * The run whose attention a pane shows, once it can be asked about; else null. Of a text that is being written it
 * is its beginning, which grows a step at a time.
 */
export function selectAttentionRun(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): {readonly run: RunRecord; readonly data: TokensRun} | null {
  if (!state.panes[pane]) return null
  const {lensId, runId} = selectPane(state, pane)
  if (lensId !== ATTENTION_LENS || runId === null) return null
  const run = selectRun(state, runId)
  const data = captures.runs.peek(runId)
  if (!run || !data || data.tokens.length === 0) return null
  if (run.phase.kind !== 'running') return {run, data}
  const count = Math.min(state.attentionGrowth[runId] ?? 0, data.tokens.length)
  return count === 0 ? null : {run, data: beginningOf(data, count)}
}

/**
 * What a pane shows: what was chosen, else the head that scores best on its text, which stays as the text
 * grows; the first head until that is known.
 */
export function selectShown(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): AttentionShown {
  const chosen = state.attentionShown[pane]
  if (chosen.layer !== null) return chosen
  const best = selectBestHead(state, captures, pane)
  return {...chosen, layer: best?.layer ?? 0, head: best?.head ?? 0}
}

/** The head that a pane is opened on because none was chosen, and why; null where that is not so. */
export function selectBestHead(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): BestHead | null {
  const runId = state.panes[pane]?.runId ?? null
  if (runId === null || state.attentionShown[pane].layer !== null) return null
  const best = captures.bestHeads.peek(runId)
  return best === undefined || best === 'none' ? null : best
}

/**
 * Of more weights than this the first head is drawn while the best is looked for: two cores score some 80
 * million a second, and the first picture shall not take a tenth of one.
 */
const MOST_WEIGHTS_AWAITED = 4e6
/** Whether heads are scored before anything is drawn, as the best of them is what is wanted. */
export function selectAwaitsHeads(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): boolean {
  const shown = selectAttentionRun(state, captures, pane)
  if (!shown || pane !== state.activePane || state.attentionShown[pane].layer !== null) return false
  if (shown.run.phase.kind === 'running') return false
  if (state.headsPhase.kind === 'failed' || captures.bestHeads.peek(shown.run.id)) return false
  const facts = captures.attentionFacts.peek(shown.run.id) ?? NO_FACTS
  const headCount = facts.reduce((sum, {queryHeadCount}) => sum + queryHeadCount, 0)
  return headCount * shown.data.tokens.length ** 2 <= MOST_WEIGHTS_AWAITED
}

/** What a pane wants to draw; null while nothing is captured. */
export function selectPicture(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): PictureSpec | null {
  const shown = selectAttentionRun(state, captures, pane)
  if (!shown) return null
  const facts = captures.attentionFacts.peek(shown.run.id) ?? NO_FACTS
  const isCompared = selectPane(state, pane).view === TWO_HEADS_VIEW
  const chosen = selectShown(state, captures, pane)
  const map = mapOfShown(isCompared ? {...chosen, aggregate: 'head'} : chosen, facts)
  if (!map) return null
  return {
    runId: shown.run.id,
    tokenCount: shown.data.tokens.length,
    map,
    filters: state.attentionFilters,
  }
}

/** Beside the head that a pane shows: the other head, and the other minus it; empty in other views. */
export function selectCompared(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex
): readonly PictureSpec[] {
  const spec = selectPicture(state, captures, pane)
  if (spec?.map.kind !== 'head' || selectPane(state, pane).view !== TWO_HEADS_VIEW) return []
  const {layer, head} = spec.map
  const facts = captures.attentionFacts.peek(spec.runId) ?? NO_FACTS
  const other = clampHead(facts, state.attentionShown[pane].other)
  return [
    {...spec, map: {kind: 'head', ...other}},
    {...spec, map: {kind: 'difference', a: other, b: {layer, head}}},
  ]
}
const NO_FACTS: readonly CapturedLayerFacts[] = []

/** The part of a run's matrix that is seen. */
export function selectWindow(
  state: Pick<WorkbenchState, 'attentionWindows'>,
  runId: RunId,
  tokenCount: number
): MatrixWindow {
  return state.attentionWindows[runId] ?? {query: 0, key: 0, span: tokenCount}
}

/** The text of a run as the engine knows it. */
export function capturedTextOf(run: RunRecord, data: TokensRun): CapturedText {
  const {model, file} = run.request
  return {
    model,
    ...(file === undefined ? {} : {file}),
    ids: idsOf(data.tokens),
    capture: 'qk',
  }
}

const idsOfTokens = new WeakMap<object, Int32Array<ArrayBuffer>>()
function idsOf(tokens: TokensRun['tokens']): Int32Array<ArrayBuffer> {
  const ids = idsOfTokens.get(tokens) ?? Int32Array.from(tokens, ({id}) => id)
  idsOfTokens.set(tokens, ids)
  return ids
}

export interface AttentionActions {
  /** Keeps pictures of attention in step with selection and controls, where they are shown. */
  watchAttention(): void
  /** Chooses another head as a key does: it is shown together with its picture, or after a moment without. */
  flipAttention: Flips['flip']
  /** Tells how many pixels a side a pane's matrix has to fill. */
  measureMatrix(pane: PaneIndex, sidePx: number): void
  /** Ends the capture that a pane waits for. */
  cancelAttention(pane: PaneIndex): void
  /** Asks once more after it was cancelled or failed. */
  askAttentionAgain(pane: PaneIndex): void
}

export function createAttentionActions(
  context: StoreContext,
  {changeAttention}: Pick<AttentionChoiceActions, 'changeAttention'>
): AttentionActions {
  const {store, set, captures, client} = context
  const setSlot = (pane: PaneIndex, change: Partial<AttentionSlot>) =>
    set(({attentionSlots}) => {
      const slot = {...attentionSlots[pane], ...change}
      return {attentionSlots: pane === 0 ? [slot, attentionSlots[1]] : [attentionSlots[0], slot]}
    })
  const renew = (pane: PaneIndex, change: Partial<AttentionSlot> = {}) =>
    setSlot(pane, {...change, revision: store.getState().attentionSlots[pane].revision + 1})
  const capturing: [Capturing | null, Capturing | null] = [null, null]
  /** What was cancelled or failed is not asked for again by moving the pointer. */
  const refused: [string | null, string | null] = [null, null]

  const capture = async (pane: PaneIndex, run: RunRecord, data: TokensRun, key: string) => {
    const abort = new AbortController()
    const own: Capturing = {key, abort}
    capturing[pane]?.abort.abort()
    capturing[pane] = own
    const facts: CapturedLayerFacts[] = []
    const total = data.tokens.length
    setSlot(pane, {phase: {kind: 'capturing', done: 0, total, secondsLeft: null}})
    try {
      const events = await client.attention.capture(capturedTextOf(run, data), {
        signal: abort.signal,
      })
      for await (const event of events) {
        if (capturing[pane] !== own) return
        if (event.kind === 'progress') {
          const {done, total, secondsLeft} = event
          setSlot(pane, {phase: {kind: 'capturing', done, total, secondsLeft}})
        } else if (event.kind === 'captured') {
          facts.push(...event.layers)
        }
      }
      facts.sort((a, b) => a.layer - b.layer)
      captures.attentionFacts.set(run.id, facts)
      capturing[pane] = null
      renew(pane, {phase: {kind: 'idle'}})
    } catch (error) {
      if (capturing[pane] !== own) return
      capturing[pane] = null
      refused[pane] = key
      if (abort.signal.aborted || isCancellation(error)) setSlot(pane, {phase: {kind: 'cancelled'}})
      else setSlot(pane, {phase: {kind: 'failed', problem: shownProblem(error)}})
    }
  }

  const fetchers = [0, 1].map((pane) =>
    latestWins<Wish>((wish) => fetchWish(wish, pane as PaneIndex))
  )
  const fetchWish = async (wish: Wish, pane: PaneIndex) => {
    // While it waited something else came to be wanted.
    if (asked[pane] !== wish.key) return
    try {
      const ahead = underway(pane, wish.key)
      const isThere = await ahead?.then(
        () => true,
        () => false
      )
      if (!isThere) {
        if (asked[pane] !== wish.key) return
        await wish.fetch(client)
      }
      if (!wish.isPicture) renew(pane)
      else if (!flips.land(pane, wish.pictureKey)) renew(pane, {shownKey: wish.pictureKey})
    } catch (error) {
      if (isCancellation(error)) return
      refused[pane] = wish.pictureKey
      setSlot(pane, {phase: {kind: 'failed', problem: shownProblem(error)}, isBehind: false})
    } finally {
      if (asked[pane] === wish.key) asked[pane] = null
      want(pane)
    }
  }
  const asked: [string | null, string | null] = [null, null]

  const want = (pane: PaneIndex) => {
    const state = flips.wanted(store.getState(), pane)
    const shown = selectAttentionRun(state, captures, pane)
    if (!shown) {
      capturing[pane]?.abort.abort()
      capturing[pane] = null
      asked[pane] = null
      const {phase} = state.attentionSlots[pane]
      if (phase.kind !== 'idle') setSlot(pane, {phase: {kind: 'idle'}})
      return
    }
    const {run, data} = shown
    const key = `${run.id}:${data.tokens.length}`
    if (state.connection !== 'connected') {
      asked[pane] = null
      return
    }
    if (!captures.attentionFacts.peek(run.id)) {
      if (capturing[pane]?.key !== key && refused[pane] !== key) {
        refused[pane] = null
        void capture(pane, run, data, key)
      }
      return
    }
    const spec = selectPicture(state, captures, pane)
    if (!spec) return
    if (selectAwaitsHeads(state, captures, pane)) return
    tellMissing(pane, run)
    const own = pictureKey(spec)
    if (refused[pane] === own) return
    const {phase, shownKey, isBehind} = state.attentionSlots[pane]
    if (phase.kind === 'failed' || phase.kind === 'cancelled')
      setSlot(pane, {phase: {kind: 'idle'}})
    const isPending = flips.isPending(pane)
    const tiles = captures.attentionTiles.get(own)
    if (!isPending && (tiles?.whole || tiles?.close) && shownKey !== own) {
      renew(pane, {shownKey: own})
    }
    const others = selectCompared(state, captures, pane)
    const input = {pane, spec, others, text: capturedTextOf(run, data), data}
    const wish = nextWish(state, captures, input)
    const isWaiting = wish?.isPicture === true
    if (isPending && !isWaiting) {
      flips.land(pane, own)
      return
    }
    if (!isPending && isWaiting !== isBehind) setSlot(pane, {isBehind: isWaiting})
    if (!wish) {
      rest(pane)
      return
    }
    if (!isWaiting && flips.isQuiet(pane)) {
      fetchAhead(pane, flips.lastStep(pane))
      return
    }
    wake(pane, wish.key)
    if (asked[pane] === wish.key) return
    asked[pane] = wish.key
    fetchers[pane]!(wish)
  }

  const flips = createFlips(context, {changeAttention, want})
  const {rest, wake, fetchAhead, underway} = createRest(context)

  /** Of which run and head it was said that there is no such head. */
  const told: [string | null, string | null] = [null, null]
  /** A link, or another model than before, may ask for a head that is not there: the nearest stands for it. */
  const tellMissing = (pane: PaneIndex, run: RunRecord) => {
    const {layer, head, aggregate} = store.getState().attentionShown[pane]
    const facts = captures.attentionFacts.peek(run.id)
    if (layer === null || !facts || facts.length === 0) return
    const nearest = clampHead(facts, {layer, head})
    const isThere = nearest.layer === layer && nearest.head === head
    const key = `${run.id}:${layer}.${head}`
    if (isThere || aggregate !== 'head' || told[pane] === key) return
    told[pane] = key
    const shown = `L${nearest.layer}.H${nearest.head}`
    set({notice: `${run.modelName} has no L${layer}.H${head}: ${shown}, the nearest, is shown.`})
  }

  return {
    watchAttention() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.runs === previous.runs &&
          state.runStates === previous.runStates &&
          state.panes === previous.panes &&
          state.locks === previous.locks &&
          state.hovered === previous.hovered &&
          state.attentionShown === previous.attentionShown &&
          state.attentionFilters === previous.attentionFilters &&
          state.attentionGrowth === previous.attentionGrowth &&
          state.attentionWindows === previous.attentionWindows &&
          state.attentionPlots === previous.attentionPlots &&
          state.attentionSlots === previous.attentionSlots &&
          state.headsRevision === previous.headsRevision &&
          state.headsPhase === previous.headsPhase &&
          state.connection === previous.connection
        if (isUnchanged) return
        want(0)
        want(1)
      })
    },
    flipAttention: flips.flip,
    measureMatrix(pane, sidePx) {
      const {attentionPlots} = store.getState()
      if (attentionPlots[pane] === sidePx) return
      set({attentionPlots: pane === 0 ? [sidePx, attentionPlots[1]] : [attentionPlots[0], sidePx]})
    },
    cancelAttention: (pane) => capturing[pane]?.abort.abort(),
    askAttentionAgain(pane) {
      refused[pane] = null
      asked[pane] = null
      setSlot(pane, {phase: {kind: 'idle'}})
      want(pane)
    },
  }
}

interface Capturing {
  readonly key: string
  readonly abort: AbortController
}
