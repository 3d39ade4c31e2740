import {capturedTextOf, selectAttentionRun} from './attention.ts'
import type {StoreContext} from './context.ts'
import type {PaneIndex} from './state.ts'

export interface AttentionLookActions {
  /** Tells the engine which captures are on the screen, so that they are the last to give way. */
  watchLooks(): void
}

interface Look {
  readonly key: string
  readonly abort: AbortController
}

export function createAttentionLookActions({
  store,
  captures,
  client,
}: StoreContext): AttentionLookActions {
  const looks: [Look | null, Look | null] = [null, null]

  const listen = async (pane: PaneIndex, look: Look) => {
    const shown = selectAttentionRun(store.getState(), captures, pane)
    if (!shown) return
    try {
      const text = capturedTextOf(shown.run, shown.data)
      const events = await client.attention.look(text, {signal: look.abort.signal})
      for await (const _ of events) {
        // It lasts until something else is shown.
      }
    } catch {
      // A picture of it is asked for as well, and says what is wrong.
    } finally {
      // After the engine was started again it has to be told once more.
      if (looks[pane] === look) looks[pane] = null
    }
  }
  const want = (pane: PaneIndex) => {
    const state = store.getState()
    const shown = selectAttentionRun(state, captures, pane)
    const isThere = shown !== null && captures.attentionFacts.peek(shown.run.id) !== undefined
    const key =
      isThere && state.connection === 'connected'
        ? `${shown.run.id}:${shown.data.tokens.length}`
        : null
    if ((looks[pane]?.key ?? null) === key) return
    looks[pane]?.abort.abort()
    looks[pane] = null
    if (key === null) return
    const look: Look = {key, abort: new AbortController()}
    looks[pane] = look
    void listen(pane, look)
  }

  return {
    watchLooks() {
      store.subscribe((state, previous) => {
        const isUnchanged =
          state.runs === previous.runs &&
          state.runStates === previous.runStates &&
          state.attentionGrowth === previous.attentionGrowth &&
          state.panes === previous.panes &&
          state.attentionSlots === previous.attentionSlots &&
          state.connection === previous.connection
        if (isUnchanged) return
        want(0)
        want(1)
      })
    },
  }
}
