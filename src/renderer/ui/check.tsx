import type {ReactNode} from 'react'
import {Checkbox} from 'react-aria-components'
import './controls.css'

export interface CheckProps {
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
  readonly children: ReactNode
  readonly isDisabled?: boolean
}

export function Check({isOn, onChange, children, isDisabled}: CheckProps) {
  return (
    <Checkbox className="check" isSelected={isOn} onChange={onChange} isDisabled={isDisabled}>
      <span className="check-box" aria-hidden="true">
        {isOn && (
          <svg width="10" height="10" aria-hidden="true">
            <path d="M1.5 5l2.5 2.5 4.5-5" fill="none" stroke="currentColor" strokeWidth="1.5" />
          </svg>
        )}
      </span>
      {children}
    </Checkbox>
  )
}
