import {Button} from './button.tsx'
import {NumberInput} from './number-input.tsx'
import './controls.css'

export interface StepperProps {
  readonly label: string
  readonly value: number
  readonly maximum: number
  readonly onChange: (value: number) => void
  readonly testId?: string
}

/** A whole number from 0, with a step back and forth: `layer ◂ 3 ▸`. */
export function Stepper({label, value, maximum, onChange, testId}: StepperProps) {
  return (
    <div className="stepper" data-testid={testId}>
      <span className="stepper-label" aria-hidden="true">
        {label}
      </span>
      <Button
        look="icon"
        className="stepper-step"
        aria-label={`Previous ${label}`}
        isDisabled={value <= 0}
        onPress={() => onChange(value - 1)}
      >
        <svg width="8" height="8" aria-hidden="true">
          <path d="M6 1v6L2 4z" fill="currentColor" />
        </svg>
      </Button>
      <NumberInput
        label={label}
        value={value}
        onChange={onChange}
        minimum={0}
        maximum={maximum}
        step={1}
        isWhole
        widthPx={34}
      />
      <Button
        look="icon"
        className="stepper-step"
        aria-label={`Next ${label}`}
        isDisabled={value >= maximum}
        onPress={() => onChange(value + 1)}
      >
        <svg width="8" height="8" aria-hidden="true">
          <path d="M2 1v6l4-3z" fill="currentColor" />
        </svg>
      </Button>
    </div>
  )
}
