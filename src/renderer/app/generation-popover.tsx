import {Dialog, DialogTrigger, Popover} from 'react-aria-components'
import {formatCount, formatSetting} from '../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import type {Settings} from '../store/state.ts'
import {Button} from '../ui/button.tsx'
import {Choice} from '../ui/choice.tsx'
import {DownIcon} from '../ui/icons.tsx'
import {NumberInput} from '../ui/number-input.tsx'

/** `then 5, greedy`; of a sampled continuation its seed. */
export function generationText(
  settings: Pick<Settings, 'generateCount' | 'isSampled' | 'seed'>
): string {
  if (settings.generateCount === 0) return 'then nothing'
  const how = settings.isSampled ? `seed ${settings.seed}` : 'greedy'
  return `then ${formatCount(settings.generateCount)}, ${how}`
}

/** How many tokens follow the prompt, and how each is chosen. */
export function GenerationPopover() {
  const {changeSettings} = useActions()
  const settings = useWorkbenchState((state) => state.settings)
  return (
    <DialogTrigger>
      <Button look="plain" className="generation ink-3" testId="generation">
        <span className="clip" title={generationText(settings)}>
          {generationText(settings)}
        </span>{' '}
        <DownIcon />
      </Button>
      <Popover className="popover" placement="bottom start" offset={4}>
        <Dialog className="popover-body" aria-label="Generation">
          <div className="form-row">
            <span className="form-label">then</span>
            <NumberInput
              label="Tokens to generate"
              value={settings.generateCount}
              onChange={(generateCount) => changeSettings({generateCount})}
              minimum={0}
              maximum={100_000}
              step={1}
              isWhole
              widthPx={64}
            />
            <span className="ink-2">tokens</span>
          </div>
          <div className="form-row">
            <span className="form-label">each</span>
            <Choice
              label="How each token is chosen"
              value={settings.isSampled ? 'sampled' : 'greedy'}
              options={[
                {value: 'greedy', text: 'Likeliest'},
                {value: 'sampled', text: 'Sampled'},
              ]}
              onChange={(how) => changeSettings({isSampled: how === 'sampled'})}
            />
          </div>
          {settings.isSampled && (
            <>
              <div className="form-row">
                <span className="form-label">seed</span>
                <NumberInput
                  label="Seed"
                  value={settings.seed}
                  onChange={(seed) => changeSettings({seed})}
                  minimum={0}
                  maximum={2 ** 31 - 1}
                  step={1}
                  isWhole
                  widthPx={96}
                />
              </div>
              <div className="small ink-3">
                at temperature {formatSetting(settings.temperature)}, top-p{' '}
                {formatSetting(settings.topP)}, as under the figure
              </div>
            </>
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  )
}
