import {formatCount} from '../../../shared/figures/number-format.ts'
import {Button} from '../../ui/button.tsx'
import {usePaneIndex, usePaneRunId} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

/** What is done for the attention that is wanted, or why it is not there; beside an earlier picture in brief. */
export function AttentionWait({isBeside = false}: {readonly isBeside?: boolean}) {
  const pane = usePaneIndex()
  const runId = usePaneRunId()
  const {askAttentionAgain, cancelAttention} = useActions()
  const {phase, isRunning} = useWorkbenchState((state) => ({
    phase: state.attentionSlots[pane].phase,
    isRunning: runId !== null && state.runStates[runId]?.phase.kind === 'running',
  }))
  const again = (title: string) => (
    <Button look="edge" onPress={() => askAttentionAgain(pane)} testId="attention-again">
      {title}
    </Button>
  )
  switch (phase.kind) {
    case 'idle':
      if (isBeside) return null
      return (
        <p className="lens-wait ink-3" role="status">
          {isRunning ? 'Comes when the prompt has been read.' : 'Asking the engine.'}
        </p>
      )
    case 'capturing': {
      const percent = phase.total > 0 ? Math.round((100 * phase.done) / phase.total) : 0
      const left = phase.secondsLeft
      return (
        <div className="lens-wait" data-testid="attention-capturing">
          <p>
            Capturing queries and keys: {formatCount(phase.done)} of {formatCount(phase.total)}
            {left !== null && `, at most ${formatCount(Math.max(1, Math.ceil(left)))} s left`}.
            Other heads of this text need no further run.
          </p>
          <div
            className="load-bar"
            role="progressbar"
            aria-label="Capturing queries and keys"
            aria-valuenow={percent}
            aria-valuemin={0}
            aria-valuemax={100}
          >
            <span style={{width: `${percent}%`}} />
          </div>
          <Button look="edge" onPress={() => cancelAttention(pane)} testId="attention-cancel">
            Cancel
          </Button>
        </div>
      )
    }
    case 'cancelled':
      return (
        <div className="lens-wait" data-testid="attention-cancelled">
          <p>Cancelled before the attention was captured.</p>
          {again('Capture it')}
        </div>
      )
    case 'failed': {
      const {message, found, expected, advice, code} = phase.problem
      return (
        <div className="lens-wait" role="alert" data-testid="attention-problem" data-code={code}>
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
