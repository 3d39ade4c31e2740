import {bytesOfHex, hexOfBytes} from '../../shared/domain/token.ts'
import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import {
  type BytesEvent,
  type BytesRequest,
  type BytesResult,
  bytesRequestSchema,
} from '../../shared/lenses/bytes.ts'
import type {Captures} from './captures.ts'
import type {StoreContext} from './context.ts'
import {selectPane} from './panes.ts'
import {selectRun} from './run-records.ts'
import {selectLock} from './selection.ts'
import type {PaneIndex, RunId, WorkbenchState} from './state.ts'
import {createWishRunner, type Wish, type WishJob} from './wish-runner.ts'

/** Document. */
export interface NextBytesState {
  /** Whether the tokens lens also shows what byte comes next. */
  readonly isByteShown: boolean
}

/** Session. */
export interface NextBytesWorkState {
  /** By key of a wish; the distributions are in the captures. */
  readonly nextByteJobs: Readonly<Record<string, WishJob>>
}

export const initialNextBytes: NextBytesState = {isByteShown: false}
export const initialNextBytesWork: NextBytesWorkState = {nextByteJobs: {}}

/** The byte after a token of a run. */
export interface NextBytesWish extends Wish {
  readonly runId: RunId
  readonly position: number
  readonly request: BytesRequest
  readonly seconds: number
}

const MOST_JOBS = 60
const PANES: readonly PaneIndex[] = [0, 1]
/** What would take longer waits to be asked for. */
const OFFERED_ABOVE_SECONDS = 10
/** About so many encodings of a word need a run of their own. */
const USUAL_RUNS = 12

/** The text up to a position as what the engine reads: whole characters, then bytes of one that is cut. */
export function prefixOf(
  {tokens}: Pick<TokensRun, 'tokens'>,
  position: number
): Pick<BytesRequest, 'prompt' | 'prefixHex'> {
  const own = tokens.slice(0, position + 1).filter((token) => !token.isInserted)
  const bytes = bytesOfHex(own.map((token) => token.bytesHex).join(''))
  const end = wholeCharactersEnd(bytes)
  return {
    prompt: new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes.subarray(0, end)),
    prefixHex: hexOfBytes(bytes.subarray(end)),
  }
}

/** Where the last whole character of UTF-8 ends: before a first byte that wants more than there are. */
function wholeCharactersEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0b1100_0000) === 0b1000_0000) continue
    const byteCount = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return byteCount > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** The byte that a pane wants to know; null while it shows something else, or nothing was run. */
export function selectWantedByte(
  state: WorkbenchState,
  captures: Pick<Captures, 'runs'>,
  pane: PaneIndex
): NextBytesWish | null {
  if (!state.isByteShown || !state.panes[pane]) return null
  const {lensId, runId} = selectPane(state, pane)
  const run = selectRun(state, runId)
  const data = runId === null ? undefined : captures.runs.peek(runId)
  if (lensId !== 'tokens' || !run || !data || data.tokens.length === 0) return null
  if (run.phase.kind === 'running') return null
  const last = data.tokens.length - 1
  const position = Math.min(selectLock(state, captures as Captures, run.id) ?? last, last)
  const {model, file, noSpecialTokens} = run.request
  const request = bytesRequestSchema.parse({
    ...{model, ...prefixOf(data, position)},
    ...(file === undefined ? {} : {file}),
    ...(noSpecialTokens ? {noSpecialTokens} : {}),
  })
  const seconds = (USUAL_RUNS * (data.timing?.runMs ?? 0)) / 1000
  return {key: `${run.id}:${position}`, runId: run.id, position, request, seconds}
}

/** What a pane shows of it: which wish, how it stands, and the distribution once it is there. */
export interface ShownBytes {
  /** Of the wish; null where there is nothing to follow yet. */
  readonly key: string | null
  readonly job: WishJob | null
  readonly result: BytesResult | null
}

export function selectShownBytes(
  state: WorkbenchState,
  captures: Pick<Captures, 'runs' | 'nextBytes'>,
  pane: PaneIndex
): ShownBytes {
  const key = selectWantedByte(state, captures, pane)?.key ?? null
  if (key === null) return {key, job: null, result: null}
  return {
    key,
    job: state.nextByteJobs[key] ?? null,
    result: captures.nextBytes.peek(key) ?? null,
  }
}

export interface NextBytesActions {
  /** Keeps next-byte distributions in step with what is locked, where they are shown. */
  watchNextBytes(): void
  toggleNextBytes(): void
  /** Runs one that was cancelled, has failed or is offered. */
  askNextBytes(key: string): void
  cancelNextBytes(key: string): void
}

export function createNextBytesActions(context: StoreContext): NextBytesActions {
  const {captures, client, change, store} = context
  const runner = createWishRunner<NextBytesWish, BytesEvent, WishJob>(context, {
    jobsOf: (state) => state.nextByteJobs,
    withJobs: (nextByteJobs) => ({nextByteJobs}),
    jobOf: (_, stands) => stands,
    wishesOf: (state) => PANES.flatMap((pane) => selectWantedByte(state, captures, pane) ?? []),
    offeredSeconds: (_, {seconds}) => (seconds > OFFERED_ABOVE_SECONDS ? seconds : null),
    isForgotten: ({key}) => !captures.nextBytes.peek(key),
    isUnchanged: (state, previous) =>
      state.isByteShown === previous.isByteShown &&
      state.runs === previous.runs &&
      state.runStates === previous.runStates &&
      state.panes === previous.panes &&
      state.locks === previous.locks,
    begin: () => undefined,
    run: ({request}, signal) => client.bytes.run(request, {signal}),
    progressOf: (event) => (event.kind === 'progress' ? event : null),
    fold({key}, event) {
      if (event.kind === 'completed') captures.nextBytes.set(key, event.result)
    },
    mostJobs: MOST_JOBS,
  })
  return {
    watchNextBytes: runner.watch,
    toggleNextBytes() {
      const {isByteShown} = store.getState()
      change(isByteShown ? 'hide the next byte' : 'show the next byte', {isByteShown: !isByteShown})
    },
    askNextBytes: runner.ask,
    cancelNextBytes: runner.cancel,
  }
}
