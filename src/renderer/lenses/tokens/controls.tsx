import {memo} from 'react'
import {formatCount, formatSetting} from '../../../shared/figures/number-format.ts'
import {CopyMenu} from '../../sharing/copy-menu.tsx'
import {selectRun} from '../../store/runs.ts'
import {Button} from '../../ui/button.tsx'
import {shortcutText} from '../../ui/shortcut.ts'
import {SliderField} from '../../ui/slider-field.tsx'
import {UnitControl} from '../unit-control.tsx'
import {usePaneRunId, usePaneSuffix} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {useIsLensShown} from './is-table-shown.ts'
import {TrackEditor} from './track-editor.tsx'
import {TracksMenu} from './tracks-menu.tsx'

// Walking renders the panel at every step, and none of this changes by it.
/** One line under the figure: sampling, tracks, followed tokens, and what can be done. */
export const TokensControls = memo(function TokensControls() {
  const actions = useActions()
  const runId = usePaneRunId()
  const suffix = usePaneSuffix()
  const isLens = useIsLensShown()
  const {parameters, isRunning} = useWorkbenchState((state) => ({
    parameters: state.parameters,
    isRunning: selectRun(state, runId)?.phase.kind === 'running',
  }))
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      <SliderField
        label="temperature"
        shortLabel="T"
        value={parameters.temperature}
        onChange={(temperature) => actions.changeParameters({temperature})}
        minimum={0.1}
        maximum={2}
        step={0.05}
        fieldMinimum={0.01}
        fieldMaximum={100}
        format={formatSetting}
        testId="temperature"
      />
      <SliderField
        label="top-p"
        value={parameters.topP}
        onChange={(topP) => actions.changeParameters({topP})}
        minimum={0.05}
        maximum={1}
        step={0.05}
        fieldMinimum={0.001}
        fieldMaximum={1}
        format={formatSetting}
        testId="top-p"
      />
      {/* The logit lens is about one position. */}
      {!isLens && <UnitControl />}
      {!isLens && <TracksMenu />}
      <TrackEditor />
      <Button look="edge" isDisabled={isRunning} onPress={actions.generateMore} testId="generate">
        Generate {formatCount(Math.max(1, parameters.generateCount))} <kbd>G</kbd>
      </Button>
      <span className="grow" />
      <CopyMenu />
      <Button look="edge" onPress={() => actions.openDialog('export')} testId="export">
        Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
      </Button>
    </section>
  )
})
