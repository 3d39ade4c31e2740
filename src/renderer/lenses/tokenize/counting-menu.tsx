import {DialogTrigger, Popover} from 'react-aria-components'
import {Button} from '../../ui/button.tsx'
import {Check} from '../../ui/check.tsx'
import {Choice} from '../../ui/choice.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

/** How the text is cut and what is counted of it. */
export function CountingMenu() {
  const {changeTokenizerChoices} = useActions()
  const choices = useWorkbenchState((state) => state.tokenizerChoices)
  const {wordRule, areSpecialsParsed, hasInserted, price, contextLength} = choices
  return (
    <DialogTrigger>
      <Button look="filled" testId="counting">
        Counting <DownIcon />
      </Button>
      <Popover
        className="popover popover-body"
        aria-label="Counting"
        placement="top start"
        offset={4}
      >
        <div className="filter-form">
          <div className="form-row">
            <span className="form-label">words by</span>
            <Choice
              label="What a word is"
              value={wordRule}
              options={[
                {value: 'whitespace', text: 'white space'},
                {value: 'uax29', text: 'Unicode (UAX #29)'},
              ]}
              onChange={(rule) => changeTokenizerChoices({wordRule: rule})}
            />
          </div>
          <div className="form-row">
            <span className="form-label">specials</span>
            <Choice
              label="Text that looks like a special token"
              value={areSpecialsParsed ? 'control' : 'text'}
              options={[
                {value: 'text', text: 'as text'},
                {value: 'control', text: 'as control'},
              ]}
              onChange={(value) => changeTokenizerChoices({areSpecialsParsed: value === 'control'})}
            />
          </div>
          <Check
            isOn={hasInserted}
            onChange={(isOn) => changeTokenizerChoices({hasInserted: isOn})}
          >
            show what tokenizers put around a text
          </Check>
          <div className="form-row">
            <span className="form-label">window of</span>
            <NumberInput
              label="Tokens that a context window holds, 0 for none"
              value={contextLength ?? 0}
              onChange={(value) =>
                changeTokenizerChoices({contextLength: value === 0 ? null : value})
              }
              minimum={0}
              maximum={100_000_000}
              step={1024}
              isWhole
              format={(value) => (value === 0 ? '—' : String(value))}
              widthPx={84}
            />
            <span className="ink-3">tokens</span>
          </div>
          <div className="form-row">
            <span className="form-label">price of</span>
            <NumberInput
              label="Price of a million tokens, 0 for none"
              value={price ?? 0}
              onChange={(value) => changeTokenizerChoices({price: value === 0 ? null : value})}
              minimum={0}
              maximum={1_000_000}
              step={0.1}
              format={(value) => (value === 0 ? '—' : String(value))}
              widthPx={84}
            />
            <span className="ink-3">a million tokens, in any currency</span>
          </div>
        </div>
      </Popover>
    </DialogTrigger>
  )
}
