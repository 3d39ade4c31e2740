import {DialogTrigger, Popover} from 'react-aria-components'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {Button} from '../../ui/button.tsx'
import {DownIcon} from '../../ui/icons.tsx'
import {NumberInput} from '../../ui/number-input.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

/** Scores heads on random repeated tokens, which alone gives them names. */
export function ProbeControl({isBrief}: {readonly isBrief: boolean}) {
  const {probeHeads, cancelProbe, changeProbe} = useActions()
  const {phase, choice} = useWorkbenchState((state) => ({
    phase: state.probePhase,
    choice: state.probeChoice,
  }))
  if (phase.kind === 'running') {
    return (
      <span className="probe-run" role="status">
        <span className="ink-3 small">
          probe {formatCount(phase.done)} of {formatCount(phase.total)}
        </span>
        <Button look="edge" onPress={cancelProbe}>
          Cancel
        </Button>
      </span>
    )
  }
  return (
    <span className="probe-run">
      {phase.kind === 'failed' && (
        <span className="failed small" role="alert">
          ✕ {phase.problem.message}
        </span>
      )}
      <Button look="edge" onPress={probeHeads} testId="probe-heads">
        Probe heads
      </Button>
      {!isBrief && (
        <DialogTrigger>
          <Button look="filled">
            {choice.length} × {choice.repeats}, {choice.seeds} seeds <DownIcon />
          </Button>
          <Popover
            className="popover popover-body"
            aria-label="How heads are probed"
            placement="bottom end"
          >
            <div className="filter-form">
              {(
                [
                  ['length', 'random tokens', 2, 2000],
                  ['repeats', 'times', 2, 16],
                  ['seeds', 'seeds', 1, 64],
                ] as const
              ).map(([name, words, minimum, maximum]) => (
                <div key={name} className="form-row">
                  <NumberInput
                    label={words}
                    value={choice[name]}
                    onChange={(value) => changeProbe({[name]: value})}
                    minimum={minimum}
                    maximum={maximum}
                    step={1}
                    isWhole
                  />
                  <span className="ink-2">{words}</span>
                </div>
              ))}
              <p className="ink-3 small">
                A begin token and random distinct tokens, repeated. Only this names heads; no prompt
                does.
              </p>
            </div>
          </Popover>
        </DialogTrigger>
      )}
    </span>
  )
}
