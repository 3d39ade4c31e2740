import {Slider, SliderThumb, SliderTrack} from 'react-aria-components'
import {NumberInput} from './number-input.tsx'
import './controls.css'

export interface SliderFieldProps {
  readonly label: string
  /** Stands for the label where there is no room for it. */
  readonly shortLabel?: string
  readonly value: number
  readonly onChange: (value: number) => void
  /** Ends of the slider; the field takes what `fieldMinimum` and `fieldMaximum` allow. */
  readonly minimum: number
  readonly maximum: number
  readonly step: number
  readonly fieldMinimum: number
  readonly fieldMaximum: number
  readonly format: (value: number) => string
  readonly testId?: string
}

/** Label, slider, number field: three ways to the same value. */
export function SliderField(props: SliderFieldProps) {
  const {label, value, onChange, minimum, maximum, step} = props
  const shown = Math.min(maximum, Math.max(minimum, value))
  const share = ((shown - minimum) / (maximum - minimum)) * 100
  return (
    <div className="slider-pair" data-testid={props.testId}>
      <span className="slider-label" aria-hidden="true">
        <span className="label-long">{label}</span>
        <span className="label-short">{props.shortLabel ?? label}</span>
      </span>
      <Slider
        className="slider"
        aria-label={label}
        value={shown}
        onChange={(next) => onChange(Array.isArray(next) ? next[0]! : next)}
        minValue={minimum}
        maxValue={maximum}
        step={step}
      >
        <SliderTrack className="slider-track">
          <span className="slider-fill" style={{width: `${share}%`}} />
          <SliderThumb className="slider-thumb" />
        </SliderTrack>
      </Slider>
      <NumberInput
        label={`${label}, number`}
        value={value}
        onChange={onChange}
        minimum={props.fieldMinimum}
        maximum={props.fieldMaximum}
        step={step}
        format={props.format}
      />
    </div>
  )
}
