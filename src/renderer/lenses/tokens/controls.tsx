import {memo} from 'react'
import {formatCount, formatSetting} from '../../../shared/figures/number-format.ts'
import {CopyMenu} from '../../sharing/copy-menu.tsx'
import {selectRun} from '../../store/run-records.ts'
import {Button} from '../../ui/button.tsx'
import {MoreControls, useIsFlat} from '../../ui/more-controls.tsx'
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
  const temperature = (
    <SliderField
      label="temperature"
      shortLabel="T"
      value={parameters.temperature}
      onChange={(value) => actions.changeParameters({temperature: value})}
      minimum={0.1}
      maximum={2}
      step={0.05}
      fieldMinimum={0.01}
      fieldMaximum={100}
      format={formatSetting}
      testId="temperature"
    />
  )
  const topP = (
    <SliderField
      label="top-p"
      value={parameters.topP}
      onChange={(value) => actions.changeParameters({topP: value})}
      minimum={0.05}
      maximum={1}
      step={0.05}
      fieldMinimum={0.001}
      fieldMaximum={1}
      format={formatSetting}
      testId="top-p"
    />
  )
  const generate = (
    <Button look="edge" isDisabled={isRunning} onPress={actions.generateMore} testId="generate">
      Generate {formatCount(Math.max(1, parameters.generateCount))} <kbd>G</kbd>
    </Button>
  )
  const isFlat = useIsFlat()
  return (
    <section className="controls" aria-label={`Controls${suffix}`}>
      {!isFlat && temperature}
      {!isFlat && topP}
      {/* The logit lens is about one position. */}
      {!isLens && <UnitControl />}
      {!isLens && <TracksMenu />}
      {!isFlat && <TrackEditor />}
      {isFlat ? (
        <MoreControls>
          {() => (
            <>
              {temperature}
              {topP}
              <TrackEditor />
              {generate}
            </>
          )}
        </MoreControls>
      ) : (
        generate
      )}
      <div className="control-ends">
        <CopyMenu />
        <Button look="edge" onPress={() => actions.openDialog('export')} testId="export">
          Export <kbd>{shortcutText({key: 'e', mod: true})}</kbd>
        </Button>
      </div>
    </section>
  )
})
