import {DialogTrigger, Popover} from 'react-aria-components'
import {formatCount, formatSetting} from '../../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import type {Parameters} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {Choice} from '../../ui/choice.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {NumberInput} from '../../ui/number-input.tsx'

/** `then 5, greedy`; of a sampled continuation its seed. */
export function generationText(
  parameters: Pick<Parameters, 'generateCount' | 'isSampled' | 'seed'>
): string {
  if (parameters.generateCount === 0) return 'then nothing'
  const how = parameters.isSampled ? `seed ${parameters.seed}` : 'greedy'
  return `then ${formatCount(parameters.generateCount)}, ${how}`
}

/** How many tokens follow the prompt, and how each is chosen. */
export function GenerationPopover() {
  const {changeParameters} = useActions()
  const parameters = useWorkbenchState((state) => state.parameters)
  return (
    <DialogTrigger>
      <Button look="plain" className="generation ink-3" testId="generation">
        <span className="clip" data-hint={generationText(parameters)}>
          {generationText(parameters)}
        </span>{' '}
        <DownIcon />
      </Button>
      <Popover
        className="popover popover-body"
        aria-label="Generation"
        placement="bottom start"
        offset={4}
      >
        <div className="form-row">
          <span className="form-label">then</span>
          <NumberInput
            label="Tokens to generate"
            value={parameters.generateCount}
            onChange={(generateCount) => changeParameters({generateCount})}
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
            value={parameters.isSampled ? 'sampled' : 'greedy'}
            options={[
              {value: 'greedy', text: 'Likeliest'},
              {value: 'sampled', text: 'Sampled'},
            ]}
            onChange={(how) => changeParameters({isSampled: how === 'sampled'})}
          />
        </div>
        {parameters.isSampled && (
          <>
            <div className="form-row">
              <span className="form-label">seed</span>
              <NumberInput
                label="Seed"
                value={parameters.seed}
                onChange={(seed) => changeParameters({seed})}
                minimum={0}
                maximum={2 ** 31 - 1}
                step={1}
                isWhole
                widthPx={96}
              />
            </div>
            <div className="small ink-3">
              at temperature {formatSetting(parameters.temperature)}, top-p{' '}
              {formatSetting(parameters.topP)}, as under the figure
            </div>
          </>
        )}
      </Popover>
    </DialogTrigger>
  )
}
