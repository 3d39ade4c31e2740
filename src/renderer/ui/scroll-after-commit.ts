/**
 * Scrolls an element once React has put everything into the page, still before the frame is drawn. Scrolling has
 * the whole page laid out, and what is laid out in the middle of a commit is laid out again after it.
 */
export function scrollAfterCommit(element: Element, to: ScrollToOptions): void {
  queueMicrotask(() => element.scrollTo({...to, behavior: 'instant'}))
}
