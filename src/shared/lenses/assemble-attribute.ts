import {tokensOfTable} from '../domain/token.ts'
import type {
  AttributeEvent,
  AttributeRequest,
  AttributeResult,
  AttributionEstimate,
  AttributionRow,
} from './attribute.ts'

type EventOf<Kind extends AttributeEvent['kind']> = Extract<AttributeEvent, {kind: Kind}>

/** What the events of an attribution have said so far. */
export interface AttributeRun {
  readonly request: AttributeRequest
  readonly tokenized: EventOf<'tokenized'> | null
  /** By the row's index. A row that is done has no estimate any more. */
  readonly estimates: ReadonlyMap<number, AttributionEstimate>
  readonly rows: ReadonlyMap<number, AttributionRow>
  readonly completed: EventOf<'completed'> | null
}

export function startAttributeRun(request: AttributeRequest): AttributeRun {
  return {request, tokenized: null, estimates: new Map(), rows: new Map(), completed: null}
}

export function foldAttributeEvent(run: AttributeRun, event: AttributeEvent): AttributeRun {
  switch (event.kind) {
    case 'progress':
      return run
    case 'tokenized':
      return {...run, tokenized: event}
    case 'estimate':
      return {...run, estimates: new Map(run.estimates).set(event.row, event)}
    case 'row': {
      const estimates = new Map(run.estimates)
      estimates.delete(event.row)
      return {...run, estimates, rows: new Map(run.rows).set(event.row, event.result)}
    }
    case 'completed':
      return {...run, completed: event}
  }
}

/** The result so far; null before the text is known. A row that was not finished is its last estimate. */
export function attributeResultOf(
  {request, tokenized, estimates, rows, completed}: AttributeRun,
  status: AttributeResult['status']
): AttributeResult | null {
  if (!tokenized) return null
  const {text, promptTokenCount, turns, provenance, settings, warnings} = tokenized
  const indices = [...new Set([...rows.keys(), ...estimates.keys()])].sort((a, b) => a - b)
  const all = indices.map((index) => rows.get(index) ?? partialRowOf(estimates.get(index)!))
  return {
    schema: 'tokenscope/attribute@1',
    request,
    ...provenance,
    warnings: [...warnings, ...(completed?.warnings ?? [])],
    status,
    ...(completed ? {timing: completed.timing} : {}),
    text,
    promptTokenCount,
    ...(turns.length > 0 ? {turns} : {}),
    tokens: tokensOfTable(tokenized.tokens),
    method: request.method,
    settings,
    ...all[0],
    ...(request.allGenerated ? {rows: all} : {}),
  }
}

/** What is known of a row whose run was cancelled; positions without a value yet are left out. */
export function partialRowOf(estimate: AttributionEstimate): AttributionRow {
  const {target, probDrop, startLevel, redrawnCount, work} = estimate
  const known = [...estimate.positions.keys()].filter((i) => !Number.isNaN(estimate.values[i]))
  const numberOrNull = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? null : value
  return {
    target,
    values: known.map((i) => ({
      position: estimate.positions[i]!,
      value: estimate.values[i]!,
      low: numberOrNull(estimate.low[i]),
      high: numberOrNull(estimate.high[i]),
    })),
    ...(estimate.released.length > 0 && {
      released: known.map((i) => ({
        position: estimate.positions[i]!,
        value: estimate.released[i]!,
      })),
    }),
    stepCount: estimate.probeSteps.reduce((most, count) => Math.max(most, count), 0),
    stopReason: 'cancelled',
    probes: [...estimate.probeSteps].map((stepCount, i) => ({
      ...{stepCount, converged: estimate.probeStopped[i] === 1, probDrop: null},
    })),
    rationale: [...estimate.rationale],
    ...{redrawnCount, probDrop, startLevel, work},
  }
}
