import type {Pages, StoreContext} from './context.ts'
import {promptOfRequest} from './prompt.ts'
import type {DocumentState, RunId, View, ViewsState, WorkbenchState} from './state.ts'

const MOST_VIEWS = 200

function viewOf({panes, activePane, locks}: DocumentState, id: number): View {
  const runId = panes[activePane]?.runId ?? null
  return {id, panes, activePane, locked: runId === null ? undefined : locks[runId]}
}

/** The views after going to a new place: what was ahead is forgotten. */
export function pushView(state: ViewsState, document: DocumentState): ViewsState {
  const kept = state.views.slice(0, state.viewIndex + 1)
  const id = (state.views.at(-1)?.id ?? -1) + 1
  const views = [...kept, viewOf(document, id)].slice(-MOST_VIEWS)
  return {views, viewIndex: views.length - 1}
}

/** The views after something changed in the present place. */
export function replaceView(state: ViewsState, document: DocumentState): Partial<ViewsState> {
  const current = state.views[state.viewIndex]
  const view = viewOf(document, current?.id ?? 0)
  if (!current) return {views: [view], viewIndex: 0}
  const isSame =
    current.panes === view.panes &&
    current.activePane === view.activePane &&
    current.locked === view.locked
  if (isSame) return {}
  return {views: state.views.map((other, i) => (i === state.viewIndex ? view : other))}
}

/** The locks with one of them as it was; undefined where none had been chosen. */
function withLock(
  locks: DocumentState['locks'],
  runId: RunId,
  locked: number | null | undefined
): DocumentState['locks'] {
  if (locks[runId] === locked) return locks
  const {[runId]: _, ...others} = locks
  return locked === undefined ? others : {...others, [runId]: locked}
}

export interface ViewActions {
  /** Shows what was shown before; nothing where there is none. */
  goBack(): void
  goForward(): void
  /**
   * What happened while the workspace was opened was nobody's doing: the view as it stands becomes the place
   * to start from, after a reload among those of before. From then on the page's own history is kept in
   * step, so that the browser's Back walks views too.
   */
  watchPages(): void
}

export const canGoBack = ({viewIndex}: ViewsState) => viewIndex > 0
export const canGoForward = ({views, viewIndex}: ViewsState) => viewIndex < views.length - 1

/** The views that this tab had before it was reloaded, where its page is one of them. */
export function restoredViews(
  views: readonly View[] | null,
  pages: Pick<Pages, 'current'> | undefined
): Partial<ViewsState> {
  const id = pages?.current() ?? null
  const viewIndex = views?.findIndex((view) => view.id === id) ?? -1
  return views && viewIndex >= 0 ? {views, viewIndex} : {}
}

export function createViewActions({store, set, change, deps}: StoreContext): ViewActions {
  const isRestored = store.getState().views.length > 0
  let arePagesWatched = false
  const goTo = (index: number) => {
    const state = store.getState()
    const view = state.views[index]
    if (!view || index === state.viewIndex) return
    const isThere = (id: string | null) => state.runs.some((run) => run.id === id)
    // A run that was undone or cleared meanwhile is no place to go back to.
    const panes = view.panes.every(({runId}) => runId === null || isThere(runId))
      ? view.panes
      : view.panes.map((pane) => (isThere(pane.runId) ? pane : {...pane, runId: null}))
    const runId = panes[view.activePane]?.runId ?? null
    const locks = runId === null ? state.locks : withLock(state.locks, runId, view.locked)
    const isBack = index < state.viewIndex
    // The prompt that is seen is the one that the picture is of.
    const isOther = runId !== (state.panes[state.activePane]?.runId ?? null)
    const run = isOther ? state.runs.find(({id}) => id === runId) : undefined
    set({viewIndex: index})
    change(
      isBack ? 'go back' : 'go forward',
      {...(run ? promptOfRequest(run.request) : {}), panes, activePane: view.activePane, locks},
      {view: 'keep'}
    )
  }
  const step = (by: 1 | -1) => {
    const state: WorkbenchState = store.getState()
    const index = state.viewIndex + by
    if (!state.views[index]) return
    if (deps.pages && arePagesWatched) deps.pages.go(by)
    else goTo(index)
  }
  return {
    goBack: () => step(-1),
    goForward: () => step(1),
    watchPages() {
      const {pages} = deps
      if (arePagesWatched) return
      const state = store.getState()
      const id = state.views[state.viewIndex]?.id ?? 0
      const present = viewOf(state, id)
      if (isRestored) {
        set({views: state.views.map((view) => (view.id === id ? present : view))})
      } else set({views: [present], viewIndex: 0})
      arePagesWatched = true
      if (!pages) return
      pages.replace(id)
      store.subscribe(({views}, before) => {
        if (views === before.views) return
        const newest = views.at(-1)?.id ?? 0
        if (newest > (before.views.at(-1)?.id ?? 0)) pages.push(newest)
      })
      pages.onGo((id) => goTo(store.getState().views.findIndex((view) => view.id === id)))
    },
  }
}
