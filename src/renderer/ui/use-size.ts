import {type RefObject, useLayoutEffect, useRef, useState} from 'react'
import {flushSync} from 'react-dom'
import {onPageZoom, pageZoom} from './page-zoom.ts'

/** Below this height of the window nothing stands that could scroll instead. */
export const FLAT_PX = 480

export interface Size {
  readonly widthPx: number
  readonly heightPx: number
}

export interface SizeOptions {
  /**
   * To measure at once has the whole page laid out once more: what can do without its size in its first frame
   * says so.
   */
  readonly isLater?: boolean
  /**
   * A name for what stands in this place. The size that it had there last is taken at first, and put right
   * before it is painted where it is another now.
   */
  readonly place?: string
}

/** By place, for as long as the window stays as it is. */
const lastSizes = new Map<string, Size>()
let isWindowWatched = false

/** An element's content box, in whole pixels; zero before it is drawn. */
export function useSize<Element extends HTMLElement>({
  isLater = false,
  place,
}: SizeOptions = {}): [RefObject<Element | null>, Size] {
  const ref = useRef<Element>(null)
  const [size, setSize] = useState<Size>(
    () => lastSizes.get(place ?? '') ?? {widthPx: 0, heightPx: 0}
  )
  const [sizedPlace, setSizedPlace] = useState(place)
  if (sizedPlace !== place) {
    setSizedPlace(place)
    const last = lastSizes.get(place ?? '')
    if (last) setSize(last)
  }
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const measure = () => {
      // What was taken off the page has no style, and its size is told once more.
      if (!element.isConnected) return
      const style = getComputedStyle(element)
      const horizontal =
        Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.paddingRight)
      const vertical = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom)
      const widthPx = Math.floor(element.clientWidth - horizontal)
      const heightPx = Math.floor(element.clientHeight - vertical)
      if (place !== undefined) lastSizes.set(place, {widthPx, heightPx})
      setSize((old) =>
        old.widthPx === widthPx && old.heightPx === heightPx ? old : {widthPx, heightPx}
      )
    }
    if (!isWindowWatched) {
      isWindowWatched = true
      addEventListener('resize', () => lastSizes.clear())
      onPageZoom(() => lastSizes.clear())
    }
    if (!isLater && !lastSizes.has(place ?? '')) measure()
    // Called before the first frame is painted, when everything has been laid out anyway.
    const observer = new ResizeObserver(() => flushSync(measure))
    observer.observe(element)
    return () => observer.disconnect()
  }, [isLater, place])
  return [ref, size]
}

// The browser knows nothing of the interface's size: what is asked in its pixels is asked in the window's.
const listOf = (query: string) =>
  matchMedia(query.replace(/([\d.]+)px/gu, (_, px) => `${Number(px) * pageZoom()}px`))

/** Whether a media query holds; its lengths are pixels of the interface. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => listOf(query).matches)
  useLayoutEffect(() => {
    let list = listOf(query)
    const listen = () => setMatches(list.matches)
    const follow = () => {
      list.removeEventListener('change', listen)
      list = listOf(query)
      list.addEventListener('change', listen)
      listen()
    }
    follow()
    const stop = onPageZoom(follow)
    return () => {
      stop()
      list.removeEventListener('change', listen)
    }
  }, [query])
  return matches
}

/** Calls back with the window's inner size in pixels of the interface, at once and whenever it changes. */
export function useWindowSize(onSize: (widthPx: number, heightPx: number) => void): void {
  const last = useRef(onSize)
  last.current = onSize
  useLayoutEffect(() => {
    const tell = () =>
      last.current(Math.floor(innerWidth / pageZoom()), Math.floor(innerHeight / pageZoom()))
    tell()
    addEventListener('resize', tell)
    const stop = onPageZoom(tell)
    return () => {
      removeEventListener('resize', tell)
      stop()
    }
  }, [])
}
