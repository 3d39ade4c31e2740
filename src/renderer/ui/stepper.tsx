import {memo, type ReactNode, useCallback, useRef} from 'react'
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
export function Stepper(props: StepperProps) {
  const {label, value, maximum, onChange, testId} = props
  const latest = useRef(props)
  latest.current = props
  const back = useCallback(() => latest.current.onChange(latest.current.value - 1), [])
  const forth = useCallback(() => latest.current.onChange(latest.current.value + 1), [])
  return (
    <div className="stepper" data-testid={testId}>
      <span className="stepper-label" aria-hidden="true">
        {label}
      </span>
      <StepButton name={`Previous ${label}`} isDisabled={value <= 0} onPress={back}>
        {BACK}
      </StepButton>
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
      <StepButton name={`Next ${label}`} isDisabled={value >= maximum} onPress={forth}>
        {FORTH}
      </StepButton>
    </div>
  )
}

const BACK = arrow('M6 1v6L2 4z')
const FORTH = arrow('M2 1v6l4-3z')

function arrow(path: string) {
  return (
    <svg width="8" height="8" aria-hidden="true">
      <path d={path} fill="currentColor" />
    </svg>
  )
}

interface StepButtonProps {
  readonly name: string
  readonly isDisabled: boolean
  readonly onPress: () => void
  readonly children: ReactNode
}

/** Kept while a key flips through the values: only at an end it becomes another. */
const StepButton = memo(function StepButton(props: StepButtonProps) {
  const {name, isDisabled, onPress, children} = props
  return (
    <Button
      look="icon"
      className="stepper-step"
      aria-label={name}
      isDisabled={isDisabled}
      onPress={onPress}
    >
      {children}
    </Button>
  )
})
