import {capturedTextOf, selectAttentionRun, selectPicture} from './attention.ts'
import {type HeadStep, idleWish} from './attention-wishes.ts'
import type {StoreContext} from './context.ts'
import {selectPane} from './panes.ts'
import type {PaneIndex} from './state.ts'

/** A pause after which what is likely to be wanted next is fetched. */
const REST_MS = 200

interface Resting {
  readonly abort: AbortController
  readonly cancel: () => void
  /** What is fetched ahead of a key. */
  readonly ahead?: {readonly key: string; readonly done: Promise<void>}
}

/** What is fetched while nothing is wanted: pictures of the heads beside the one that a pane shows. */
export interface Rest {
  /** Nothing is wanted. */
  rest(pane: PaneIndex): void
  /** Something is: what is under way for later is let go of, unless it is that. */
  wake(pane: PaneIndex, key: string): void
  /** A key flips through heads: the picture that the next one asks for is fetched while this one is painted. */
  fetchAhead(pane: PaneIndex, step: HeadStep): void
  /** What is wanted now and was fetched ahead; null where it was not. */
  underway(pane: PaneIndex, key: string): Promise<void> | null
}

export function createRest({store, captures, client, deps}: StoreContext): Rest {
  const resting: [Resting | null, Resting | null] = [null, null]
  const wake = (pane: PaneIndex, key: string) => {
    if (resting[pane]?.ahead?.key === key) return
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

  const fetchAhead = (pane: PaneIndex, step: HeadStep) => {
    const state = store.getState()
    const shown = selectAttentionRun(state, captures, pane)
    const spec = selectPicture(state, captures, pane)
    if (!shown || !spec) return
    const {data} = shown
    const text = capturedTextOf(shown.run, data)
    const wish = idleWish(state, captures, {pane, spec, others: [], text, data}, step)
    if (!wish) return
    wake(pane, wish.key)
    if (resting[pane]) return
    const abort = new AbortController()
    const done = new Promise<void>((resolve, reject) => {
      deps.onNextFrame(() => {
        if (abort.signal.aborted) reject(abort.signal.reason)
        else wish.fetch(client, abort.signal).then(resolve, reject)
      })
    })
    const own: Resting = {abort, cancel: () => undefined, ahead: {key: wish.key, done}}
    resting[pane] = own
    const end = () => {
      if (resting[pane] === own) resting[pane] = null
    }
    // Who waits for it hears that it failed; nobody else asked.
    done.then(end, end)
  }

  return {
    ...{rest, wake, fetchAhead},
    underway(pane, key) {
      const ahead = resting[pane]?.ahead
      return ahead?.key === key ? ahead.done : null
    },
  }
}
