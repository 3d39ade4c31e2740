import type {ReactNode} from 'react'
import type {Problem} from '../../../shared/domain/problem.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import type {ShownCritical} from '../../store/critical.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import type {PaneCritical} from './use-critical.ts'

const PHASES: Readonly<Record<string, string>> = {
  loading: 'Loading',
  reading: 'Reading the models',
  generating: 'Sampling a response',
  contrasting: 'Contrasting',
  sampling: 'Completions',
}

/** How the completions stand: what is missing, what runs, why they are not there. */
export function RolloutState({shown}: {readonly shown: PaneCritical}) {
  const {rollout, result, runId} = shown
  const {takeResponse} = useActions()
  const search = useWorkbenchState((state) => state.criticalSearches[runId])
  if (!shown.isAnswered) {
    return (
      <p className="critical-note" data-testid="answer-needed">
        Give the right answer, below: then every prefix of the response is completed and checked.
      </p>
    )
  }
  if (result?.verdict === 'right' && rollout?.job?.phase.kind === 'completed') {
    return (
      <div className="critical-note" data-testid="response-right">
        <p>The response is right. A wrong one to the same prompt can be looked into instead.</p>
        <Button
          look="edge"
          isDisabled={search?.kind === 'running'}
          onPress={() => void takeResponse(runId, 'sampled')}
          testId="sample-wrong"
        >
          Sample a wrong one
        </Button>
        {search?.kind === 'failed' && <ProblemText problem={search.problem} />}
      </div>
    )
  }
  return rollout ? (
    <JobState
      shown={rollout}
      offer={(seconds) => (
        <>
          Completing the prefixes of this response takes about {formatCount(Math.ceil(seconds))} s
          with this model. Fewer completions, or where it is decided, takes less.
        </>
      )}
      testId="rollout-state"
    />
  ) : null
}

/** How the contrast stands, where it is not there. */
export function ContrastState({shown}: {readonly shown: PaneCritical}) {
  return shown.contrast ? <JobState shown={shown.contrast} testId="contrast-state" /> : null
}

interface JobStateProps {
  readonly shown: ShownCritical
  readonly offer?: (seconds: number) => ReactNode
  readonly testId: string
}

function JobState({shown, offer, testId}: JobStateProps) {
  const {askCritical, cancelCritical} = useActions()
  const {
    job,
    wish: {key, kind},
  } = shown
  const phase = job?.phase
  const again = (title: string) => (
    <Button look="edge" onPress={() => askCritical(key)} testId={`${testId}-again`}>
      {title}
    </Button>
  )
  switch (phase?.kind) {
    case 'running':
      return (
        <div className="critical-note" data-testid={testId} data-phase="running">
          <p role="status">
            {(phase.phase !== null && PHASES[phase.phase]) || 'Starting'}
            {phase.total > 1 ? `: ${formatCount(phase.done)} of ${formatCount(phase.total)}.` : '.'}
          </p>
          <Button look="edge" onPress={() => cancelCritical(key)} testId={`${testId}-cancel`}>
            Cancel
          </Button>
        </div>
      )
    case 'offered':
      return (
        <div className="critical-note" data-testid={testId} data-phase="offered">
          <p>{offer?.(phase.seconds)}</p>
          {again('Start it')}
        </div>
      )
    case 'cancelled':
      return (
        <div className="critical-note" data-testid={testId} data-phase="cancelled">
          <p>
            {kind === 'rollout' ? 'Cancelled: what was sampled until then stays.' : 'Cancelled.'}
          </p>
          {again('Run it again')}
        </div>
      )
    case 'failed':
      return (
        <div className="critical-note" data-testid={testId} data-phase="failed">
          <ProblemText problem={phase.problem} />
          {again('Try again')}
        </div>
      )
    default:
      return null
  }
}

/** What went wrong, what was found, what was expected and what to do. */
export function ProblemText({problem}: {readonly problem: Problem}) {
  const {message, found, expected, advice, code} = problem
  return (
    <div role="alert" className="problem-text" data-code={code}>
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
    </div>
  )
}
