/**
 * How much larger the interface is than it is drawn for: `--text-zoom` on the document, which the size of the
 * text decides. Media queries and `innerWidth` know nothing of it.
 */
export function pageZoom(): number {
  const value = Number(document.documentElement.style.getPropertyValue('--text-zoom'))
  return value > 0 ? value : 1
}

const listeners = new Set<() => void>()
let observer: MutationObserver | null = null

/** Calls back after every change; returns the way to stop it. */
export function onPageZoom(listener: () => void): () => void {
  if (!observer) {
    let last = pageZoom()
    observer = new MutationObserver(() => {
      if (pageZoom() === last) return
      last = pageZoom()
      for (const each of listeners) each()
    })
    observer.observe(document.documentElement, {attributes: true, attributeFilter: ['style']})
  }
  listeners.add(listener)
  return () => listeners.delete(listener)
}
