import {assertNever} from '../domain/assert-never.ts'
import type {Warning} from '../domain/problem.ts'
import {type Token, tokensOfTable} from '../domain/token.ts'
import {logitLensOf} from './assemble-logit-lens.ts'
import type {LogitLens} from './logit-lens.ts'
import {distributionOf, nextRows} from './next-rows.ts'
import {
  type Distribution,
  type NextTokens,
  type Provenance,
  type ScoredToken,
  STATISTICS,
  type StatisticsColumns,
  type StopReason,
  type TokensEvent,
  type TokensRequest,
  type TokensResult,
  type TrackedColumns,
  type Turn,
} from './tokens.ts'

/** What a tokens run has told so far. Values of this type are never changed, only replaced. */
export interface TokensRun {
  readonly request: TokensRequest
  readonly provenance: Provenance | null
  readonly warnings: readonly Warning[]
  readonly text: string
  readonly promptTokenCount: number
  /** Of a chat: its turns, as stretches of the text. */
  readonly turns: readonly Turn[]
  /** Tokens that have no statistics yet carry null in every one. */
  readonly tokens: readonly ScoredToken[]
  readonly completionIds: readonly number[]
  readonly next: NextTokens | null
  readonly tracked: readonly TrackedColumns[] | null
  readonly lens: LogitLens | null
  readonly stopReason: StopReason | null
  readonly timing: TokensResult['timing']
}

/** The run before its first event. */
export function startTokensRun(request: TokensRequest): TokensRun {
  return {
    request,
    provenance: null,
    warnings: [],
    text: '',
    promptTokenCount: 0,
    turns: [],
    tokens: [],
    completionIds: request.completionIds ?? [],
    next: null,
    tracked: null,
    lens: null,
    stopReason: null,
    timing: undefined,
  }
}

/** The run after one more event of its stream. */
export function foldTokensEvent(run: TokensRun, event: TokensEvent): TokensRun {
  switch (event.kind) {
    case 'tokenized':
      return {
        ...run,
        provenance: event.provenance,
        warnings: event.warnings,
        text: event.text,
        promptTokenCount: event.promptTokenCount,
        turns: event.turns,
        tokens: tokensOfTable(event.tokens).map((token) => ({...token, ...NO_STATISTICS})),
      }
    case 'progress':
      return run
    case 'statistics': {
      const tokens = run.tokens.slice()
      for (let i = 0; i < event.columns.logprob.length; i++) {
        const token = tokens[event.firstPosition + i]
        if (!token) throw new Error(`statistics for position ${event.firstPosition + i}, no token`)
        tokens[event.firstPosition + i] = {...token, ...statisticsAt(event.columns, i)}
      }
      return {...run, tokens}
    }
    case 'generated': {
      const tokens = tokensOfTable(event.tokens, event.firstPosition).map((token, i) => ({
        ...token,
        ...statisticsAt(event.columns, i),
      }))
      return {
        ...run,
        tokens: [...run.tokens, ...tokens],
        completionIds: [...run.completionIds, ...event.tokens.ids],
      }
    }
    case 'next':
      return {...run, next: event.next}
    case 'tracked':
      return {...run, tracked: event.tracked}
    case 'logit-lens':
      return {...run, lens: event.lens}
    case 'completed':
      return {
        ...run,
        warnings: [...run.warnings, ...event.warnings],
        stopReason: event.stopReason,
        timing: event.timing,
      }
    default:
      return assertNever(event)
  }
}

/** The result as far as it is known, holes as null; null before the prompt was tokenized. */
export function tokensResultOf(
  run: TokensRun,
  status: TokensResult['status']
): TokensResult | null {
  if (!run.provenance) return null
  const distribution = distributionOf(run.next ?? run.request)
  return {
    schema: 'tokenscope/tokens@1',
    request: run.request,
    ...run.provenance,
    warnings: [...run.warnings],
    status,
    ...(run.timing ? {timing: run.timing} : {}),
    text: run.text,
    promptTokenCount: run.promptTokenCount,
    ...(run.turns.length > 0 ? {turns: [...run.turns]} : {}),
    tokens: [...run.tokens],
    ...nextPart(run.next, distribution),
    completionIds: [...run.completionIds],
    stopReason: run.stopReason,
    ...(run.tracked ? {tracked: run.tracked.map(trackedOf)} : {}),
    ...(run.lens ? logitLensOf(run.lens) : {}),
  }
}

/** All events of a run at once; null where not even the tokens came. */
export function assembleTokens(
  request: TokensRequest,
  events: Iterable<TokensEvent>,
  status: TokensResult['status'] = 'completed'
): TokensResult | null {
  let run = startTokensRun(request)
  for (const event of events) run = foldTokensEvent(run, event)
  return tokensResultOf(run, status)
}

/**
 * A result that shows another next-token table: the one of another position, temperature or top-p,
 * computed without a new run. Its request becomes the one that gives this very result.
 */
export function withNextTokens(result: TokensResult, next: NextTokens): TokensResult {
  const distribution = distributionOf(next)
  return {
    ...result,
    request: {
      ...result.request,
      topK: Math.max(1, next.tokens.ids.length),
      temperature: next.temperature,
      topP: next.topP,
      position: next.position === result.tokens.length - 1 ? 'last' : next.position,
    },
    ...nextPart(next, distribution),
  }
}

/** A result that follows other tokens. */
export function withTracked(
  result: TokensResult,
  tracked: readonly TrackedColumns[]
): TokensResult {
  return {
    ...result,
    request: {...result.request, track: tracked.map((columns) => columns.tokenId)},
    tracked: tracked.map(trackedOf),
  }
}

/** A result that shows its next-token table after each layer as well. */
export function withLogitLens(result: TokensResult, lens: LogitLens): TokensResult {
  return {...result, request: {...result.request, logitLens: true}, ...logitLensOf(lens)}
}

type TokenStatistics = Omit<ScoredToken, keyof Token>

const NO_STATISTICS = Object.fromEntries(
  [...STATISTICS, 'surprisalBits'].map((name) => [name, null])
) as unknown as TokenStatistics

function statisticsAt(columns: StatisticsColumns, index: number): TokenStatistics {
  const statistics: TokenStatistics = {...NO_STATISTICS}
  for (const name of STATISTICS) statistics[name] = orNull(columns[name][index])
  // Zero less the logarithm, so that a sure token has 0 and not negative zero.
  if (statistics.logprob !== null) statistics.surprisalBits = (0 - statistics.logprob) / Math.LN2
  return statistics
}

// NaN stands for "undefined here" in a column; a result has null. Negative zero becomes zero, since
// JSON cannot tell them apart and both ways to a result must give the same.
function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value + 0
}

type NextPart = Pick<
  TokensResult,
  | 'position'
  | 'distribution'
  | 'next'
  | 'restProb'
  | 'rawRestProb'
  | 'restCount'
  | 'keptCount'
  | 'cutRawProb'
>

function nextPart(next: NextTokens | null, distribution: Distribution): NextPart {
  if (!next) return {position: null, distribution, next: [], restProb: null}
  return {
    position: next.position,
    distribution,
    next: nextRows(next, distribution),
    restProb: distribution === 'raw' ? next.rawRestProb : next.sampledRestProb,
    rawRestProb: next.rawRestProb,
    restCount: next.restCount,
    keptCount: next.keptCount,
    cutRawProb: next.cutRawProb,
  }
}

function trackedOf(columns: TrackedColumns): NonNullable<TokensResult['tracked']>[number] {
  return {
    tokenId: columns.tokenId,
    ...(columns.bytesHex === undefined ? {} : {bytesHex: columns.bytesHex}),
    positions: Array.from(columns.prob, (prob, position) => ({
      position,
      prob,
      rank: columns.rank[position]!,
      logit: columns.logit[position]!,
    })),
  }
}
