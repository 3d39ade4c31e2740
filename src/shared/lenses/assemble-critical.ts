import {tokensOfTable} from '../domain/token.ts'
import type {
  Counterfactual,
  CriticalEvent,
  CriticalExample,
  CriticalRequest,
  CriticalResult,
  CriticalScore,
} from './critical.ts'

type EventOf<Kind extends CriticalEvent['kind']> = Extract<CriticalEvent, {kind: Kind}>

/** What the events of a run have said so far. */
export interface CriticalRun {
  readonly request: CriticalRequest
  readonly tokenized: EventOf<'tokenized'> | null
  readonly promptSuccess: EventOf<'prompt'>['success'] | null
  /** By method and position. */
  readonly scores: ReadonlyMap<string, CriticalScore>
  readonly examples: readonly CriticalExample[]
  readonly counterfactual: Counterfactual | null
  readonly completed: EventOf<'completed'> | null
}

export function startCriticalRun(request: CriticalRequest): CriticalRun {
  return {
    ...{request, tokenized: null, promptSuccess: null, scores: new Map(), examples: []},
    ...{counterfactual: null, completed: null},
  }
}

export function foldCriticalEvent(run: CriticalRun, event: CriticalEvent): CriticalRun {
  switch (event.kind) {
    case 'progress':
      return run
    case 'tokenized':
      return {...run, tokenized: event}
    case 'prompt':
      return {...run, promptSuccess: event.success}
    case 'scores': {
      const scores = new Map(run.scores)
      for (const score of event.scores) scores.set(`${score.method} ${score.position}`, score)
      return {...run, scores, examples: [...run.examples, ...event.examples]}
    }
    case 'counterfactual':
      return {...run, counterfactual: event.counterfactual}
    case 'completed':
      return {...run, completed: event}
  }
}

const METHODS = ['rollout', 'contrastive', 'difference', 'base']

/** The result so far, by position and method; null before the text is known. */
export function criticalResultOf(
  run: CriticalRun,
  status: CriticalResult['status']
): CriticalResult | null {
  const {request, tokenized, promptSuccess, counterfactual, completed} = run
  if (!tokenized) return null
  const {text, responseStart, turns, verdict, contrast, provenance, warnings} = tokenized
  const byPlace = (a: {position: number}, b: {position: number}) => a.position - b.position
  return {
    schema: 'tokenscope/critical@1',
    request,
    ...provenance,
    warnings: [...warnings, ...(completed?.warnings ?? [])],
    status,
    ...(completed ? {timing: completed.timing} : {}),
    ...{text, responseStart},
    ...(turns.length > 0 ? {turns} : {}),
    tokens: tokensOfTable(tokenized.tokens),
    ...{verdict, contrast},
    ...(promptSuccess ? {promptSuccess} : {}),
    ...(completed ? {isRecoverable: completed.isRecoverable} : {}),
    scores: [...run.scores.values()].sort(
      (a, b) => byPlace(a, b) || METHODS.indexOf(a.method) - METHODS.indexOf(b.method)
    ),
    critical: completed?.critical ?? [],
    agreement: completed?.agreement ?? null,
    ...(counterfactual ? {counterfactual} : {}),
    // The sort is stable: those of one prefix stay in the order in which they were sampled.
    examples: run.examples.toSorted(byPlace),
    ...(completed ? {completionCount: completed.completionCount} : {}),
  }
}
