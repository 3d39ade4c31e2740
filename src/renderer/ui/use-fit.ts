import {type RefObject, useLayoutEffect, useRef, useState} from 'react'

/**
 * How many steps of tightening a row needs so that nothing in it is pushed off: from 0 to `mostSteps`.
 * The row is measured again whenever its width or its content changes.
 */
export function useFit<Element extends HTMLElement>(
  mostSteps: number,
  content: unknown
): [RefObject<Element | null>, number] {
  const ref = useRef<Element>(null)
  const [step, setStep] = useState(0)
  const [widthPx, setWidthPx] = useState(0)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidthPx(element.clientWidth))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  // Each new width or content starts from the roomiest.
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what it answers to.
  useLayoutEffect(() => setStep(0), [widthPx, content])
  useLayoutEffect(() => {
    const element = ref.current
    if (element && element.scrollWidth > element.clientWidth && step < mostSteps) setStep(step + 1)
  })
  return [ref, step]
}
