import {useMemo} from 'react'
import {describeDataset} from '../../../shared/figures/critical-dataset/dataset-data.ts'
import {CriticalDatasetFigure} from '../../../shared/figures/critical-dataset/figure.tsx'
import {layoutCriticalDataset} from '../../../shared/figures/critical-dataset/layout.ts'
import {formatCount, formatMany, NO_VALUE} from '../../../shared/figures/number-format.ts'
import {commonFigureOptionsSchema} from '../../../shared/figures/request.ts'
import type {
  CriticalDatasetResult,
  CriticalItemSummary,
} from '../../../shared/lenses/critical-dataset.ts'
import {
  type DatasetWish,
  selectDatasetResult,
  selectDatasetWish,
} from '../../store/critical-dataset.ts'
import type {DatasetOutcome} from '../../store/critical-state.ts'
import {Button} from '../../ui/button.tsx'
import {useSize} from '../../ui/use-size.ts'
import {usePaneIndex, usePanePlace} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {ProblemText} from './job-state.tsx'
import {ResponseWords} from './response-words.tsx'

/** Skipped lines that are named one by one. */
const TOLD_SKIPPED = 8
/** Rows that are drawn; the file has all. */
const MOST_ROWS = 500
const MOST_FIGURE_PX = 760

/** The prompt list as a data set: its run, what came of all items, and of each. */
export function DatasetView() {
  const {store} = useWorkbench()
  const {openImport, runDataset, cancelDataset} = useActions()
  const {job, outcomes} = useWorkbenchState((state) => ({
    job: state.datasetJob,
    outcomes: state.datasetOutcomes,
    rows: state.listRows,
    source: state.listSource,
    choice: state.criticalChoice,
    wish: selectDatasetWish(state),
  }))
  const state = store.getState()
  const wish = selectDatasetWish(state)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is made of these.
  const result = useMemo(() => selectDatasetResult(state), [wish, outcomes, state.listSource])
  const isRunning = job.kind === 'running'
  const total = wish?.items.length ?? 0
  const done = result?.items.length ?? 0
  const failedCount = result?.summary.failedCount ?? 0
  return (
    <section className="responses" aria-label="Data set" data-testid="dataset">
      <div className="response-buttons">
        {total > 0 && !isRunning && done < total && (
          <Button look="primary" onPress={() => void runDataset()} testId="run-dataset">
            {done === 0 ? `Run ${formatMany(total, 'item')}` : `Run the other ${total - done}`}
          </Button>
        )}
        {isRunning && (
          <>
            <span role="status" data-testid="dataset-progress">
              {formatCount(job.done)} of {formatMany(job.total, 'item')}
            </span>
            <Button look="edge" onPress={cancelDataset} testId="cancel-dataset">
              Cancel
            </Button>
          </>
        )}
        {!isRunning && failedCount > 0 && (
          <Button look="edge" onPress={() => void runDataset('failed')} testId="run-failed">
            Run those that failed again
          </Button>
        )}
        <Button look="edge" onPress={() => openImport()} testId="open-dataset">
          {total === 0 ? 'Open a file of prompts' : 'Open another file'}
        </Button>
        {job.kind === 'cancelled' && done < total && (
          <span className="ink-2">Cancelled: what came until then stays.</span>
        )}
      </div>
      <SourceWords wish={wish} />
      {job.kind === 'failed' && <ProblemText problem={job.problem} />}
      {result && <Summary result={result} />}
      {result && wish && <Items wish={wish} outcomes={outcomes} />}
    </section>
  )
}

/** Where the items come from, and every line that makes none. */
function SourceWords({wish}: {readonly wish: DatasetWish | null}) {
  const source = useWorkbenchState((state) => state.listSource)
  if (!wish || wish.items.length + wish.refused.length === 0) {
    return (
      <p className="dataset-skipped">
        JSONL, CSV or text: a prompt a line, with its right answer and, where there is one, the
        response. Else a wrong one is sampled.
      </p>
    )
  }
  const skipped = [...(source?.skipped ?? []), ...wish.refused].sort((a, b) => a.line - b.line)
  const count = (source?.skippedCount ?? 0) + wish.refused.length
  const named = skipped.slice(0, TOLD_SKIPPED).map(({line, reason}) => `line ${line} ${reason}`)
  const more = count - named.length
  return (
    <p className="dataset-skipped" data-testid="dataset-source" data-skipped={count}>
      {formatMany(wish.items.length, 'item')} of the prompt list
      {source && `, from ${source.name}`}.
      {count > 0 && (
        <>
          {' '}
          <span className="warn">▲</span> {formatMany(count, 'line')} skipped: {named.join('; ')}
          {more > 0 && ` and ${formatCount(more)} more`}.
        </>
      )}
    </p>
  )
}

function Summary({result}: {readonly result: CriticalDatasetResult}) {
  const [ref, {widthPx}] = useSize<HTMLDivElement>({place: usePanePlace('critical data set')})
  const palette = usePalette()
  const layout = useMemo(() => {
    if (widthPx < 1) return null
    const own = {widthPx: Math.max(120, Math.min(MOST_FIGURE_PX, widthPx))}
    return layoutCriticalDataset(result, commonFigureOptionsSchema.parse(own))
  }, [result, widthPx])
  return (
    <div ref={ref} className="dataset-figure" data-testid="dataset-summary">
      {layout && (
        <CriticalDatasetFigure
          layout={layout}
          palette={palette}
          title="Critical tokens of a data set"
          description={describeDataset(result)}
          metadata=""
        />
      )}
    </div>
  )
}

interface ItemsProps {
  readonly wish: DatasetWish
  readonly outcomes: Readonly<Record<string, DatasetOutcome>>
}

function Items({wish, outcomes}: ItemsProps) {
  const {openDatasetItem} = useActions()
  const pane = usePaneIndex()
  const there = wish.items.filter(({key}) => outcomes[key])
  return (
    <>
      <table className="number-table values-table responses-table" data-testid="dataset-items">
        <thead>
          <tr>
            <th scope="col">released, position</th>
            <th scope="col">ours</th>
            <th scope="col">line</th>
            <th scope="col" className="response-words">
              prompt and response
            </th>
          </tr>
        </thead>
        <tbody>
          {there.slice(0, MOST_ROWS).map(({key, row}) => {
            const {summary, texts} = outcomes[key]!
            const released = placeOf(summary, 'released')
            const releasedAt = released === null ? null : released - (summary.responseStart ?? 0)
            return (
              <tr key={key} data-line={row.line} data-released={released ?? ''}>
                <th scope="row">{placeText(summary, released)}</th>
                <td>{placeText(summary, placeOf(summary, 'ours'))}</td>
                <td>{formatCount(row.line)}</td>
                <td className="response-words">
                  <div className="ink-3">{row.prompt}</div>
                  {summary.problem ? (
                    <div>
                      <span className="failed">✕</span> {summary.problem.message}{' '}
                      {summary.problem.advice}
                    </div>
                  ) : (
                    <button
                      type="button"
                      className="response-line mono"
                      aria-label="Look into this response"
                      onClick={() => void openDatasetItem(key, pane)}
                    >
                      <ResponseWords row={{texts, releasedAt}} />
                    </button>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {there.length > MOST_ROWS && (
        <p className="dataset-skipped">
          {formatCount(there.length - MOST_ROWS)} more; an exported file has all.
        </p>
      )}
    </>
  )
}

/** Over prompt and response, from 0; null where the rule names none. */
function placeOf({critical}: CriticalItemSummary, rule: 'released' | 'ours'): number | null {
  return critical.find((one) => one.method === 'rollout' && one.rule === rule)?.position ?? null
}

function placeText({status, verdict, isRecoverable}: CriticalItemSummary, at: number | null) {
  if (at !== null) return formatCount(at)
  if (status === 'failed') return 'failed'
  if (verdict === 'right') return 'right'
  return isRecoverable === false ? 'not recoverable' : NO_VALUE
}
