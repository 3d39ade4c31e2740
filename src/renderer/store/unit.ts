import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import {textOfSequence} from '../../shared/units/sequence-text.ts'
import {
  type ByteSpan,
  type ResolvedUnit,
  TOKEN_UNIT,
  type UnitChoice,
} from '../../shared/units/unit-choice.ts'
import {type ScoredUnit, scoreUnits} from '../../shared/units/unit-scores.ts'
import {type UnitTable, unitsOf} from '../../shared/units/units.ts'
import type {Captures} from './captures.ts'
import {type StoreContext, shownProblem} from './context.ts'
import {selectActiveRunId} from './panes.ts'
import {selectLock} from './selection.ts'
import {covering, withoutSpan, withSpan} from './spans.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'
import type {UnitState, UnitWorkState} from './unit-state.ts'

export const initialUnit: UnitState = {unit: TOKEN_UNIT, drawnSpans: {}}
export const initialUnitWork: UnitWorkState = {
  matches: {},
  drawing: null,
  unitEditor: null,
}

/** Those that take a run work on the active pane's unless told. */
export interface UnitActions {
  /** Chooses the unit that every lens shows its scores by. */
  setUnit(unit: UnitChoice): void
  /** The stretches of a run that were drawn by hand; they become the unit. */
  setDrawnSpans(runId: RunId, spans: readonly ByteSpan[]): void
  /** Adds a stretch to those drawn; what it covers is taken from older ones. */
  drawSpan(span: ByteSpan, runId?: RunId | null): void
  /** Takes a drawn stretch away, by its place in the text from 0. */
  removeDrawnSpan(index: number, runId?: RunId | null): void
  clearDrawnSpans(runId?: RunId | null): void
  /** Begins a span at a token, or stretches the one that is being drawn to it. */
  drawTo(from: number, to: number, runId?: RunId | null): void
  /** Draws a span from the locked token, or from where one was begun, to another. */
  drawFromLock(to: number, runId?: RunId | null): void
  /** Stretches the span by so many tokens, from the locked token on where none is begun. */
  extendDrawing(step: number): void
  keepDrawing(): void
  /** Opens or closes the editor of the unit, in the active pane unless told. */
  openUnitEditor(pane?: PaneIndex): void
  closeUnitEditor(): void
  dropDrawing(): void
  /** Keeps the matches of the unit's regular expression in step with it and with the runs shown. */
  watchUnits(): void
}

/** A run cut into the chosen units, each with its statistics. */
export interface RunUnits {
  readonly unit: ResolvedUnit
  readonly table: UnitTable
  readonly units: readonly ScoredUnit[]
}

type UnitParts = Pick<WorkbenchState, 'unit' | 'drawnSpans' | 'matches'>

const resolvedSpans = new WeakMap<readonly ByteSpan[], ResolvedUnit>()

/** The spans of a run that were drawn by hand, in the order of the text. */
export function selectDrawnSpans(
  {unit, drawnSpans}: Pick<WorkbenchState, 'unit' | 'drawnSpans'>,
  runId: RunId | null
): readonly ByteSpan[] {
  const own = runId === null ? undefined : drawnSpans[runId]
  return own ?? (unit.kind === 'spans' ? unit.spans : NO_SPANS)
}
const NO_SPANS: readonly ByteSpan[] = []

/** The chosen unit with the spans that are drawn in a run, as the command line takes it. */
export function selectUnitChoice(
  state: Pick<WorkbenchState, 'unit' | 'drawnSpans'>,
  runId: RunId | null
): UnitChoice {
  const {unit} = state
  return unit.kind === 'spans' ? {kind: 'spans', spans: [...selectDrawnSpans(state, runId)]} : unit
}

/**
 * The chosen unit with what a run needs to be cut by it. A regular expression whose matches are not known
 * (yet), or which cannot be used, leaves the run by its tokens, and so do turns and drawn spans where there
 * are none.
 */
export function selectResolvedUnit(
  state: UnitParts,
  captures: Pick<Captures, 'runs'>,
  runId: RunId | null
): ResolvedUnit {
  const {unit, matches} = state
  switch (unit.kind) {
    case 'regex': {
      const match = runId === null ? undefined : matches[runId]
      return (!match?.problem && match?.resolved) || TOKEN_UNIT
    }
    case 'spans': {
      const spans = selectDrawnSpans(state, runId)
      if (spans.length === 0) return TOKEN_UNIT
      const known = resolvedSpans.get(spans)
      if (known) return known
      const resolved: ResolvedUnit = {kind: 'spans', spans: [...spans]}
      resolvedSpans.set(spans, resolved)
      return resolved
    }
    case 'turn': {
      const data = runId === null ? undefined : captures.runs.peek(runId)
      return data && data.turns.length > 0 ? unit : TOKEN_UNIT
    }
    default:
      return unit
  }
}

// What a run was cut into last; walking and pointing ask for it many times a second.
const cutRuns = new WeakMap<TokensRun, RunUnits>()

/** A run cut by the chosen unit; null where nothing is known of the run. */
export function selectUnits(
  state: UnitParts,
  captures: Pick<Captures, 'runs'>,
  runId: RunId | null
): RunUnits | null {
  const data = runId === null ? undefined : captures.runs.peek(runId)
  return data ? cutRun(data, selectResolvedUnit(state, captures, runId)) : null
}

/** A run cut by a unit; the last answer for each run is kept. */
export function cutRun(data: TokensRun, unit: ResolvedUnit): RunUnits {
  const known = cutRuns.get(data)
  if (known?.unit === unit) return known
  const table = unitsOf(data, unit)
  const cut: RunUnits = {unit, table, units: scoreUnits(table, data.tokens)}
  cutRuns.set(data, cut)
  return cut
}

/** A part of a token: which unit it lies in and what share of the token it is. */
export interface TokenPiece {
  readonly unit: number
  readonly share: number
}

/** The units that a token has parts in, left to right, by their indices. */
export function unitsOfToken({table}: Pick<RunUnits, 'table'>, position: number): TokenPiece[] {
  const pieces: TokenPiece[] = []
  const end = table.pieceStarts[position + 1] ?? 0
  for (let piece = table.pieceStarts[position] ?? 0; piece < end; piece++) {
    pieces.push({unit: table.pieceUnits[piece]!, share: table.pieceShares[piece]!})
  }
  return pieces
}

export function createUnitActions(context: StoreContext): UnitActions {
  const {store, set, change, captures} = context
  const active = () => selectActiveRunId(store.getState())
  const dataOf = (runId: RunId | null) => (runId === null ? undefined : captures.runs.peek(runId))

  const setSpans = (what: string, runId: RunId, spans: readonly ByteSpan[]) => {
    const {drawnSpans, unit} = store.getState()
    change(what, {
      drawnSpans: {...drawnSpans, [runId]: spans},
      // The choice itself names no spans: those of this run are not another run's.
      ...(unit.kind === 'spans' && unit.spans.length === 0
        ? {}
        : {unit: {kind: 'spans' as const, spans: []}}),
    })
  }
  const drawSpan = (span: ByteSpan, runId: RunId | null = active()) => {
    if (runId === null || span.byteEnd <= span.byteStart) return
    const spans = withSpan(selectDrawnSpans(store.getState(), runId), span)
    setSpans('draw a span', runId, spans)
  }
  const drawTo = (from: number, to: number, runId: RunId | null = active()) => {
    const count = dataOf(runId)?.tokens.length ?? 0
    if (runId === null || count === 0) return
    const clamp = (position: number) => Math.max(0, Math.min(count - 1, position))
    const drawing = {runId, from: clamp(from), to: clamp(to)}
    const last = store.getState().drawing
    if (last?.runId === runId && last.from === drawing.from && last.to === drawing.to) return
    set({drawing})
  }
  return {
    drawSpan,
    drawTo,
    setUnit: (unit) =>
      change('choose the text unit', {unit}, unit.kind === 'regex' ? {merge: 'regex'} : {}),
    setDrawnSpans: (runId, spans) => setSpans('draw spans', runId, spans),
    removeDrawnSpan(index, runId = active()) {
      const spans = selectDrawnSpans(store.getState(), runId)
      if (runId === null || !spans[index]) return
      setSpans('remove a span', runId, withoutSpan(spans, index))
    },
    clearDrawnSpans(runId = active()) {
      if (runId === null || selectDrawnSpans(store.getState(), runId).length === 0) return
      setSpans('clear the spans', runId, [])
    },
    drawFromLock(to, runId = active()) {
      const state = store.getState()
      const begun = state.drawing?.runId === runId ? state.drawing?.from : undefined
      drawTo(begun ?? selectLock(state, captures, runId) ?? to, to, runId)
    },
    extendDrawing(step) {
      const state = store.getState()
      const runId = active()
      const {drawing} = state
      if (drawing !== null && drawing.runId === runId) {
        drawTo(drawing.from, drawing.to + step, runId)
        return
      }
      const lock = selectLock(state, captures, runId) ?? 0
      drawTo(lock, lock + step, runId)
    },
    keepDrawing() {
      const {drawing} = store.getState()
      if (!drawing) return
      set({drawing: null})
      const data = dataOf(drawing.runId)
      const span = data && covering(data.tokens, drawing.from, drawing.to)
      if (span) drawSpan(span, drawing.runId)
    },
    dropDrawing() {
      if (store.getState().drawing !== null) set({drawing: null})
    },
    openUnitEditor: (pane = store.getState().activePane) => set({unitEditor: pane}),
    closeUnitEditor() {
      if (store.getState().unitEditor !== null) set({unitEditor: null})
    },
    watchUnits: () => watchMatches(context),
  }
}

function watchMatches({store, set, captures, deps}: StoreContext): void {
  const asked = new Map<RunId, {key: string; abort: AbortController}>()

  const look = async (
    runId: RunId,
    key: string,
    data: TokensRun,
    source: string,
    flags: string
  ) => {
    asked.get(runId)?.abort.abort()
    const abort = new AbortController()
    asked.set(runId, {key, abort})
    const resolved = store.getState().matches[runId]?.resolved ?? null
    const say = (said: Partial<WorkbenchState['matches'][string]>) =>
      set(({matches}) => ({
        matches: {
          ...matches,
          [runId]: {key, isLooking: false, resolved, problem: null, warning: null, ...said},
        },
      }))
    if (source === '') {
      say({resolved: null})
      return
    }
    say({isLooking: true, problem: store.getState().matches[runId]?.problem ?? null})
    try {
      const {spans, warnings} = await deps.matchRegex(
        textOfSequence(data),
        {source, flags},
        {signal: abort.signal}
      )
      if (abort.signal.aborted) return
      const warning = warnings[0]?.message ?? null
      say({resolved: {kind: 'regex', source, flags, spans}, warning})
    } catch (error) {
      if (!abort.signal.aborted) say({problem: shownProblem(error)})
    }
  }

  store.subscribe((state, previous) => {
    const isUnchanged =
      state.unit === previous.unit &&
      state.panes === previous.panes &&
      state.runStates === previous.runStates
    if (isUnchanged) return
    const {unit} = state
    if (unit.kind !== 'regex') {
      for (const {abort} of asked.values()) abort.abort()
      asked.clear()
      return
    }
    const {source, flags} = unit
    for (const runId of new Set(state.panes.map((pane) => pane.runId))) {
      const data = runId === null ? undefined : captures.runs.peek(runId)
      if (runId === null || !data || data.tokens.length === 0) continue
      const key = JSON.stringify([source, flags, data.text.length, data.tokens.length])
      if (asked.get(runId)?.key !== key) void look(runId, key, data, source, flags)
    }
  })
}
