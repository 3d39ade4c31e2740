import {
  convergenceText,
  firstTokenText,
  isReagentConverged,
} from '../../../shared/figures/attribution/words.ts'
import {formatCount, formatFixed, formatMany} from '../../../shared/figures/number-format.ts'
import type {AttributeResult, AttributionRow} from '../../../shared/lenses/attribute.ts'
import {useActions} from '../use-workbench.ts'
import type {PaneAttribution} from './use-attribution.ts'

/** Which probes stopped and why, what was redrawn and how much was run; what is to be known of the numbers. */
export function ProbeNotes({shown}: {readonly shown: PaneAttribution}) {
  const {askAttribution} = useActions()
  const {result, row, main} = shown
  if (!result || !row || !main) return null
  const isReagent = result.method === 'reagent'
  const phase = main.job?.phase
  const first = firstTokenText(row)
  const isRunning = phase?.kind === 'running' && row.stopReason === 'cancelled'
  const warnings = result.warnings.filter(({code}) => code !== 'special-tokens-kept')
  return (
    <div className="probe-notes small" data-testid="probe-notes" data-stop={row.stopReason}>
      {phase?.kind === 'cancelled' && (
        <p className="warning" data-testid="attribution-partial">
          {row.stopReason === 'cancelled'
            ? 'Cancelled: this is the last estimate.'
            : `Cancelled during the checks: the values are complete, ${missingChecks(result, row)} not.`}{' '}
          <button
            type="button"
            className="text-button"
            onClick={() => askAttribution(main.wish.key)}
          >
            Run it again
          </button>
        </p>
      )}
      {phase?.kind === 'failed' && (
        <p className="warning" role="alert">
          ✕ {phase.problem.message} {phase.problem.advice}
        </p>
      )}
      {isReagent && (
        <p className={isReagentConverged(row) || isRunning ? '' : 'warning'} data-testid="stopped">
          {isRunning && !isReagentConverged(row)
            ? `Not converged yet: no probe has stopped, so bars are hollow.`
            : convergenceText(row, result.settings, row.target.contrastId !== null)}
        </p>
      )}
      {isReagent && (
        <p className="ink-3">
          p lost in the last step {formatFixed(row.probDrop, 3)}; {formatCount(row.redrawnCount)}{' '}
          replacements drawn again
          {row.work.tokenCount > 0 && `; ${formatCount(row.work.tokenCount)} tokens run`}.
        </p>
      )}
      {row.sparse && row.sparse.savedShare !== null && (
        <p className="ink-3">
          Tested once in {formatMany(row.sparse.testEvery, 'step')}: saved{' '}
          {formatFixed(100 * row.sparse.savedShare, 0)} % of the exact mode, rank ρ with it{' '}
          {formatFixed(row.sparse.rankCorrelation, 2)}.
        </p>
      )}
      {first && <p data-testid="first-token">{first}</p>}
      {warnings.map(({code, message}) => (
        <p key={code} className="ink-2" data-warning={code}>
          {message}
        </p>
      ))}
    </div>
  )
}

/** The checks that were asked for and did not come. */
function missingChecks(
  {request}: Pick<AttributeResult, 'request'>,
  {faithfulness, curves}: AttributionRow
): string {
  const missing = [
    ...(request.faithfulness && !faithfulness ? ['faithfulness'] : []),
    ...(request.curves && !curves ? ['curves'] : []),
  ]
  return missing.length === 0 ? 'other rows are' : `${missing.join(' and ')} are`
}
