import {capturedTextOf, selectAttentionRun, selectPicture} from './attention.ts'
import {idleWish} from './attention-wishes.ts'
import type {StoreContext} from './context.ts'
import {selectPane} from './panes.ts'
import type {PaneIndex} from './state.ts'

/** A pause after which what is likely to be wanted next is fetched. */
const REST_MS = 200

interface Resting {
  readonly abort: AbortController
  readonly cancel: () => void
}

/** What is fetched while nothing is wanted: pictures of the heads beside the one that a pane shows. */
export interface Rest {
  /** Nothing is wanted. */
  rest(pane: PaneIndex): void
  /** Something is: what is under way for later is let go of. */
  wake(pane: PaneIndex): void
}

export function createRest({store, captures, client, deps}: StoreContext): Rest {
  const resting: [Resting | null, Resting | null] = [null, null]
  const wake = (pane: PaneIndex) => {
    resting[pane]?.cancel()
    resting[pane]?.abort.abort()
    resting[pane] = null
  }
  const rest = (pane: PaneIndex) => {
    const {view} = selectPane(store.getState(), pane)
    if (resting[pane] || view !== null) return
    const own: Resting = {
      abort: new AbortController(),
      cancel: deps.after(REST_MS, () => void fetchIdle(pane, own)),
    }
    resting[pane] = own
  }
  const fetchIdle = async (pane: PaneIndex, own: Resting) => {
    const state = store.getState()
    const shown = selectAttentionRun(state, captures, pane)
    const spec = selectPicture(state, captures, pane)
    // Scores of heads are waited for, their neighbours' pictures are not.
    const isBusy = state.headsPhase.kind === 'running' || state.connection !== 'connected'
    if (shown && spec && !isBusy) {
      const text = capturedTextOf(shown.run, shown.data)
      const wish = idleWish(state, captures, {pane, spec, others: [], text, data: shown.data})
      if (wish) {
        try {
          await wish.fetch(client, own.abort.signal)
        } catch {
          // Nobody asked for it; where it is wanted it is asked for again, and says what is wrong.
          return
        }
      }
      if (!wish) return
    }
    if (resting[pane] !== own) return
    resting[pane] = null
    rest(pane)
  }

  return {rest, wake}
}
