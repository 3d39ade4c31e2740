import {selectActiveRunId} from './panes.ts'
import type {
  RunEntry,
  RunId,
  RunRecord,
  RunState,
  RunStatesState,
  RunsState,
  WorkbenchState,
} from './state.ts'

/** Of a run of which only the request is known. */
export const KEPT_RUN: RunState = {
  phase: {kind: 'kept'},
  revision: 0,
  tokenCount: null,
  suggestedTrack: null,
}

const records = new WeakMap<RunEntry, RunRecord & {readonly of: RunState}>()

/** A run with what came of it; the same object as long as neither has changed. */
function recordOf(entry: RunEntry, {runStates}: RunStatesState): RunRecord {
  const of = runStates[entry.id] ?? KEPT_RUN
  const known = records.get(entry)
  if (known?.of === of) return known
  const record = {...entry, ...of, of}
  records.set(entry, record)
  return record
}

type RunsPart = RunsState & RunStatesState

export function selectRun(state: RunsPart, id: RunId | null): RunRecord | null {
  const entry = id === null ? undefined : state.runs.find((run) => run.id === id)
  return entry ? recordOf(entry, state) : null
}

const lists = new WeakMap<RunsState['runs'], {of: unknown; records: readonly RunRecord[]}>()

/** Every run with what came of it, newest first; the same array as long as none has changed. */
export function selectRuns(state: RunsPart): readonly RunRecord[] {
  const known = lists.get(state.runs)
  if (known?.of === state.runStates) return known.records
  const records = state.runs.map((entry) => recordOf(entry, state))
  lists.set(state.runs, {of: state.runStates, records})
  return records
}

export function selectActiveRun(state: WorkbenchState): RunRecord | null {
  return selectRun(state, selectActiveRunId(state))
}

export function selectRunning(state: RunsPart): RunRecord | null {
  const entry = state.runs.find((run) => state.runStates[run.id]?.phase.kind === 'running')
  return entry ? recordOf(entry, state) : null
}
