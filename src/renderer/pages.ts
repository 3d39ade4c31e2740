import type {Pages} from './store/context.ts'

/** The hash of a page that was opened by a link. */
const isLinkHash = (hash: string) => /^#v\d+\./u.test(hash)

/** A link in the address opened a page of its own in the browser's history; its view takes that page. */
let isLinkPage = false

function viewIdOf(state: unknown): number | null {
  const viewId = (state as {viewId?: unknown} | null)?.viewId
  return typeof viewId === 'number' ? viewId : null
}

/** The browser's own history of pages, so that its Back and Forward walk the views. */
export const browserPages: Pages = {
  current: () => viewIdOf(history.state),
  replace: (viewId) => history.replaceState({viewId}, ''),
  push(viewId) {
    if (isLinkPage) history.replaceState({viewId}, '')
    else history.pushState({viewId}, '')
    isLinkPage = false
  },
  go: (delta) => history.go(delta),
  onGo(listener) {
    window.addEventListener('popstate', ({state}) => {
      const viewId = viewIdOf(state)
      if (viewId !== null) listener(viewId)
    })
  },
}

/**
 * Opens links that stand in the address: at the start, and when one is put there later. The address is
 * cleared at once, so that a reload brings back the workspace and not the link.
 */
export function watchAddress(openLink: (text: string) => Promise<boolean>): void {
  const take = (isNewPage: boolean) => {
    const {hash} = location
    if (!isLinkHash(hash)) return
    history.replaceState(history.state, '', location.pathname + location.search)
    isLinkPage = isNewPage
    void openLink(hash).then((isOpened) => {
      if (!isOpened) isLinkPage = false
    })
  }
  take(false)
  window.addEventListener('hashchange', () => take(true))
}
