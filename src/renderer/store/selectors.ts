import {
  type TokensRun,
  tokensResultOf,
  withNextTokens,
  withTracked,
} from '../../shared/lenses/assemble-tokens.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'
import {type Captures, vocabularyKey} from './captures.ts'
import {selectLoaded} from './models.ts'
import {selectActiveRun} from './runs.ts'
import type {RunPhase, RunRecord, WorkbenchState} from './state.ts'

/** Remembers one answer: the same arguments, by identity, give the same object. */
export function memoizeLast<Args extends readonly unknown[], Value>(
  compute: (...args: Args) => Value
): (...args: Args) => Value {
  let last: {args: Args; value: Value} | null = null
  return (...args) => {
    if (last && args.every((arg, i) => Object.is(arg, last!.args[i]))) return last.value
    const value = compute(...args)
    last = {args, value}
    return value
  }
}

/** The active run's tokens and statistics so far. */
export function selectRunData(state: WorkbenchState, captures: Captures): TokensRun | null {
  return state.activeRunId === null ? null : (captures.runs.peek(state.activeRunId) ?? null)
}

const statusOf = (phase: RunPhase): TokensResult['status'] =>
  phase.kind === 'completed' ? 'completed' : phase.kind === 'failed' ? 'failed' : 'cancelled'

const computeResult = memoizeLast(
  (
    run: RunRecord,
    data: TokensRun | null,
    next: ReturnType<Captures['nextTables']['peek']>,
    tracked: ReturnType<Captures['tracked']['peek']>,
    captures: Captures,
    _vocabularyRevision: number
  ): TokensResult | null => {
    if (!data) return null
    const {status, rest} = {status: statusOf(run.phase), rest: data}
    let result = tokensResultOf(rest, status)
    if (!result) return null
    if (next) result = withNextTokens(result, next)
    if (tracked) {
      const {model} = run.request
      const named = withTracked(result, tracked)
      result = {
        ...named,
        tracked: named.tracked?.map((entry) => {
          const known = captures.vocabulary.peek(vocabularyKey(model, entry.tokenId))
          return known ? {...entry, bytesHex: known.bytesHex} : entry
        }),
      }
    }
    return result
  }
)

/**
 * The active run as the result that is drawn and exported: with the next-token table and the
 * followed tokens that the page shows. Null before the prompt was tokenized.
 */
export function selectResult(state: WorkbenchState, captures: Captures): TokensResult | null {
  const run = selectActiveRun(state)
  if (!run) return null
  const afterKey = state.next.after.shownKey
  const isOwn = (key: string | null): key is string => key?.startsWith(`${run.id}:`) === true
  return computeResult(
    run,
    selectRunData(state, captures),
    isOwn(afterKey) ? captures.nextTables.peek(afterKey) : undefined,
    isOwn(state.trackedShownKey) ? captures.tracked.peek(state.trackedShownKey) : undefined,
    captures,
    state.vocabularyRevision
  )
}

/** Width of the logits of the model that a run was made with; null where that is no longer known. */
export function selectVocabularySize(state: WorkbenchState, data: TokensRun): number | null {
  const path = data.provenance?.model.path ?? null
  const listing = state.listings.find((candidate) => candidate.path === path)
  return selectLoaded(state, path)?.vocabularySize ?? listing?.vocabularySize ?? null
}

/** Milliseconds a token of the active run took, where it is a run of the chosen model. */
export function selectMsPerToken(state: WorkbenchState, captures: Captures): number | null {
  const data = selectRunData(state, captures)
  if (!data?.timing || data.tokens.length === 0) return null
  if (data.provenance?.model.path !== state.activeModelPath) return null
  return data.timing.runMs / data.tokens.length
}
