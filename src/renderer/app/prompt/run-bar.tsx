import {formatCount} from '../../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import type {RunRecord} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {adviceNow} from '../advice.ts'

/** Says of a run that did not finish how far it came; what it has stays below. */
export function RunBar({run}: {readonly run: RunRecord}) {
  const {runAgain} = useActions()
  const {scoredCount, tokenCount, advice} = useWorkbenchState((state, {captures}) => {
    const tokens = captures.runs.peek(run.id)?.tokens ?? []
    // The first token never has statistics; it counts as done with the second.
    const unscored = tokens.findIndex((token, i) => i > 0 && token.logprob === null)
    return {
      advice: run.phase.kind === 'failed' ? adviceNow(run.phase.problem, state) : '',
      tokenCount: tokens.length,
      scoredCount: unscored < 0 ? tokens.length : unscored <= 1 ? 0 : unscored,
    }
  })
  const {phase} = run
  if (phase.kind !== 'failed' && phase.kind !== 'cancelled') return null
  const extent =
    scoredCount < tokenCount
      ? `Statistics of ${formatCount(scoredCount)} of ${formatCount(tokenCount)} tokens are below.`
      : 'What was computed is below.'
  return (
    <div className={`run-bar ${phase.kind}`} role="status" data-testid="run-bar">
      {phase.kind === 'failed' ? (
        <span>
          <span className="mark">✕</span> {phase.problem.message} {extent}{' '}
          <span className="ink-2">{advice}</span>
        </span>
      ) : (
        <span>Cancelled. {extent}</span>
      )}
      <span className="grow" />
      <Button look="edge" onPress={() => runAgain(run.id)} testId="run-again">
        Run again
      </Button>
    </div>
  )
}
