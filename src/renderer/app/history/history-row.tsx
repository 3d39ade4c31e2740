import {formatCount} from '../../../shared/figures/number-format.ts'
import {targetProps} from '../../lenses/target.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import type {RunRecord} from '../../store/state.ts'
import {Button} from '../../ui/button.tsx'
import {hintOfRun} from './run-words.ts'

export interface HistoryRowProps {
  readonly run: RunRecord
  readonly index: number
  readonly count: number
  readonly topPx: number
  readonly isActive: boolean
  /** The row that Tab goes to. */
  readonly isFocusStop: boolean
  /** Made with another model than the one of the next Run: the row names it. */
  readonly isOtherModel: boolean
  /** What tells it from runs with the same label. */
  readonly note: string | null
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

/** A run: opened by a press, everything else by its menu, the right button or the menu key. */
export function HistoryRow(props: HistoryRowProps) {
  const {run, index, count, topPx, isActive, isFocusStop, isOtherModel, note} = props
  const {openRun} = useActions()
  const isRenaming = useWorkbenchState((state) => state.renamingRunId === run.id)
  return (
    <li
      className="history-row"
      style={{transform: `translateY(${topPx}px)`}}
      aria-setsize={count}
      aria-posinset={index + 1}
      data-run={run.id}
    >
      <div
        className={`item ${isActive ? 'on' : ''}`}
        {...targetProps({kind: 'run', runId: run.id})}
        data-hint={hintOfRun(run)}
      >
        {isRenaming ? (
          <LabelField run={run} />
        ) : (
          <>
            <Button
              look="plain"
              className="item-main"
              aria-pressed={isActive}
              excludeFromTabOrder={!isFocusStop}
              onPress={() => void openRun(run.id)}
              testId="history-row"
            >
              <span className="history-time">{timeText(run.startedAt)}</span>
              <span className="clip">{run.label}</span>
              {note && <span className="clip history-note">{note}</span>}
              {isOtherModel && <span className="clip history-model">{run.modelName}</span>}
              <span className={`end ${run.phase.kind === 'failed' ? 'failed' : ''}`}>
                {endText(run)}
              </span>
            </Button>
            <Button
              look="edge"
              className="small-button on-hover"
              aria-label={`Actions on ${run.label}`}
              aria-haspopup="menu"
              excludeFromTabOrder={!isFocusStop}
              onPress={({target}) => askForMenu(target)}
              testId="history-actions"
            >
              ⋯
            </Button>
          </>
        )}
      </div>
    </li>
  )
}

/** The same menu as under the right button. */
function askForMenu(button: Element): void {
  const {left, bottom} = button.getBoundingClientRect()
  const options = {bubbles: true, cancelable: true, clientX: left, clientY: bottom}
  button.dispatchEvent(new MouseEvent('contextmenu', options))
}

/** Another name for a run: Enter keeps it, Escape does not. */
function LabelField({run}: {readonly run: RunRecord}) {
  const {renameRun, startRenaming} = useActions()
  const end = (row: Element | null) => {
    startRenaming(null)
    // The field goes; the row that it stood in takes the focus.
    requestAnimationFrame(() => row?.querySelector<HTMLElement>('.item-main')?.focus())
  }
  return (
    <input
      className="field grow"
      aria-label="Name of the run"
      data-testid="run-label"
      defaultValue={run.label}
      maxLength={200}
      ref={(field) => {
        if (field && document.activeElement !== field) field.select()
      }}
      onBlur={(event) => {
        renameRun(run.id, event.target.value)
        startRenaming(null)
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== 'Escape') return
        event.preventDefault()
        event.stopPropagation()
        if (event.key === 'Escape') event.currentTarget.value = run.label
        else renameRun(run.id, event.currentTarget.value)
        end(event.currentTarget.closest('li'))
      }}
    />
  )
}
