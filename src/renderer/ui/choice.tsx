import {ToggleButton, ToggleButtonGroup} from 'react-aria-components'
import './controls.css'

export interface ChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly {readonly value: Value; readonly text: string}[]
  readonly onChange: (value: Value) => void
}

/** One of a few, all of them in sight. */
export function Choice<Value extends string>(props: ChoiceProps<Value>) {
  return (
    <ToggleButtonGroup
      className="choices"
      aria-label={props.label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[props.value]}
      onSelectionChange={(keys) => {
        const [chosen] = keys
        const option = props.options.find(({value}) => value === chosen)
        if (option) props.onChange(option.value)
      }}
    >
      {props.options.map(({value, text}) => (
        <ToggleButton key={value} id={value} className="choice">
          {text}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  )
}
