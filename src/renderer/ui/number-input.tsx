import {useEffect, useRef, useState} from 'react'
import {zoomOf} from './zoom.ts'
import './controls.css'

export interface NumberInputProps {
  readonly label: string
  readonly value: number
  readonly onChange: (value: number) => void
  readonly minimum: number
  readonly maximum: number
  readonly step: number
  readonly format?: (value: number) => string
  readonly isWhole?: boolean
  readonly widthPx?: number
}

const LIMIT_MS = 4000

interface ShownLimit {
  readonly text: string
  readonly leftPx: number
  readonly bottomPx: number
}

/** A number that is typed: taken at Enter, when left, and by the arrow keys; a slip is put back, and an end that was passed is said. */
export function NumberInput(props: NumberInputProps) {
  const {label, value, onChange, minimum, maximum, step, isWhole} = props
  const [draft, setDraft] = useState<string | null>(null)
  const [limit, setLimit] = useState<ShownLimit | null>(null)
  const ref = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (!limit) return
    const timer = setTimeout(() => setLimit(null), LIMIT_MS)
    return () => clearTimeout(timer)
  }, [limit])
  const format = props.format ?? String
  const take = (number: number) => {
    if (!Number.isFinite(number)) return
    const clamped = Math.min(maximum, Math.max(minimum, isWhole ? Math.round(number) : number))
    if ((number < minimum || number > maximum) && ref.current) {
      const box = ref.current.getBoundingClientRect()
      const text = number < minimum ? `at least ${minimum}` : `at most ${maximum}`
      const zoom = zoomOf(ref.current)
      const bottomPx = (window.innerHeight - box.top) / zoom + 6
      setLimit({text, leftPx: box.left / zoom, bottomPx})
    } else setLimit(null)
    // Steps of 0.05 add up to 0.15000000000000002 otherwise.
    onChange(Math.round(clamped * 1e6) / 1e6)
  }
  const commit = () => {
    if (draft !== null && draft.trim() !== '') take(Number(draft.replace(',', '.')))
    setDraft(null)
  }
  return (
    <span className="number-place">
      <input
        ref={ref}
        className={`field number-field ${limit ? 'clamped' : ''}`}
        aria-label={label}
        inputMode="decimal"
        style={props.widthPx ? {width: props.widthPx} : undefined}
        value={draft ?? format(value)}
        onChange={(event) => setDraft(event.target.value)}
        onFocus={(event) => event.target.select()}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit()
          else if (event.key === 'Escape') setDraft(null)
          else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
            event.preventDefault()
            setDraft(null)
            take(value + (event.key === 'ArrowUp' ? step : -step))
          }
        }}
      />
      {limit && (
        <span
          className="tooltip floating"
          role="status"
          style={{left: limit.leftPx, bottom: limit.bottomPx}}
        >
          {limit.text}
        </span>
      )}
    </span>
  )
}
