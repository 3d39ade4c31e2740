import {formatCount, formatFixed, NO_VALUE} from '../../../shared/figures/number-format.ts'
import {type DraftSummary, summarizeDrafts} from '../../../shared/lenses/draft-summary.ts'
import {isDraftStrategy, type TreeRequest} from '../../../shared/lenses/tree.ts'
import type {RunId} from '../../store/state.ts'
import {type ComparedStrategy, initialTree} from '../../store/tree-state.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {isSameWay, strategyName} from './draft-names.ts'

const SEEDS = 5
/** Depths that have a bar and a count of their own. */
const DEPTHS = 4

/** Every strategy on the same prompt and seeds: lengths a step with standard errors, acceptance by depth, time. */
export function DraftStrategies({
  runId,
  request,
}: {
  readonly runId: RunId
  /** What is drawn now. */
  readonly request: Pick<TreeRequest, 'strategy' | 'draft'>
}) {
  const {compareStrategies, cancelComparison} = useActions()
  const comparison = useWorkbenchState(({draftComparison}) =>
    draftComparison?.runId === runId ? draftComparison : null
  )
  const {strategy} = request
  const now = {
    strategy: isDraftStrategy(strategy) ? strategy : initialTree.draftChoice.strategy,
    draft: request.draft ?? '',
  }
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
              <th scope="col" className="word" rowSpan={2}>
                strategy
              </th>
              <th scope="col" rowSpan={2}>
                runs
              </th>
              <th scope="col" rowSpan={2}>
                accepted a step
              </th>
              <th scope="col" rowSpan={2}>
                expected
              </th>
              <th scope="col" rowSpan={2}>
                committed a step
              </th>
              <th scope="colgroup" colSpan={DEPTHS + 1} className="word span-head">
                accepted/reached, by depth; steps that reached it
              </th>
              <th scope="colgroup" colSpan={4} className="span-head">
                nodes
              </th>
              <th scope="col" rowSpan={2}>
                calls saved
              </th>
              <th scope="col" rowSpan={2}>
                speed-up
              </th>
            </tr>
            <tr>
              <th />
              {Array.from({length: DEPTHS}, (_, i) => (
                <th key={i} scope="col">
                  d{i + 1}
                </th>
              ))}
              <th scope="col" aria-label="accepted">
                ✓
              </th>
              <th scope="col" aria-label="rejected">
                ✕
              </th>
              <th scope="col">untested</th>
              <th scope="col">drafted</th>
            </tr>
          </thead>
          <tbody>
            {comparison.rows.map((row) => (
              <StrategyRow key={row.name} row={row} isOn={isSameWay(row, now)} />
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
          ± is the standard error over runs: the steps of a run are not independent. All of these
          keep the model’s law. Speed-up is measured on this machine, draft included; below 1 is
          slower than token by token.
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
          {strategyName({...initialTree.draftChoice, ...row})}
        </button>
      </th>
      <td>{formatCount(row.results.length)}</td>
      {summary ? (
        <SummaryCells summary={summary} />
      ) : (
        <td className="word ink-3" colSpan={DEPTHS + 10}>
          {row.problem ? `✕ ${row.problem.message}` : '…'}
        </td>
      )}
    </tr>
  )
}

function SummaryCells({summary}: {readonly summary: DraftSummary}) {
  const withError = (mean: number, error: number | null) =>
    `${formatFixed(mean, 2)}${error === null ? '' : ` ± ${formatFixed(error, 2)}`}`
  const {byDepth, speedUp, drafted, rejected, accepted, untested} = summary
  const depths = byDepth.slice(0, DEPTHS)
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
      {Array.from({length: DEPTHS}, (_, i) => (
        <td key={i} className="ink-3">
          {formatMaybe(byDepth[i]?.reached)}
        </td>
      ))}
      {[accepted, rejected, untested, drafted].map((count, i) => (
        <td key={i}>{formatCount(count)}</td>
      ))}
      <td>{formatCount(summary.targetCallsSaved)}</td>
      <td data-speed-up={speedUp ?? ''}>
        {speedUp === null ? '—' : `${formatFixed(speedUp, 2)}×`}
      </td>
    </>
  )
}

function formatMaybe(count: number | undefined): string {
  return count === undefined ? NO_VALUE : formatCount(count)
}
