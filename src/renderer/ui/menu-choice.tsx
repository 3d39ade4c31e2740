import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {Button} from './button.tsx'
import {DownIcon} from './icons.tsx'
import './controls.css'

export interface MenuChoiceProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly {
    readonly value: Value
    readonly text: string
    /** Said at its right, in a few words. */
    readonly note?: string
    readonly isDisabled?: boolean
  }[]
  readonly onChange: (value: Value) => void
  readonly testId?: string
}

/** One of several, of which only the chosen one is in sight. */
export function MenuChoice<Value extends string>(props: MenuChoiceProps<Value>) {
  const {label, value, options, onChange} = props
  const chosen = options.find((option) => option.value === value)
  return (
    <MenuTrigger>
      <Button look="filled" testId={props.testId} aria-label={`${label}: ${chosen?.text ?? value}`}>
        <span>{chosen?.text ?? value}</span> <DownIcon />
      </Button>
      <Popover className="popover" placement="top start" offset={4}>
        <Menu
          className="menu"
          aria-label={label}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[value]}
          disabledKeys={options.filter(({isDisabled}) => isDisabled).map((option) => option.value)}
          onSelectionChange={(keys) => {
            const [key] = keys
            const option = options.find((candidate) => candidate.value === key)
            if (option) onChange(option.value)
          }}
        >
          {options.map((option) => (
            <MenuItem
              key={option.value}
              id={option.value}
              className="menu-item"
              textValue={option.text}
            >
              {({isSelected}) => (
                <>
                  <span className="tick">{isSelected ? '✓' : ''}</span>
                  {option.text}
                  {option.note && <span className="end">{option.note}</span>}
                </>
              )}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
