import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {Button} from '../../ui/button.tsx'
import {usePaneRunId} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import type {PaneAttribution} from './use-attribution.ts'

/** What is done for the attribution that is wanted, or why it is not there. */
export function AttributionWait({shown}: {readonly shown: PaneAttribution | null}) {
  const runId = usePaneRunId()
  const {askAttribution, cancelAttribution} = useActions()
  const isRunning = useWorkbenchState(
    (state) => runId !== null && state.runStates[runId]?.phase.kind === 'running'
  )
  const phase = shown?.main?.job?.phase
  const key = shown?.main?.wish.key ?? ''
  const again = (title: string) => (
    <Button look="edge" onPress={() => askAttribution(key)} testId="attribution-again">
      {title}
    </Button>
  )
  if (!phase) {
    return (
      <p className="lens-wait ink-3" role="status">
        {isRunning ? 'Comes when the prompt has been read.' : 'Asking the engine.'}
      </p>
    )
  }
  switch (phase.kind) {
    case 'offered':
      return (
        <div className="lens-wait" data-testid="attribution-offered">
          <p>
            A step takes about {formatFixed(phase.seconds, 0)} s on this text with this model, and
            ReAGent makes hundreds. Fewer probes or a shorter prompt take less; occlusion takes one
            run a token.
          </p>
          {again('Start it')}
        </div>
      )
    case 'running':
      return (
        <div className="lens-wait" data-testid="attribution-running">
          <p role="status">
            {phase.total > 0
              ? `${phaseName(phase.phase)}: ${formatCount(phase.done)} of ${formatCount(phase.total)}.`
              : 'The first estimate comes after one step.'}
          </p>
          <Button look="edge" onPress={() => cancelAttribution(key)} testId="attribution-cancel">
            Cancel
          </Button>
        </div>
      )
    case 'cancelled':
      return (
        <div className="lens-wait" data-testid="attribution-cancelled">
          <p>Cancelled before the first estimate.</p>
          {again('Run it')}
        </div>
      )
    case 'completed':
      return <p className="lens-wait ink-3">Nothing to show.</p>
    case 'failed': {
      const {message, found, expected, advice, code} = phase.problem
      return (
        <div className="lens-wait" role="alert" data-testid="attribution-problem" data-code={code}>
          <p>
            <span className="failed">✕</span> {message}
          </p>
          <dl>
            {found && (
              <>
                <dt>found</dt>
                <dd>{found}</dd>
              </>
            )}
            {expected && (
              <>
                <dt>expected</dt>
                <dd>{expected}</dd>
              </>
            )}
            <dt>what to do</dt>
            <dd>{advice}</dd>
          </dl>
          {again('Try again')}
        </div>
      )
    }
  }
}

const PHASES: Readonly<Record<string, string>> = {
  loading: 'Loading',
  reading: 'Reading the graph',
  hashing: 'Hashing',
  generating: 'Generating',
  sampling: 'Asking the sampler',
  capturing: 'Capturing',
  attributing: 'Step',
  checking: 'Checking faithfulness',
  writing: 'Writing',
}

/** What is done now, in a word or two. */
export function phaseName(phase: string | null): string {
  return (phase !== null && PHASES[phase]) || 'Starting'
}
