import {Menu, MenuItem, MenuTrigger, Popover} from 'react-aria-components'
import {SAMPLES} from '../../../shared/samples/samples.ts'
import {LENSES} from '../../lenses/registry.ts'
import {useActions} from '../../lenses/use-workbench.ts'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'

const titleOfLens = (lens: string) => LENSES.find(({id}) => id === lens)?.title ?? lens

/** Prompts to start from, each with what it shows; choosing one runs it. */
export function SamplesMenu() {
  const {runSample} = useActions()
  return (
    <MenuTrigger>
      <Button look="plain" testId="samples">
        Samples <DownIcon />
      </Button>
      <Popover className="popover" placement="bottom start" offset={4}>
        <Menu className="menu" aria-label="Samples">
          {SAMPLES.map((sample) => (
            <MenuItem
              key={sample.id}
              id={sample.id}
              className="menu-item tall"
              textValue={sample.title}
              onAction={() => runSample(sample)}
            >
              <div className="item-head">
                <span>
                  {sample.title}: <span className="ink-2">{sample.claim.name}</span>
                </span>
                <span className="end ink-3">{titleOfLens(sample.lens)}</span>
              </div>
              <div className="small mono clip ink-3">{sample.prompt.replace(/\n/gu, ' ⏎ ')}</div>
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
