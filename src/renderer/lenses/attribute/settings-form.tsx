import {formatSetting} from '../../../shared/figures/number-format.ts'
import {ATTRIBUTION_PRESETS, type AttributionPresetName} from '../../../shared/lenses/attribute.ts'
import type {AttributionChoice} from '../../store/attribution-state.ts'
import {Check} from '../../ui/check.tsx'
import {Choice} from '../../ui/choice.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

const PRESETS: readonly {value: AttributionPresetName; text: string}[] = [
  {value: 'ours', text: 'ours'},
  {value: 'paper', text: 'paper'},
  {value: 'inseq', text: 'Inseq'},
  {value: 'token', text: 'token level'},
]
const PRESET_NOTES: Readonly<Record<AttributionPresetName, string>> = {
  ours: 'The default. Scores are read per step.',
  paper: 'Ratio, keep and stop-k are the paper’s; steps, probes and overlap are ours.',
  inseq: 'As in inseq-team/inseq.',
  token: 'As in the token-level settings of casszhao/ReAGent.',
}

type Stated = 'ratio' | 'keep' | 'overlap' | 'stopK' | 'maxSteps' | 'probes'
interface Field {
  readonly name: Stated
  readonly title: string
  readonly note: string
  readonly minimum: number
  readonly maximum: number
  readonly step: number
  readonly isWhole: boolean
}
const FIELDS: readonly Field[] = [
  {
    ...{name: 'ratio', title: 'replace', note: 'share of the context a step'},
    ...{minimum: 0.01, maximum: 0.99, step: 0.05, isWhole: false},
  },
  {
    ...{name: 'keep', title: 'keep', note: 'tokens of the stopping test; below 1 a share'},
    ...{minimum: 0.01, maximum: 100_000, step: 1, isWhole: false},
  },
  {
    ...{name: 'stopK', title: 'stop', note: 'when the target is among so many'},
    ...{minimum: 1, maximum: 1000, step: 1, isWhole: true},
  },
  {
    ...{name: 'maxSteps', title: 'steps', note: 'at most'},
    ...{minimum: 1, maximum: 100_000, step: 100, isWhole: true},
  },
  {
    ...{name: 'probes', title: 'probes', note: 'or permutations, or draws'},
    ...{minimum: 1, maximum: 256, step: 1, isWhole: true},
  },
  {
    ...{name: 'overlap', title: 'overlap', note: 'lists of the rationale; 0 takes all'},
    ...{minimum: 0, maximum: 256, step: 1, isWhole: true},
  },
]

/** The numbers that a method goes by: a preset's, with what is stated in place of it. */
export function SettingsForm() {
  const {changeAttribution} = useActions()
  const choice = useWorkbenchState((state) => state.attributionChoice)
  const preset = ATTRIBUTION_PRESETS[choice.preset]
  const number = (
    name: keyof AttributionChoice,
    title: string,
    note: string,
    limits: {
      readonly minimum: number
      readonly maximum: number
    }
  ) => (
    <div className="form-row">
      <span className="form-label">{title}</span>
      <NumberInput
        label={title}
        value={choice[name] as number}
        onChange={(value) => changeAttribution({[name]: value})}
        minimum={limits.minimum}
        maximum={limits.maximum}
        step={1}
        isWhole
        widthPx={72}
      />
      <span className="ink-3">{note}</span>
    </div>
  )
  return (
    <div className="settings-form" data-testid="attribution-form">
      <div className="form-row">
        <span className="form-label">preset</span>
        <Choice
          label="Preset"
          value={choice.preset}
          options={PRESETS}
          onChange={(name) =>
            changeAttribution({
              preset: name,
              ...{ratio: null, keep: null, overlap: null, stopK: null},
              ...{maxSteps: null, probes: null},
            })
          }
        />
      </div>
      <p className="small ink-3">{PRESET_NOTES[choice.preset]}</p>
      {FIELDS.map(({name, title, note, minimum, maximum, step, isWhole}) => {
        const own = preset[name]
        const stated = choice[name]
        return (
          <div key={name} className="form-row">
            <span className="form-label">{title}</span>
            <NumberInput
              label={title}
              value={stated ?? own}
              onChange={(value) => {
                // A number of tokens is a whole one; only a share is not.
                const whole = value >= 1 ? Math.round(value) : value
                changeAttribution({[name]: whole === own ? null : whole})
              }}
              minimum={minimum}
              maximum={maximum}
              step={step}
              isWhole={isWhole}
              format={
                isWhole ? String : (value) => (value >= 1 ? String(value) : formatSetting(value))
              }
              widthPx={72}
            />
            <span className="ink-3">
              {note}
              {stated !== null && `; ${own} in the preset`}
            </span>
          </div>
        )
      })}
      {number('testEvery', 'test every', 'steps; more than 1 changes the result', {
        minimum: 1,
        maximum: 1000,
      })}
      {choice.testEvery > 1 && (
        <div className="form-row">
          <span className="form-label">exact</span>
          <Check
            isOn={choice.comparesExact}
            onChange={(comparesExact) => changeAttribution({comparesExact})}
          >
            compare with exact: runs it too, so nothing is saved
          </Check>
        </div>
      )}
      {number('seed', 'seed', 'of all draws', {minimum: 0, maximum: 2 ** 31})}
      <div className="form-row">
        <span className="form-label">checks</span>
        <Check isOn={choice.hasChecks} onChange={(hasChecks) => changeAttribution({hasChecks})}>
          faithfulness and curves after it
        </Check>
      </div>
      {choice.hasChecks &&
        number('draws', 'draws', 'perturbations for each number', {minimum: 1, maximum: 1000})}
    </div>
  )
}
