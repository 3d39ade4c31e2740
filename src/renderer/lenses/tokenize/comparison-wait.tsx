import {formatCount} from '../../../shared/figures/number-format.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {bytesText} from './names.ts'
import {ProblemText} from './problem-text.tsx'

/** What is done for the comparison that is wanted, or why it is not there. */
export function ComparisonWait({isBeside}: {readonly isBeside: boolean}) {
  const {cancelComparison, compareAgain, removeTokenizer} = useActions()
  const {job, names} = useWorkbenchState((state) => ({
    job: state.tokenizersJob,
    names: state.comparedTokenizers,
  }))
  if (names.length === 0) {
    return (
      <div className="lens-wait" role="status">
        <p>Nothing is compared. Add a tokenizer below: six come with the program.</p>
      </div>
    )
  }
  switch (job.kind) {
    case 'idle':
      return isBeside ? null : (
        <p className="lens-wait ink-3" role="status">
          Asking the engine.
        </p>
      )
    case 'running': {
      const percent = job.total > 0 ? Math.round((100 * job.done) / job.total) : 0
      const isLoading = job.phase === 'loading'
      const done = isLoading
        ? `Loading tokenizers: ${formatCount(job.done)} of ${formatCount(job.total)}`
        : `Cutting the text: ${bytesText(job.done)} of ${bytesText(job.total)}`
      const left =
        job.secondsLeft === null
          ? ''
          : `, at most ${formatCount(Math.max(1, Math.ceil(job.secondsLeft)))} s left`
      return (
        <div className={`lens-wait ${isBeside ? 'beside' : ''}`} data-testid="comparing">
          <p>
            {done}
            {left}.
          </p>
          <div
            className="load-bar"
            role="progressbar"
            aria-label={isLoading ? 'Loading tokenizers' : 'Cutting the text'}
            aria-valuenow={percent}
            aria-valuemin={0}
            aria-valuemax={100}
          >
            <span style={{width: `${percent}%`}} />
          </div>
          <Button look="edge" onPress={cancelComparison} testId="cancel-comparison">
            Cancel
          </Button>
        </div>
      )
    }
    case 'cancelled':
      return (
        <div className="lens-wait beside" data-testid="comparison-cancelled">
          <p>Cancelled before the text was cut.</p>
          <Button look="edge" onPress={compareAgain}>
            Compare
          </Button>
        </div>
      )
    case 'failed': {
      const {problem} = job
      const culprit = names.find((name) => problem.file === name || problem.found === name)
      return (
        <div
          className="lens-wait beside"
          role="alert"
          data-testid="comparison-problem"
          data-code={problem.code}
        >
          <ProblemText problem={problem} />
          <div className="form-row">
            <Button look="edge" onPress={compareAgain}>
              Try again
            </Button>
            {culprit !== undefined && (
              <Button look="edge" onPress={() => removeTokenizer(culprit)}>
                Compare without it
              </Button>
            )}
          </div>
        </div>
      )
    }
  }
}
