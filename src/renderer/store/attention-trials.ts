import type {Problem} from '../../shared/domain/problem.ts'
import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {HeadRef} from '../../shared/lenses/attention-maps.ts'
import type {InterveneRequestInput, InterveneResult} from '../../shared/lenses/intervene.ts'
import {selectAttentionRun, selectShown} from './attention.ts'
import {clampHead} from './attention-pictures.ts'
import type {MatrixPlace} from './attention-state.ts'
import type {Captures} from './captures.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import {selectLock} from './selection.ts'
import type {RunId, WorkbenchState} from './state.ts'

/** What is changed inside the model to see what follows from it. */
export type TrialChange =
  | {readonly kind: 'mask'; readonly token: number}
  | {readonly kind: 'delete'; readonly token: number}
  | {readonly kind: 'cut'; readonly head: HeadRef; readonly place: MatrixPlace}
  | {readonly kind: 'cut-all'; readonly layer: number; readonly place: MatrixPlace}
  | {readonly kind: 'head-off'; readonly head: HeadRef; readonly value: 'zero' | 'mean'}

/** One thing that was tried, and what came of it. */
export interface Trial {
  readonly id: number
  readonly runId: RunId
  readonly change: TrialChange
  /** The tables stand after this token. */
  readonly position: number
  readonly request: InterveneRequestInput
  readonly outcome:
    | {readonly kind: 'running'}
    | {readonly kind: 'cancelled'}
    | {readonly kind: 'failed'; readonly problem: Problem}
    | {readonly kind: 'completed'; readonly result: InterveneResult}
}

/** Session. */
export interface AttentionTrialsState {
  /** Newest first. */
  readonly trials: readonly Trial[]
  /** The one whose tables are shown; the newest of a run where it is null. */
  readonly shownTrialId: number | null
  /** What stands beside the matrix. */
  readonly attentionSide: 'heads' | 'test' | 'similar'
}

export const initialAttentionTrials: AttentionTrialsState = {
  trials: [],
  shownTrialId: null,
  attentionSide: 'heads',
}

/** Rows of each table: so many that what is listed in one is nearly always in the other. */
const TABLE_ROWS = 100
const MOST_TRIALS = 100

/** What can be tried with what is selected in the active pane. */
export interface TrialSubject {
  readonly runId: RunId
  readonly head: HeadRef
  /** The lit weight; null where none is lit on the selected token. */
  readonly place: MatrixPlace | null
  /** The token that is masked or deleted: the one that is read, else the selected one. */
  readonly token: number
  /** The tables stand after this token. */
  readonly position: number
}

export function selectTrialSubject(state: WorkbenchState, captures: Captures): TrialSubject | null {
  const pane = state.activePane
  const shown = selectAttentionRun(state, captures, pane)
  const facts = shown && captures.attentionFacts.peek(shown.run.id)
  if (!shown || !facts || facts.length === 0) return null
  const {id} = shown.run
  const locked = selectLock(state, captures, id)
  if (locked === null) return null
  const lit = state.attentionCells[id]
  const place = lit?.query === locked ? lit : null
  const last = shown.data.tokens.length - 1
  const promptEnd = Math.max(0, Math.min(last, shown.data.promptTokenCount - 1))
  return {
    runId: id,
    head: clampHead(facts, selectShown(state, captures, pane)),
    place,
    token: place?.key ?? locked,
    // What a masked token did is seen after it: at the end of the prompt, or after the next token.
    position: place ? place.query : locked < promptEnd ? promptEnd : Math.min(last, locked + 1),
  }
}

/** A run's prompt with what was generated, and what is to be changed in it. */
export function trialRequest(
  {request, tokens, promptTokenCount}: Pick<TokensRun, 'request' | 'tokens' | 'promptTokenCount'>,
  change: TrialChange,
  position: number
): InterveneRequestInput {
  const {model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate} = request
  const completionIds = tokens.slice(promptTokenCount).map(({id}) => id)
  return {
    ...{model, file, prompt, messages, chat, noSpecialTokens, parseSpecial, truncate},
    ...(completionIds.length > 0 ? {completionIds} : {}),
    ...changeOf(change),
    position,
    topK: TABLE_ROWS,
  }
}

function changeOf(change: TrialChange): Partial<InterveneRequestInput> {
  switch (change.kind) {
    case 'mask':
      return {maskKeys: [change.token]}
    case 'delete':
      return {deleteTokens: [change.token]}
    case 'cut':
      return {cutEdges: [{...change.head, ...change.place}]}
    case 'cut-all':
      return {cutEdges: [{layer: change.layer, head: 'all', ...change.place}]}
    case 'head-off':
      return {headsOff: [change.head], headValue: change.value}
  }
}

/** Trials of a run, newest first. */
export function selectTrials(
  {trials}: Pick<WorkbenchState, 'trials'>,
  runId: RunId | null
): Trial[] {
  return trials.filter((trial) => trial.runId === runId)
}

export interface AttentionTrialActions {
  /** Runs the prompt without and with a change, and keeps what came of it. */
  tryChange(change: TrialChange, position: number): void
  /** Runs one that was tried before once more. */
  tryAgain(id: number): void
  cancelTrial(id: number): void
  showTrial(id: number): void
  showAttentionSide(side: AttentionTrialsState['attentionSide']): void
}

export function createAttentionTrialActions({
  store,
  set,
  captures,
  client,
}: StoreContext): AttentionTrialActions {
  let count = 0
  const aborts = new Map<number, AbortController>()
  const settle = (id: number, outcome: Trial['outcome']) =>
    set(({trials}) => ({
      trials: trials.map((trial) => (trial.id === id ? {...trial, outcome} : trial)),
    }))
  const run = async ({id, request}: Trial) => {
    const abort = new AbortController()
    aborts.set(id, abort)
    try {
      const events = await client.interventions.run(request, {signal: abort.signal})
      for await (const event of events) {
        if (event.kind === 'completed') settle(id, {kind: 'completed', result: event.result})
      }
    } catch (error) {
      const isCancelled = abort.signal.aborted || isCancellation(error)
      settle(id, isCancelled ? {kind: 'cancelled'} : {kind: 'failed', problem: shownProblem(error)})
    } finally {
      aborts.delete(id)
    }
  }
  const start = (trial: Omit<Trial, 'id' | 'outcome'>) => {
    const started: Trial = {...trial, id: count++, outcome: {kind: 'running'}}
    set(({trials}) => ({
      trials: [started, ...trials].slice(0, MOST_TRIALS),
      shownTrialId: started.id,
      attentionSide: 'test',
    }))
    void run(started)
  }
  return {
    tryChange(change, position) {
      const state = store.getState()
      const shown = selectAttentionRun(state, captures, state.activePane)
      if (!shown) return
      const request = trialRequest(shown.data, change, position)
      start({runId: shown.run.id, change, position, request})
    },
    tryAgain(id) {
      const old = store.getState().trials.find((trial) => trial.id === id)
      if (old)
        start({runId: old.runId, change: old.change, position: old.position, request: old.request})
    },
    cancelTrial: (id) => aborts.get(id)?.abort(),
    showTrial: (shownTrialId) => set({shownTrialId, attentionSide: 'test'}),
    showAttentionSide: (attentionSide) => set({attentionSide}),
  }
}
