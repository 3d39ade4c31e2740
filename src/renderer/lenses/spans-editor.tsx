import {useMemo, useRef, useState} from 'react'
import {hexOfBytes} from '../../shared/domain/token.ts'
import {formatCount} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {bytesOfSequence, textOfSequence} from '../../shared/units/sequence-text.ts'
import type {ByteSpan} from '../../shared/units/unit-choice.ts'
import {selectDrawnSpans} from '../store/unit.ts'
import {Button} from '../ui/button.tsx'
import {CloseIcon} from '../ui/icons.tsx'
import {usePaneRunId} from './use-pane.ts'
import {useRunData} from './use-tokens.ts'
import {useActions, useWorkbenchState} from './use-workbench.ts'

/** More than this is not put into a field for selecting in. */
const MOST_TEXT = 200_000
/** Bytes of a span that its name shows. */
const SHOWN_BYTES = 48

/** The spans that were drawn, and a place to draw one by characters instead of tokens. */
export function SpansEditor() {
  const {removeDrawnSpan, clearDrawnSpans} = useActions()
  const runId = usePaneRunId()
  const data = useRunData()
  const spans = useWorkbenchState((state) => ({all: selectDrawnSpans(state, runId)})).all
  const bytes = useMemo(() => (data ? bytesOfSequence(data).bytes : new Uint8Array()), [data])
  return (
    <div className="unit-details">
      <div className="small ink-2">
        Drag over tokens in the text or the strip, or stretch a span from the locked token by Shift
        and the arrow keys and keep it by Enter.
      </div>
      {spans.length > 0 && (
        <ol className="span-list" aria-label="Drawn spans">
          {spans.map((span, index) => (
            <li key={span.byteStart}>
              <span className="span-number">{index + 1}</span>
              <span className="mono clip">{spanName(bytes, span)}</span>
              <span className="small ink-3">
                bytes {formatCount(span.byteStart)} to {formatCount(span.byteEnd)}
              </span>
              <Button
                look="icon"
                aria-label={`Remove span ${index + 1}`}
                onPress={() => removeDrawnSpan(index, runId)}
              >
                <CloseIcon />
              </Button>
            </li>
          ))}
        </ol>
      )}
      {data && data.text.length <= MOST_TEXT && <CharacterSpans />}
      {spans.length > 0 && (
        <Button look="edge" onPress={() => clearDrawnSpans(runId)} testId="clear-spans">
          Clear all
        </Button>
      )}
    </div>
  )
}

/** What a span covers, as tokens are written. */
function spanName(bytes: Uint8Array, {byteStart, byteEnd}: ByteSpan): string {
  const end = Math.min(byteEnd, byteStart + SHOWN_BYTES)
  const name = plainGlyphs({bytesHex: hexOfBytes(bytes.subarray(byteStart, end)), isSpecial: false})
  return end < byteEnd ? `${name}…` : name
}

/** The text itself: what is selected in it becomes a span, at any character. */
function CharacterSpans() {
  const {drawSpan} = useActions()
  const runId = usePaneRunId()
  const data = useRunData()
  const ref = useRef<HTMLTextAreaElement>(null)
  const [selected, setSelected] = useState<ByteSpan | null>(null)
  const decoded = useMemo(() => (data ? textOfSequence(data) : null), [data])
  if (!decoded) return null
  const look = () => {
    const {selectionStart = 0, selectionEnd = 0} = ref.current ?? {}
    const byteStart = decoded.byteOf[selectionStart] ?? 0
    const byteEnd = decoded.byteOf[selectionEnd] ?? 0
    setSelected(byteEnd > byteStart ? {byteStart, byteEnd} : null)
  }
  const keep = () => {
    if (selected) drawSpan(selected, runId)
  }
  return (
    <>
      <textarea
        ref={ref}
        className="field mono span-text"
        aria-label="Text of this run, to select a span in"
        readOnly
        spellCheck={false}
        value={decoded.text}
        data-testid="span-text"
        onSelect={look}
        onKeyUp={look}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          keep()
        }}
      />
      <Button look="edge" isDisabled={selected === null} onPress={keep} testId="add-span">
        {selected
          ? `Add bytes ${formatCount(selected.byteStart)} to ${formatCount(selected.byteEnd)}`
          : 'Select some of the text'}
        <kbd>⏎</kbd>
      </Button>
    </>
  )
}
