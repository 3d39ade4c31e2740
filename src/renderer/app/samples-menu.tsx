import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {SAMPLES} from '../store/samples.ts'
import {Button} from '../ui/button.tsx'
import {DownIcon} from '../ui/icons.tsx'
import {useSample} from './prompt-section.tsx'

/** Prompts to start from; choosing one runs it. */
export function SamplesMenu() {
  const runSample = useSample()
  return (
    <MenuTrigger>
      <Button look="plain" testId="samples">
        Samples <DownIcon />
      </Button>
      <Popover className="popover" placement="bottom start" offset={4}>
        <Menu className="menu">
          {SAMPLES.map((sample) => (
            <MenuItem
              key={sample.text}
              id={sample.text}
              className="menu-item tall"
              textValue={sample.text}
              onAction={() => runSample(sample.text)}
            >
              <div className="mono clip">{sample.text.replace(/\n/gu, ' ⏎ ')}</div>
              <div className="small ink-3">{sample.what}</div>
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
