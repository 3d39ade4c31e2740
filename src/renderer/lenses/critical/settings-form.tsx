import {formatSetting} from '../../../shared/figures/number-format.ts'
import type {CriticalChoice} from '../../store/critical-state.ts'
import {Check} from '../../ui/check.tsx'
import {Choice} from '../../ui/choice.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

interface Field {
  readonly name: 'rollouts' | 'tolerance' | 'temperature' | 'topP' | 'maxNewTokens' | 'seed'
  readonly title: string
  readonly note: string
  readonly minimum: number
  readonly maximum: number
  readonly step: number
  readonly isWhole: boolean
}
const FIELDS: readonly Field[] = [
  {
    ...{name: 'rollouts', title: 'completions', note: 'of each prefix'},
    ...{minimum: 1, maximum: 4096, step: 16, isWhole: true},
  },
  {
    ...{name: 'tolerance', title: 'tolerance', note: 'successes of 64 that still count as none'},
    ...{minimum: 0, maximum: 63, step: 1, isWhole: true},
  },
  {
    ...{name: 'temperature', title: 'temperature', note: 'of completions'},
    ...{minimum: 0.01, maximum: 100, step: 0.1, isWhole: false},
  },
  {
    ...{name: 'topP', title: 'top-p', note: 'of completions'},
    ...{minimum: 0.01, maximum: 1, step: 0.05, isWhole: false},
  },
  {
    ...{name: 'maxNewTokens', title: 'at most', note: 'tokens a completion'},
    ...{minimum: 1, maximum: 100_000, step: 16, isWhole: true},
  },
  {
    ...{name: 'seed', title: 'seed', note: 'of all draws'},
    ...{minimum: 0, maximum: 2 ** 31, step: 1, isWhole: true},
  },
]
const FAMILY = 'built-in'

/** How completions are sampled, and which models are contrasted. */
export function SettingsForm() {
  const {changeCritical} = useActions()
  const choice = useWorkbenchState((state) => state.criticalChoice)
  return (
    <div className="settings-form" data-testid="critical-form">
      <div className="form-row">
        <span className="form-label">prefixes</span>
        <Choice
          label="Which prefixes are completed"
          value={choice.mode}
          options={[
            {value: 'adaptive', text: 'where it is decided'},
            {value: 'exhaustive', text: 'every one'},
          ]}
          onChange={(mode) => changeCritical({mode})}
        />
      </div>
      {FIELDS.map(({name, title, note, ...limits}) => (
        <div key={name} className="form-row">
          <span className="form-label">{title}</span>
          <NumberInput
            label={title}
            value={choice[name]}
            onChange={(value) => changeCritical({[name]: value})}
            format={limits.isWhole ? String : formatSetting}
            widthPx={72}
            {...limits}
          />
          <span className="ink-3">{note}</span>
        </div>
      ))}
      <div className="form-row">
        <span className="form-label">then</span>
        <Check
          isOn={choice.hasCounterfactual}
          onChange={(hasCounterfactual) => changeCritical({hasCounterfactual})}
        >
          forbid the token, and sample again
        </Check>
      </div>
      <ModelRow name="positive" title="right" choice={choice} />
      <ModelRow name="negative" title="wrong" choice={choice} />
    </div>
  )
}

interface ModelRowProps {
  readonly name: 'positive' | 'negative'
  readonly title: string
  readonly choice: CriticalChoice
}

/** The model of right or of wrong responses: that of the built-in family, or any that is listed. */
function ModelRow({name, title, choice}: ModelRowProps) {
  const {changeCritical} = useActions()
  const listings = useWorkbenchState((state) => state.listings)
  const chosen = choice[name]
  const listed = listings.map(({id, path}) => ({value: path, text: id}))
  const isListed = chosen === null || listed.some(({value}) => value === chosen)
  return (
    <div className="form-row">
      <span className="form-label">{title}</span>
      <MenuChoice
        label={`Model of ${title} responses`}
        value={chosen ?? FAMILY}
        options={[
          {value: FAMILY, text: `micro-${name}`, note: 'for models of the built-in family'},
          ...listed,
          ...(isListed ? [] : [{value: chosen!, text: chosen!}]),
        ]}
        onChange={(value) => changeCritical({[name]: value === FAMILY ? null : value})}
        testId={`${name}-model`}
      />
      <span className="ink-3">{`model of ${title} responses`}</span>
    </div>
  )
}
