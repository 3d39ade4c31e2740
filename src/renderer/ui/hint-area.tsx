import {
  type CSSProperties,
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import {type HintWords, HintWordsContext} from './hint-words.ts'
import {zoomOf} from './zoom.ts'
import './controls.css'

const DELAY_MS = 450
const GAP_PX = 8

interface ShownHint {
  /** What it is about: it goes when that does. */
  readonly element: Element
  readonly words: HintWords
  readonly more: string | null
  readonly style: CSSProperties
}

/**
 * One tooltip for a whole list: whatever inside has `data-hint` (a key of a definition, or a sentence) shows
 * it when it is pointed at or focused: at its left, or under it where there is no room and under the heads
 * of columns and of what has `data-hint-under`. `data-hint-more` is added to it. A tooltip a row would cost more than the rows. The frame is
 * one; what stands over it has its own.
 */
export function HintArea({children}: {readonly children: ReactNode}) {
  // One in another would show everything twice: the outer one hears what happens in the inner.
  if (use(InHintArea)) return <div className="hint-area">{children}</div>
  return (
    <InHintArea value={true}>
      <ListeningArea>{children}</ListeningArea>
    </InHintArea>
  )
}

const InHintArea = createContext(false)

function ListeningArea({children}: {readonly children: ReactNode}) {
  const [hint, setHint] = useState<ShownHint | null>(null)
  const wordsOf = use(HintWordsContext)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  const hide = useCallback(() => {
    clearTimeout(timer.current)
    setHint(null)
  }, [])
  const element = hint?.element
  useLayoutEffect(() => (element ? watchElement(element, hide) : undefined), [element, hide])
  const show = (target: EventTarget, delayMs: number) => {
    clearTimeout(timer.current)
    const element = target instanceof Element ? target.closest('[data-hint]') : null
    const text = element?.getAttribute('data-hint')
    if (!element || !text) {
      setHint(null)
      return
    }
    timer.current = setTimeout(() => {
      // Whatever was to be told about may be gone by now.
      if (!isInReach(element)) return setHint(null)
      const box = (element.closest('[data-hint-place]') ?? element).getBoundingClientRect()
      setHint({
        element,
        words: wordsOf(text),
        more: element.getAttribute('data-hint-more'),
        style: placeBeside(
          box,
          element.tagName === 'TH' || element.closest('[data-hint-under]') !== null,
          zoomOf(element)
        ),
      })
    }, delayMs)
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only listens to what its children do.
    <div
      className="hint-area"
      onPointerOver={(event) => show(event.target, hint ? 0 : DELAY_MS)}
      onPointerLeave={hide}
      onPointerDown={hide}
      onContextMenu={hide}
      onFocus={(event) => {
        if (event.target.matches(':focus-visible')) show(event.target, 0)
      }}
      onBlur={hide}
      onKeyDown={(event) => {
        if (event.key === 'Escape') hide()
      }}
    >
      {children}
      {hint && (
        <HintBox style={hint.style}>
          <HintText words={hint.words} more={hint.more} />
        </HintBox>
      )}
    </div>
  )
}

/** Not taken away, not hidden and not behind a dialog. */
function isInReach(element: Element): boolean {
  return (
    element.isConnected &&
    element.closest('[inert], [aria-hidden="true"]') === null &&
    element.checkVisibility()
  )
}

const OVERLAYS = '[role=dialog], [role=alertdialog], [role=menu], dialog[open]'

/**
 * Calls back once a hint about an element has to go: the element leaves the page or the focus, another
 * thing opens over it, Escape is pressed or the window gets another size. Not all of these are told to
 * what stands around the element. Answers what stops it.
 */
function watchElement(element: Element, onGone: () => void): () => void {
  const open = new Set(document.querySelectorAll(OVERLAYS))
  const look = () => {
    const hasNew = [...document.querySelectorAll(OVERLAYS)].some(
      (overlay) => !open.has(overlay) && !overlay.contains(element)
    )
    if (hasNew || !isInReach(element)) onGone()
  }
  const observer = new MutationObserver(look)
  observer.observe(document, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ['inert', 'aria-hidden', 'open', 'hidden'],
  })
  const onFocusOut = ({target}: FocusEvent) => {
    if (target instanceof Node && element.contains(target)) onGone()
  }
  const onKey = ({key}: KeyboardEvent) => {
    if (key === 'Escape') onGone()
  }
  document.addEventListener('focusout', onFocusOut)
  document.addEventListener('keydown', onKey, true)
  window.addEventListener('resize', onGone)
  window.addEventListener('blur', onGone)
  look()
  return () => {
    observer.disconnect()
    document.removeEventListener('focusout', onFocusOut)
    document.removeEventListener('keydown', onKey, true)
    window.removeEventListener('resize', onGone)
    window.removeEventListener('blur', onGone)
  }
}

/** Over everything, whichever element it is about: an ancestor that scrolls or grows does not move it. */
function HintBox({style, children}: {readonly style: CSSProperties; readonly children: ReactNode}) {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    ref.current?.showPopover()
  }, [])
  return (
    <div ref={ref} className="tooltip floating" role="tooltip" popover="manual" style={style}>
      {children}
    </div>
  )
}

export interface HintTextProps {
  readonly words: HintWords
  readonly more?: string | null
}

/** The inside of every hint. */
export function HintText({words, more}: HintTextProps) {
  return (
    <>
      {words.text}
      {more && ` ${more}`}
      {words.note !== null && <span className="tooltip-note">{words.note}</span>}
    </>
  )
}

/** Widest a hint gets, in pixels; see the tooltip's style. */
const WIDEST_PX = 300
/** A hint of the longest definition; one that would not fit below is moved up by what is missing. */
const HIGHEST_PX = 150

/** In the pixels of an element that is drawn larger or smaller than the window's. */
function placeBeside(box: DOMRect, isUnder: boolean, zoom: number): CSSProperties {
  const [left, right, top, bottom] = [box.left, box.right, box.top, box.bottom].map(
    (place) => place / zoom
  ) as [number, number, number, number]
  const widthPx = window.innerWidth / zoom
  const heightPx = window.innerHeight / zoom
  if (left > WIDEST_PX + 2 * GAP_PX && !isUnder) {
    // An element may be scrolled out of the window at any side.
    const mostPx = widthPx - WIDEST_PX - GAP_PX
    const right = Math.max(GAP_PX, Math.min(widthPx - left + GAP_PX, mostPx))
    return top + HIGHEST_PX < heightPx
      ? {right, top: Math.max(GAP_PX, top)}
      : {right, bottom: Math.max(GAP_PX, heightPx - bottom)}
  }
  const shownLeft = Math.max(GAP_PX, Math.min(left, widthPx - WIDEST_PX - GAP_PX, right))
  return bottom + HIGHEST_PX < heightPx
    ? {left: shownLeft, top: Math.max(GAP_PX, bottom + GAP_PX / 2)}
    : {left: shownLeft, bottom: Math.max(GAP_PX, heightPx - top + GAP_PX / 2)}
}
