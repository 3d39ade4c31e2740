import {useState} from 'react'
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

/** A number that is typed: taken at Enter, when left, and by the arrow keys; a slip is put back. */
export function NumberInput(props: NumberInputProps) {
  const {label, value, onChange, minimum, maximum, step, isWhole} = props
  const [draft, setDraft] = useState<string | null>(null)
  const format = props.format ?? String
  const take = (number: number) => {
    if (!Number.isFinite(number)) return
    const clamped = Math.min(maximum, Math.max(minimum, isWhole ? Math.round(number) : number))
    // Steps of 0.05 add up to 0.15000000000000002 otherwise.
    onChange(Math.round(clamped * 1e6) / 1e6)
  }
  const commit = () => {
    if (draft !== null && draft.trim() !== '') take(Number(draft.replace(',', '.')))
    setDraft(null)
  }
  return (
    <input
      className="field number-field"
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
  )
}
