import {
  type CSSProperties,
  createContext,
  type ReactNode,
  use,
  useEffect,
  useRef,
  useState,
} from 'react'
import {type HintWords, HintWordsContext} from './hint-words.ts'
import {zoomOf} from './zoom.ts'
import './controls.css'

const DELAY_MS = 450
const GAP_PX = 8

interface ShownHint {
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

  const hide = () => {
    clearTimeout(timer.current)
    setHint(null)
  }
  const show = (target: EventTarget, delayMs: number) => {
    clearTimeout(timer.current)
    const element = target instanceof Element ? target.closest('[data-hint]') : null
    const text = element?.getAttribute('data-hint')
    if (!element || !text) {
      setHint(null)
      return
    }
    timer.current = setTimeout(() => {
      const box = (element.closest('[data-hint-place]') ?? element).getBoundingClientRect()
      setHint({
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
    const fromRight = widthPx - left + GAP_PX
    return top + HIGHEST_PX < heightPx
      ? {right: fromRight, top}
      : {right: fromRight, bottom: heightPx - bottom}
  }
  const shownLeft = Math.max(GAP_PX, Math.min(left, widthPx - WIDEST_PX - GAP_PX, right))
  return bottom + HIGHEST_PX < heightPx
    ? {left: shownLeft, top: bottom + GAP_PX / 2}
    : {left: shownLeft, bottom: heightPx - top + GAP_PX / 2}
}
