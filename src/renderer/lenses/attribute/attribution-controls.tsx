import {DialogTrigger, Popover} from 'react-aria-components'
import {METHOD_NAMES} from '../../../shared/figures/attribution/words.ts'
import type {AttributionMethod, SamplerName} from '../../../shared/lenses/attribute.ts'
import {attributionMethodSchema} from '../../../shared/lenses/attribute.ts'
import {isInEnglishLetters} from '../../../shared/lenses/english-letters.ts'
import {CopyMenu} from '../../sharing/copy-menu.tsx'
import {COMPARE_VIEW, HEAT_MAP_VIEW, REPLACE_VIEW} from '../../store/attribution-state.ts'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {UnitControl} from '../unit-control.tsx'
import {usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {SettingsForm} from './settings-form.tsx'
import {TargetControl} from './target-control.tsx'
import type {PaneAttribution} from './use-attribution.ts'

const NOTES: Readonly<Record<AttributionMethod, string>> = {
  reagent: 'replaces at random, step by step',
  'occlusion-mask': 'blocks one token at a time',
  'occlusion-delete': 'takes one token out at a time',
  'occlusion-replace': 'replaces one token at a time',
  'attention-rollout': 'product of the layers',
  'last-attention': 'mean of its heads',
  shapley: 'tokens come in random orders',
  random: 'for comparison',
}
const METHODS = attributionMethodSchema.options.map((value) => ({
  ...{value, text: METHOD_NAMES[value], note: NOTES[value]},
}))
type SamplerChoice = SamplerName | 'best'
const SAMPLERS: readonly {value: SamplerChoice; text: string; note: string}[] = [
  {value: 'best', text: 'sampler: best', note: 'a masked model where one shares the tokenizer'},
  {value: 'mlm', text: 'mlm', note: 'a masked model that sees both sides'},
  {value: 'mlm-prefix', text: 'mlm, prefix', note: 'on what stands before, as released'},
  {value: 'pos', text: 'part of speech', note: 'English alone, not the released tagger'},
  {value: 'uniform', text: 'uniform', note: 'any token'},
  {value: 'self', text: 'self', note: 'what the model itself predicts'},
]
const REPLACING: readonly AttributionMethod[] = ['reagent', 'occlusion-replace', 'shapley']

export interface AttributionControlsProps {
  readonly shown: PaneAttribution | null
  readonly view: string | null
}

/** One line under the figure: what is explained, by which method, and what can be done. */
export function AttributionControls({shown, view}: AttributionControlsProps) {
  const actions = useActions()
  const suffix = usePaneSuffix()
  const {choice, looks} = useWorkbenchState((state) => ({
    choice: state.attributionChoice,
    looks: state.attributionLooks,
  }))
  const isReagent = choice.method === 'reagent'
  const folds = view === null || view === 'bars' || view === COMPARE_VIEW
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      {view !== HEAT_MAP_VIEW && <TargetControl shown={shown} />}
      <MenuChoice
        label="Method"
        value={choice.method}
        options={METHODS}
        onChange={(method) => actions.changeAttribution({method})}
        testId="method"
      />
      {REPLACING.includes(choice.method) && (
        <MenuChoice
          label="Replacements from"
          value={choice.sampler ?? 'best'}
          options={SAMPLERS.map((sampler) => ({
            ...sampler,
            isDisabled: sampler.value === 'pos' && !isInEnglishLetters(shown?.data.text ?? ''),
          }))}
          onChange={(sampler) =>
            actions.changeAttribution({sampler: sampler === 'best' ? null : sampler})
          }
          testId="sampler"
        />
      )}
      <DialogTrigger>
        <Button look="filled" testId="attribution-settings">
          Settings <DownIcon />
        </Button>
        <Popover
          className="popover popover-body"
          aria-label="Settings"
          placement="top start"
          offset={4}
        >
          <SettingsForm />
        </Popover>
      </DialogTrigger>
      {isReagent && view !== REPLACE_VIEW && (
        <MenuChoice
          label="Scores"
          value={looks.scores}
          options={[
            {value: 'per-step', text: 'per step', note: 'ours: signed, does not collapse'},
            {value: 'released', text: 'released s', note: 'softmax, sums to 1'},
          ]}
          onChange={(scores) => actions.changeAttributionLooks({scores})}
          testId="scores"
        />
      )}
      {view !== HEAT_MAP_VIEW && view !== REPLACE_VIEW && <UnitControl />}
      {folds && (
        <Button
          look="filled"
          aria-pressed={looks.isUnfolded}
          onPress={() => actions.changeAttributionLooks({isUnfolded: !looks.isUnfolded})}
          testId="unfold"
        >
          {looks.isUnfolded ? 'Fold small' : 'Show all'}
        </Button>
      )}
      <div className="control-ends">
        <CopyMenu />
        <Button look="edge" onPress={() => actions.openDialog('export')} testId="export">
          Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
        </Button>
      </div>
    </section>
  )
}
