import {formatCount} from '../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectActiveListing} from '../store/models.ts'
import {selectActiveRunId} from '../store/panes.ts'
import {selectRuns} from '../store/runs.ts'
import type {RunRecord} from '../store/state.ts'
import {Button} from '../ui/button.tsx'

/** Runs of this visit and the requests of earlier ones, newest first. */
export function HistorySection() {
  const {clearRuns} = useActions()
  const {runs, activeRunId, chosenName} = useWorkbenchState((state) => ({
    runs: selectRuns(state),
    activeRunId: selectActiveRunId(state),
    chosenName: selectActiveListing(state)?.id ?? null,
  }))
  return (
    <section aria-labelledby="history-head" data-testid="history">
      <h2 id="history-head">
        History
        {runs.length > 0 && (
          <span className="end">
            <Button look="plain" onPress={clearRuns} className="ink-3">
              Clear
            </Button>
          </span>
        )}
      </h2>
      {runs.length === 0 && <div className="ink-3">Runs are kept here.</div>}
      {runs.map((run) => (
        <HistoryRow
          key={run.id}
          run={run}
          isActive={run.id === activeRunId}
          isOtherModel={chosenName !== null && run.modelName !== chosenName}
        />
      ))}
    </section>
  )
}

const DAY_MS = 24 * 60 * 60 * 1000

/** `12:04` today, `3 Nov` before. */
function timeText(startedAt: number): string {
  const date = new Date(startedAt)
  if (Date.now() - startedAt > DAY_MS) {
    return date.toLocaleDateString('en-GB', {day: 'numeric', month: 'short'})
  }
  return date.toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'})
}

function endText(run: RunRecord): string {
  switch (run.phase.kind) {
    case 'running':
      return 'running'
    case 'failed':
      return '✕ failed'
    case 'cancelled':
      return 'cancelled'
    default:
      return run.tokenCount === null ? '' : formatCount(run.tokenCount)
  }
}

interface HistoryRowProps {
  readonly run: RunRecord
  readonly isActive: boolean
  /** Made with another model than the one of the next Run: the row names it. */
  readonly isOtherModel: boolean
}

function HistoryRow({run, isActive, isOtherModel}: HistoryRowProps) {
  const {openRun} = useActions()
  return (
    <div className={`item ${isActive ? 'on' : ''}`}>
      <Button
        look="plain"
        className="item-main"
        aria-pressed={isActive}
        onPress={() => void openRun(run.id)}
        testId="history-row"
      >
        <span className="history-time">{timeText(run.startedAt)}</span>
        <span className="clip" title={`${run.label}, ${run.modelName}`}>
          {run.label}
        </span>
        {isOtherModel && <span className="clip history-model">{run.modelName}</span>}
        <span className={`end ${run.phase.kind === 'failed' ? 'failed' : ''}`}>{endText(run)}</span>
      </Button>
    </div>
  )
}
