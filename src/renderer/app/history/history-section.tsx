import {useMemo} from 'react'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {selectActiveListing} from '../../store/models.ts'
import {selectActiveRunId} from '../../store/panes.ts'
import {selectRuns} from '../../store/run-records.ts'
import type {RunRecord} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {HistoryRow} from './history-row.tsx'
import {notesOfRuns} from './run-words.ts'
import {useHistoryList} from './use-history-list.ts'
import './history.css'

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
            <Button look="plain" onPress={clearRuns} className="ink-2">
              Clear
            </Button>
          </span>
        )}
      </h2>
      {runs.length === 0 ? (
        <div className="ink-3">Runs are kept here.</div>
      ) : (
        <HistoryRows runs={runs} activeRunId={activeRunId} chosenName={chosenName} />
      )}
    </section>
  )
}

interface HistoryRowsProps {
  readonly runs: readonly RunRecord[]
  readonly activeRunId: string | null
  /** The model of the next Run. */
  readonly chosenName: string | null
}

/** A list that is emptied and filled again is another one, which is measured anew. */
function HistoryRows({runs, activeRunId, chosenName}: HistoryRowsProps) {
  const {listRef, shown, heightPx, focusIndex, onKeyDown, onFocus} = useHistoryList(
    runs,
    activeRunId
  )
  const notes = useMemo(() => notesOfRuns(runs), [runs])
  return (
    <ul
      ref={listRef}
      className="history-list"
      aria-label="Runs, newest first"
      style={{height: heightPx}}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
    >
      {shown.map(({index, topPx}) => {
        const run = runs[index]
        return (
          run && (
            <HistoryRow
              key={run.id}
              run={run}
              index={index}
              topPx={topPx}
              count={runs.length}
              isActive={run.id === activeRunId}
              isFocusStop={index === focusIndex}
              note={notes.get(run.id) ?? null}
              isOtherModel={chosenName !== null && run.modelName !== chosenName}
            />
          )
        )
      })}
    </ul>
  )
}
