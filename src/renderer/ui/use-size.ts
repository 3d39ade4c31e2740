import {type RefObject, useLayoutEffect, useRef, useState} from 'react'

export interface Size {
  readonly widthPx: number
  readonly heightPx: number
}

/** An element's content box, in whole pixels; zero before it is drawn. */
export function useSize<Element extends HTMLElement>(): [RefObject<Element | null>, Size] {
  const ref = useRef<Element>(null)
  const [size, setSize] = useState<Size>({widthPx: 0, heightPx: 0})
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const measure = () => {
      const style = getComputedStyle(element)
      const horizontal =
        Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.paddingRight)
      const vertical = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom)
      const widthPx = Math.floor(element.clientWidth - horizontal)
      const heightPx = Math.floor(element.clientHeight - vertical)
      setSize((old) =>
        old.widthPx === widthPx && old.heightPx === heightPx ? old : {widthPx, heightPx}
      )
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, size]
}

/** Whether a media query holds. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useLayoutEffect(() => {
    const list = matchMedia(query)
    const listen = () => setMatches(list.matches)
    listen()
    list.addEventListener('change', listen)
    return () => list.removeEventListener('change', listen)
  }, [query])
  return matches
}
