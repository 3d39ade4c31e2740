import type {HeadRef} from '../../shared/lenses/attention-maps.ts'
import {capturedTextOf, selectAttentionRun} from './attention.ts'
import type {WorkPhase} from './attention-graph-state.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import type {WorkbenchState} from './state.ts'

export interface SimilarHead extends HeadRef {
  /** Of the patterns on this text: 1 is the same. */
  readonly similarity: number
}

/** Session: heads like one. */
export interface SimilarState {
  /** The head that others are compared with; null while nobody asked. */
  readonly similarOf: HeadRef | null
  readonly similarPhase: WorkPhase
  readonly similarRevision: number
}

export const initialSimilar: SimilarState = {
  similarOf: null,
  similarPhase: {kind: 'idle'},
  similarRevision: 0,
}

const similarKey = (runId: string, tokenCount: number, {layer, head}: HeadRef) =>
  `${runId}:${tokenCount}:${layer}.${head}`

/** Heads like the one that was asked about, most alike first; null before they are there. */
export function selectSimilar(
  state: WorkbenchState,
  captures: Captures
): readonly SimilarHead[] | null {
  const shown = selectAttentionRun(state, captures, state.activePane)
  if (!shown || !state.similarOf) return null
  const key = similarKey(shown.run.id, shown.data.tokens.length, state.similarOf)
  return captures.similarHeads.peek(key) ?? null
}

export interface SimilarActions {
  /** Lists the heads whose patterns on the shown text are like one head's, beside the matrix. */
  findSimilar(of: HeadRef): void
  cancelSimilar(): void
}

export function createSimilarActions({store, set, captures, client}: StoreContext): SimilarActions {
  let abort: AbortController | null = null
  const find = async (of: HeadRef) => {
    const state = store.getState()
    const shown = selectAttentionRun(state, captures, state.activePane)
    if (!shown) return
    const key = similarKey(shown.run.id, shown.data.tokens.length, of)
    if (captures.similarHeads.peek(key)) {
      set({similarPhase: {kind: 'idle'}})
      return
    }
    const own = new AbortController()
    abort = own
    set({similarPhase: {kind: 'running', done: 0, total: 1, secondsLeft: null}})
    try {
      const events = await client.attention.similar(
        {...capturedTextOf(shown.run, shown.data), of: {layer: of.layer, head: of.head}},
        {signal: own.signal}
      )
      for await (const event of events) {
        if (abort !== own) return
        if (event.kind === 'similar') captures.similarHeads.set(key, event.heads)
        else {
          const {done, total, secondsLeft} = event
          set({similarPhase: {kind: 'running', done, total, secondsLeft}})
        }
      }
      set(({similarRevision}) => ({
        similarPhase: {kind: 'idle'},
        similarRevision: similarRevision + 1,
      }))
    } catch (error) {
      if (abort !== own) return
      const isCancelled = own.signal.aborted || isCancellation(error)
      set({
        similarPhase: isCancelled
          ? {kind: 'cancelled'}
          : {kind: 'failed', problem: shownProblem(error)},
      })
    }
  }
  return {
    findSimilar(of) {
      abort?.abort()
      set({similarOf: {layer: of.layer, head: of.head}, attentionSide: 'similar'})
      void find(of)
    },
    cancelSimilar: () => abort?.abort(),
  }
}
