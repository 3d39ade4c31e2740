import type {ModelListing} from '../../shared/domain/model.ts'
import {
  type TokensRun,
  tokensResultOf,
  withLogitLens,
  withNextTokens,
  withTracked,
} from '../../shared/lenses/assemble-tokens.ts'
import type {LogitLens} from '../../shared/lenses/logit-lens.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'
import {type Captures, vocabularyKey} from './captures.ts'
import {selectShownLens} from './logit-lens.ts'
import {nameWithFile} from './model-files.ts'
import {refOfListing, selectActiveListing, selectLoaded} from './models.ts'
import {selectActiveRunId} from './panes.ts'
import {selectActiveRun, selectRun} from './run-records.ts'
import type {PaneIndex, RunId, RunPhase, RunRecord, WorkbenchState} from './state.ts'

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

/** Tokens and statistics so far of a run, the active one unless told. */
export function selectRunData(
  state: Pick<WorkbenchState, 'panes' | 'activePane'>,
  captures: Captures,
  runId: RunId | null = selectActiveRunId(state)
): TokensRun | null {
  return runId === null ? null : (captures.runs.peek(runId) ?? null)
}

const statusOf = (phase: RunPhase): TokensResult['status'] =>
  phase.kind === 'completed' ? 'completed' : phase.kind === 'failed' ? 'failed' : 'cancelled'

type ResultOfRun = (data: TokensRun, status: TokensResult['status']) => TokensResult | null

function computeResult(
  resultOfRun: ResultOfRun,
  run: RunRecord,
  data: TokensRun | null,
  next: ReturnType<Captures['nextTables']['peek']>,
  tracked: ReturnType<Captures['tracked']['peek']>,
  lens: LogitLens | null,
  captures: Captures,
  _vocabularyRevision: number
): TokensResult | null {
  if (!data) return null
  let result = resultOfRun(data, statusOf(run.phase))
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
  if (lens && isOfTable(lens, result)) result = withLogitLens(result, lens)
  return result
}

/** Whether a lens is about the very table that is shown: not while another token is pointed at. */
function isOfTable(
  {position, temperature, topP}: LogitLens,
  {position: at, request}: TokensResult
) {
  return position === at && temperature === request.temperature && topP === request.topP
}

// One for each pane, so that drawing the one does not forget the other's.
const resultsOfPanes = [memoizeLast(computeResult), memoizeLast(computeResult)] as const
// Its tokens stay the same list while only tables beside them change, as at every step of a walk.
const runResultsOfPanes: readonly [ResultOfRun, ResultOfRun] = [
  memoizeLast(tokensResultOf),
  memoizeLast(tokensResultOf),
]

/**
 * The run of a pane, the active one unless told, as the result that is drawn and exported: with the
 * next-token table and the followed tokens that the page shows. Null before the prompt was tokenized.
 */
export function selectResult(
  state: WorkbenchState,
  captures: Captures,
  pane: PaneIndex = state.activePane
): TokensResult | null {
  const run = selectRun(state, state.panes[pane]?.runId ?? null)
  if (!run) return null
  const afterKey = state.after[pane].shownKey
  const trackedKey = state.trackedSlots[pane].shownKey
  const isOwn = (key: string | null): key is string => key?.startsWith(`${run.id}:`) === true
  return resultsOfPanes[pane](
    runResultsOfPanes[pane],
    run,
    selectRunData(state, captures, run.id),
    isOwn(afterKey) ? captures.nextTables.peek(afterKey) : undefined,
    isOwn(trackedKey) ? captures.tracked.peek(trackedKey) : undefined,
    selectShownLens(state, captures, pane),
    captures,
    state.vocabularyRevision
  )
}

/** The model that made the numbers of a run, whichever is chosen now; null where it is gone. */
function selectListingOf(
  state: WorkbenchState,
  {request, provenance}: Pick<TokensRun, 'request' | 'provenance'>
): ModelListing | null {
  return (
    state.listings.find((listing) => listing.path === provenance?.model.path) ??
    state.listings.find((listing) => refOfListing(listing).model === request.model) ??
    null
  )
}

/** Width of the logits of the model that a run was made with; null where that is no longer known. */
export function selectVocabularySize(state: WorkbenchState, data: TokensRun): number | null {
  const listing = selectListingOf(state, data)
  const path = listing?.path ?? data.provenance?.model.path ?? null
  return (
    selectLoaded(state, path, data.request.file)?.vocabularySize ?? listing?.vocabularySize ?? null
  )
}

/** Milliseconds a token of the active run took; null before it is done. */
export function selectMsPerToken(state: WorkbenchState, captures: Captures): number | null {
  const data = selectRunData(state, captures)
  // What was kept of an earlier run takes no time, and says nothing of the model's speed.
  if (!data?.timing || data.timing.runMs === 0 || data.tokens.length === 0) return null
  return data.timing.runMs / data.tokens.length
}

/** What the top bar names: the model of the run that is shown, and the one of the next Run. */
export interface ShownModel {
  readonly name: string | null
  /** Where the next Run uses another. */
  readonly nextName: string | null
  readonly isTeaching: boolean
  readonly threads: number | null
}

export function selectShownModel(state: WorkbenchState, captures: Captures): ShownModel {
  const chosen = selectActiveListing(state)
  const run = selectActiveRun(state)
  const data = selectRunData(state, captures)
  const listing = run
    ? selectListingOf(state, data ?? {request: run.request, provenance: null})
    : chosen
  const file = run ? (run.request.file ?? null) : state.activeModelFile
  const isOther =
    run !== null &&
    chosen !== null &&
    (chosen.path !== listing?.path || file !== state.activeModelFile)
  const nextName = chosen && nameWithFile(chosen, state.activeModelFile)
  return {
    name: run?.modelName ?? (listing && nameWithFile(listing, file)),
    // The name alone would not tell it from the one that is shown.
    nextName: !isOther ? null : nextName === run.modelName ? chosen.path : nextName,
    isTeaching: listing?.source === 'builtin',
    threads: selectLoaded(state, listing?.path ?? null, file)?.threads ?? null,
  }
}
