import {Button as AriaButton, type ButtonProps as AriaButtonProps} from 'react-aria-components'
import './controls.css'

export interface ButtonProps extends Omit<AriaButtonProps, 'className'> {
  /** `edge` has an outline, `filled` a ground, `plain` nothing at all. */
  readonly look?: 'quiet' | 'edge' | 'filled' | 'primary' | 'icon' | 'plain'
  readonly className?: string
  readonly testId?: string
}

export function Button({look = 'quiet', className = '', testId, ...props}: ButtonProps) {
  return <AriaButton {...props} className={`button ${look} ${className}`} data-testid={testId} />
}
