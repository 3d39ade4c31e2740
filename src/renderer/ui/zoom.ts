/**
 * How much larger than the window's pixels an element's own are: the interface grows with the size of its
 * text. Places from `getBoundingClientRect` and of pointers are in the window's pixels, lengths of styles and
 * `clientWidth`, `scrollLeft` in the element's own.
 */
export function zoomOf(element: Element): number {
  return (element as Element & {readonly currentCSSZoom?: number}).currentCSSZoom ?? 1
}

/** Where a pointer is from an element's left top corner, in the element's own pixels. */
export function pointIn(
  element: Element,
  {clientX, clientY}: {readonly clientX: number; readonly clientY: number}
): {readonly xPx: number; readonly yPx: number} {
  const {left, top} = element.getBoundingClientRect()
  const zoom = zoomOf(element)
  return {xPx: (clientX - left) / zoom, yPx: (clientY - top) / zoom}
}
