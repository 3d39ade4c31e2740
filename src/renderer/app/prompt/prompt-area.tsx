import {useEffect, useRef} from 'react'
import {useActions} from '../../lenses/use-workbench.ts'
import {normalizedLineEnds, withEdit} from '../../store/line-ends.ts'
import './prompt.css'

/** A stretch of the shown text, in UTF-16 units. */
export interface FoundSpan {
  readonly from: number
  readonly to: number
}

export interface PromptAreaProps {
  /** Index of the chat's turn; null for the plain prompt. */
  readonly turn: number | null
  /** As it is kept, line ends and all. */
  readonly text: string
  readonly onText: (text: string) => void
  readonly label: string
  readonly placeholder?: string
  readonly found: readonly FoundSpan[]
  /** The match that find stands on. */
  readonly current: FoundSpan | null
  readonly isShort?: boolean
  readonly testId: string
  readonly onKeyDown?: (event: React.KeyboardEvent<HTMLTextAreaElement>) => void
}

/** Marks behind longer texts would cost more than they show. */
const MOST_MARKED_CHARS = 100_000
/** Longer texts have the full height: finding out how high they are would take longer than typing. */
const MOST_GROWING_CHARS = 10_000

/**
 * A text area that grows with its text, marks what is found in it, and takes in no more than it can
 * stand: a text too large is refused before the browser lays it out.
 */
export function PromptArea(props: PromptAreaProps) {
  const {turn, text, onText, found, current} = props
  const {refuseText} = useActions()
  const area = useRef<HTMLTextAreaElement>(null)
  const mirror = useRef<HTMLDivElement>(null)
  const shown = normalizedLineEnds(text)

  const refuses = (incoming: string, how: 'paste' | 'drop') => {
    const {selectionStart = 0, selectionEnd = 0} = area.current ?? {}
    return refuseText(incoming, {turn, from: selectionStart, to: selectionEnd}, how)
  }
  useEffect(() => {
    const element = area.current
    if (!element) return
    // What comes by neither paste nor drop: an input method, a spelling service, an extension.
    const listen = (event: InputEvent) => {
      if ((event.data?.length ?? 0) > 1000 && refuses(event.data!, 'paste')) event.preventDefault()
    }
    element.addEventListener('beforeinput', listen)
    return () => element.removeEventListener('beforeinput', listen)
  })
  useEffect(() => {
    const element = area.current
    if (!element || !current) return
    const before = document.activeElement
    element.setSelectionRange(current.from, current.to)
    // Focusing is what scrolls a selection into sight.
    element.blur()
    element.focus()
    if (before instanceof HTMLElement && before !== element) before.focus()
    if (mirror.current) mirror.current.scrollTop = element.scrollTop
  }, [current])

  const isLarge = shown.length > MOST_GROWING_CHARS
  const isMarked = found.length > 0 && shown.length <= MOST_MARKED_CHARS
  return (
    <div className="prompt-area">
      {isMarked && (
        <div ref={mirror} className="prompt-text prompt-mirror" aria-hidden="true">
          <Marked text={shown} found={found} current={current} />
        </div>
      )}
      <textarea
        ref={area}
        className={`prompt-text ${props.isShort ? 'short' : ''} ${isLarge ? 'large' : ''}`}
        aria-label={props.label}
        placeholder={props.placeholder}
        spellCheck={false}
        data-document-text=""
        value={shown}
        data-testid={props.testId}
        onChange={(event) => onText(withEdit(text, event.target.value))}
        onPaste={(event) => {
          if (refuses(event.clipboardData.getData('text/plain'), 'paste')) event.preventDefault()
        }}
        onDrop={(event) => {
          if ([...event.dataTransfer.types].includes('Files')) return
          if (refuses(event.dataTransfer.getData('text/plain'), 'drop')) event.preventDefault()
        }}
        onKeyDown={props.onKeyDown}
        onScroll={(event) => {
          if (mirror.current) mirror.current.scrollTop = event.currentTarget.scrollTop
        }}
      />
    </div>
  )
}

interface MarkedProps {
  readonly text: string
  readonly found: readonly FoundSpan[]
  readonly current: FoundSpan | null
}

function Marked({text, found, current}: MarkedProps) {
  let end = 0
  return (
    <>
      {found.map((span) => {
        const before = text.slice(end, span.from)
        end = span.to
        return (
          <span key={span.from}>
            {before}
            <mark className={span.from === current?.from ? 'on' : ''}>
              {text.slice(span.from, span.to)}
            </mark>
          </span>
        )
      })}
      {text.slice(end)}
      {/* A line end at the end has height in a text area, and none in a block. */}
      {'\n'}
    </>
  )
}
