import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {type DraftSummary, summarizeDrafts} from '../../../shared/lenses/draft-summary.ts'
import type {RunId} from '../../store/state.ts'
import type {ComparedStrategy} from '../../store/tree-state.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

const SEEDS = 5
const MOST_DEPTHS = 8

/** Every strategy on the same prompt and seeds: lengths a step with standard errors, acceptance by depth, time. */
export function DraftStrategies({
  runId,
  current,
}: {
  readonly runId: RunId
  readonly current: string
}) {
  const {compareStrategies, cancelComparison} = useActions()
  const comparison = useWorkbenchState(({draftComparison}) =>
    draftComparison?.runId === runId ? draftComparison : null
  )
  const percent =
    comparison && comparison.total > 0 ? Math.round((100 * comparison.done) / comparison.total) : 0
  return (
    <section data-testid="draft-strategies" data-done={comparison?.done ?? 0}>
      <h3>
        Strategies <span className="ink-3">same prompt, {SEEDS} seeds</span>
        <span className="grow" />
        {comparison?.isRunning ? (
          <>
            <span
              className="load-bar"
              role="progressbar"
              aria-label="Strategies"
              aria-valuenow={percent}
              aria-valuemin={0}
              aria-valuemax={100}
            >
              <span style={{width: `${percent}%`}} />
            </span>
            <Button look="edge" onPress={cancelComparison} testId="cancel-comparison">
              Cancel
            </Button>
          </>
        ) : (
          <Button
            look="edge"
            onPress={() => void compareStrategies(runId, SEEDS)}
            testId="compare-strategies"
          >
            {comparison ? 'Compare again' : 'Compare all'}
          </Button>
        )}
      </h3>
      {comparison ? (
        <table className="draft-table">
          <thead>
            <tr>
              <th scope="col" className="word">
                strategy
              </th>
              <th scope="col">accepted a step</th>
              <th scope="col">expected</th>
              <th scope="col">committed a step</th>
              <th scope="col" className="word">
                accepted/ reached, by depth
              </th>
              <th scope="col">✓ ✕ – of drafted</th>
              <th scope="col">calls saved</th>
              <th scope="col">speed-up</th>
            </tr>
          </thead>
          <tbody>
            {comparison.rows.map((row) => (
              <StrategyRow key={row.name} row={row} isOn={row.name === current} />
            ))}
          </tbody>
        </table>
      ) : (
        <p className="ink-3">
          Runs chain, SpecInfer, DySpec, RSD, SpecTr, Token Recycling, Lookahead and a self-draft on
          this prompt.
        </p>
      )}
      {comparison && (
        <p className="small ink-3">
          ± is the standard error over steps. All of these keep the model’s law. Speed-up is
          measured on this machine, draft included; below 1 is slower than token by token.
        </p>
      )}
    </section>
  )
}

function StrategyRow({row, isOn}: {readonly row: ComparedStrategy; readonly isOn: boolean}) {
  const {changeDraft} = useActions()
  const summary = summarizeDrafts(row.results)
  return (
    <tr className={isOn ? 'on' : ''} data-strategy={row.name} data-runs={row.results.length}>
      <th scope="row" className="word">
        <button
          type="button"
          className="read-jump"
          onClick={() => changeDraft({strategy: row.strategy, draft: row.draft})}
        >
          {row.name}
        </button>
      </th>
      {summary ? (
        <SummaryCells summary={summary} />
      ) : (
        <td className="word ink-3" colSpan={7}>
          {row.problem ? `✕ ${row.problem.message}` : '…'}
        </td>
      )}
    </tr>
  )
}

function SummaryCells({summary}: {readonly summary: DraftSummary}) {
  const withError = (mean: number, error: number | null) =>
    `${formatFixed(mean, 2)}${error === null ? '' : ` ± ${formatFixed(error, 2)}`}`
  const {byDepth, speedUp, drafted, tested, accepted, untested} = summary
  const depths = byDepth.slice(0, MOST_DEPTHS)
  const words = depths
    .map(({depth, reached, accepted: own}) => `depth ${depth}: ${own} of ${reached}`)
    .join(', ')
  return (
    <>
      <td data-accepted={summary.acceptedMean}>
        {withError(summary.acceptedMean, summary.acceptedStandardError)}
      </td>
      <td>{formatFixed(summary.estimatedMean, 2)}</td>
      <td data-committed={summary.committedMean}>
        {withError(summary.committedMean, summary.committedStandardError)}
      </td>
      <td className="word">
        <span className="depth-bars" role="img" aria-label={words} data-hint={words}>
          {depths.map(({depth, reached, accepted: own}) => (
            <i
              key={depth}
              style={{height: `${Math.max(1, reached === 0 ? 0 : (14 * own) / reached)}px`}}
            />
          ))}
        </span>
      </td>
      <td>
        {formatCount(accepted)} {formatCount(tested - accepted)} {formatCount(untested)} of{' '}
        {formatCount(drafted)}
      </td>
      <td>{formatCount(summary.targetCallsSaved)}</td>
      <td data-speed-up={speedUp ?? ''}>
        {speedUp === null ? '—' : `${formatFixed(speedUp, 2)}×`}
      </td>
    </>
  )
}
