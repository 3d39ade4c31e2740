import {type RefObject, useLayoutEffect, useRef} from 'react'

/**
 * Tightens a row until nothing in it is pushed off: `data-fit` on it goes from 0 (the roomiest) to
 * `mostSteps`, and back as soon as there is room. Measured whenever the row is rendered, its width or
 * its content changes, and when the typefaces have come. The row must not wrap.
 */
export function useFit<Element extends HTMLElement>(mostSteps: number): RefObject<Element | null> {
  const ref = useRef<Element>(null)
  const fit = () => {
    const element = ref.current
    if (!element) return
    for (let step = 0; step <= mostSteps; step++) {
      element.dataset.fit = String(step)
      if (element.scrollWidth <= element.clientWidth) return
    }
  }
  useLayoutEffect(fit)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it reads nothing but the element.
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const sizes = new ResizeObserver(fit)
    sizes.observe(element)
    // Parts of the row render by themselves.
    const content = new MutationObserver(fit)
    content.observe(element, {subtree: true, childList: true, characterData: true})
    void document.fonts.ready.then(fit)
    return () => {
      sizes.disconnect()
      content.disconnect()
    }
  }, [])
  return ref
}
