import {formatFixed} from '../../../shared/figures/number-format.ts'
import {reloadChosenModel} from '../../commands/models.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {selectActiveModel} from '../../store/models.ts'
import {Button} from '../../ui/button.tsx'
import {Check} from '../../ui/check.tsx'
import {SliderField} from '../../ui/slider-field.tsx'
import {bytesText} from '../jobs.ts'

const GB = 1e9
/** What the preference allows at least, and what is worth stepping by. */
const LEAST_GB = 0.1
const STEP_GB = 0.1
/** Where the engine does not say what its machine has. */
const UNKNOWN_MEMORY_BYTES = 64 * GB

/** How much memory results may take; holds at once. */
export function MemorySetting() {
  const {changePreferences} = useActions()
  const {chosen, status} = useWorkbenchState((state) => ({
    chosen: state.preferences.maxMemoryBytes,
    status: state.status,
  }))
  const isFixed = status?.fixedByHost?.includes('maxMemoryBytes') ?? false
  const holdsBytes = status?.maxMemoryBytes ?? chosen ?? null
  const machineBytes = status?.machine?.memoryBytes ?? UNKNOWN_MEMORY_BYTES
  const mostGb = Math.max(1, Math.floor(machineBytes / GB / STEP_GB) * STEP_GB)
  const shownGb = (chosen ?? holdsBytes ?? machineBytes / 4) / GB
  const used = status ? `${bytesText(status.usedMemoryBytes)} in use now` : 'no engine'
  return (
    <div className="setting" data-testid="setting-memory">
      <span className="setting-name" data-hint="max-memory">
        memory for results
      </span>
      <div className="setting-lines">
        {isFixed ? (
          <span>
            {holdsBytes === null ? '' : `${formatFixed(holdsBytes / GB, 1)} GB, `}
            set on the command line that started the engine
          </span>
        ) : (
          <>
            <Check
              isOn={chosen === null}
              onChange={(isOn) =>
                changePreferences({maxMemoryBytes: isOn ? null : Math.round(shownGb * GB)})
              }
            >
              a quarter of the machine’s, {formatFixed(machineBytes / 4 / GB, 1)} GB
            </Check>
            <span className="setting-row">
              <SliderField
                label="GB at most"
                value={Math.round(shownGb * 10) / 10}
                onChange={(gb) => changePreferences({maxMemoryBytes: Math.round(gb * GB)})}
                minimum={LEAST_GB}
                maximum={mostGb}
                step={STEP_GB}
                fieldMinimum={LEAST_GB}
                fieldMaximum={mostGb}
                format={(gb) => formatFixed(gb, 1)}
              />
            </span>
          </>
        )}
        <span className="small ink-3">
          <span data-hint="used-memory">{used}</span>. Models come on top.
        </span>
      </div>
    </div>
  )
}

/** Threads of models that are loaded from now on, and the way to load the chosen one again. */
export function ThreadsSetting() {
  const workbench = useWorkbench()
  const {changePreferences} = workbench.actions
  const {chosen, status, loaded, isLoading} = useWorkbenchState((state) => ({
    chosen: state.preferences.threads,
    status: state.status,
    loaded: selectActiveModel(state),
    isLoading: Object.keys(state.loads).length > 0,
  }))
  const isFixed = status?.fixedByHost?.includes('threads') ?? false
  const nextCount = status?.threads ?? chosen
  const most = Math.max(status?.machine?.logicalCores ?? navigator.hardwareConcurrency, 1)
  const physical = status?.machine?.physicalCores ?? null
  const shown = chosen ?? nextCount ?? 1
  const isOld = loaded !== null && nextCount !== null && loaded.threads !== nextCount
  return (
    <div className="setting" data-testid="setting-threads">
      <span className="setting-name" data-hint="threads">
        threads
      </span>
      <div className="setting-lines">
        {isFixed ? (
          <span>{nextCount}, set on the command line that started the engine</span>
        ) : (
          <>
            <Check
              isOn={chosen === null}
              onChange={(isOn) => changePreferences({threads: isOn ? null : Math.min(most, shown)})}
            >
              one a physical core{physical === null ? '' : `, ${physical}`}
            </Check>
            <span className="setting-row">
              <SliderField
                label="threads"
                value={Math.min(most, shown)}
                onChange={(threads) => changePreferences({threads: Math.round(threads)})}
                minimum={1}
                maximum={Math.max(2, most)}
                step={1}
                fieldMinimum={1}
                fieldMaximum={most}
                format={(threads) => String(Math.round(threads))}
              />
            </span>
          </>
        )}
        <span className="small ink-3 setting-row">
          For models that are loaded from now on.
          {loaded && ` The chosen one computes with ${loaded.threads}.`}
          {loaded && (
            <Button
              look={isOld ? 'edge' : 'filled'}
              isDisabled={!isOld || isLoading}
              onPress={() => void reloadChosenModel(workbench)}
              testId="reload-model"
            >
              {isLoading ? 'Loading…' : 'Load it again'}
            </Button>
          )}
        </span>
      </div>
    </div>
  )
}
