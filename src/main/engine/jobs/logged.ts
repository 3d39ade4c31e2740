import type {AttentionEvent, AttentionRequest} from '../../../shared/lenses/attention.ts'
import type {CaptureRequest} from '../../../shared/lenses/attention-maps.ts'
import type {AttributeEvent, AttributeRequest} from '../../../shared/lenses/attribute.ts'
import type {CriticalEvent, CriticalRequest} from '../../../shared/lenses/critical.ts'
import type {InspectEvent, InspectRequest} from '../../../shared/lenses/inspect.ts'
import type {LogitLensEvent, LogitLensRequest} from '../../../shared/lenses/logit-lens.ts'
import type {PromptListEvent, PromptListRequest} from '../../../shared/lenses/prompt-list.ts'
import type {TokensEvent, TokensRequest} from '../../../shared/lenses/tokens.ts'
import type {TreeEvent, TreeRequest} from '../../../shared/lenses/tree.ts'
import type {EngineLog} from './engine-log.ts'
import {logFailure} from './log-lines.ts'

/** The events of a tokens run as they are; how it ended goes to the log. */
export function loggedTokens(
  log: EngineLog,
  request: TokensRequest,
  events: AsyncIterable<TokensEvent>,
  signal?: AbortSignal
): AsyncGenerator<TokensEvent, void, undefined> {
  let tokenCount = 0
  let generatedCount = 0
  return logged(events, {
    log,
    signal,
    what: () =>
      `run of ${request.model}, ${tokenCount} prompt tokens, ${generatedCount} of ${request.generate} generated`,
    onEvent(event) {
      if (event.kind === 'tokenized') tokenCount = event.tokens.ids.length
      if (event.kind === 'generated') generatedCount += event.tokens.ids.length
      if (event.kind === 'tokenized' || event.kind === 'completed') {
        for (const {code} of event.warnings) log.warning(`run of ${request.model}: ${code}`)
      }
    },
  })
}

/** The events of a prompt list as they are; how it ended, and what failed in it, goes to the log. */
export function loggedPromptList(
  log: EngineLog,
  request: PromptListRequest,
  events: AsyncIterable<PromptListEvent>,
  signal?: AbortSignal
): AsyncGenerator<PromptListEvent, void, undefined> {
  let doneCount = 0
  const failures = new Map<string, number>()
  return logged(events, {
    log,
    signal,
    what() {
      const failed = [...failures].map(([code, count]) => `, ${count} failed by ${code}`).join('')
      return `prompt list on ${request.model}, ${doneCount} of ${request.rows.length} rows${failed}`
    },
    onEvent(event) {
      if (event.kind === 'row') doneCount++
      if (event.kind !== 'row-failed') return
      failures.set(event.problem.code, (failures.get(event.problem.code) ?? 0) + 1)
    },
  })
}

/** The events of an inspection as they are; how it ended goes to the log. */
export function loggedInspection(
  log: EngineLog,
  request: InspectRequest,
  events: AsyncIterable<InspectEvent>,
  signal?: AbortSignal
): AsyncGenerator<InspectEvent, void, undefined> {
  return logged(events, {
    log,
    signal,
    what: () => `inspection of ${request.model}`,
    onEvent() {},
  })
}

/** The events of a capture as they are; how it ended goes to the log. */
export function loggedAttention(
  log: EngineLog,
  request: AttentionRequest,
  events: AsyncIterable<AttentionEvent>,
  signal?: AbortSignal
): AsyncGenerator<AttentionEvent, void, undefined> {
  let tokenCount = 0
  let layerCount = 0
  return logged(events, {
    log,
    signal,
    what: () => `capture of ${request.model}, ${tokenCount} tokens, ${layerCount} layers captured`,
    onEvent(event) {
      if (event.kind === 'tokenized') tokenCount = event.tokens.ids.length
      if (event.kind === 'captured') layerCount += event.layers.length
    },
  })
}

/** The events of a capture of ids as they are; how it ended goes to the log. */
export function loggedCapture(
  log: EngineLog,
  request: CaptureRequest,
  events: AsyncIterable<AttentionEvent>,
  signal?: AbortSignal
): AsyncGenerator<AttentionEvent, void, undefined> {
  let layerCount = 0
  return logged(events, {
    log,
    signal,
    what: () =>
      `capture of ${request.model}, ${request.ids.length} tokens, ${layerCount} layers captured`,
    onEvent(event) {
      if (event.kind === 'captured') layerCount += event.layers.length
    },
  })
}

/** The events of an attribution as they are; how it ended goes to the log. */
export function loggedAttribution(
  log: EngineLog,
  request: AttributeRequest,
  events: AsyncIterable<AttributeEvent>,
  signal?: AbortSignal
): AsyncGenerator<AttributeEvent, void, undefined> {
  let tokenCount = 0
  const rows = new Set<number>()
  return logged(events, {
    log,
    signal,
    what: () =>
      `attribution by ${request.method} on ${request.model}, ${tokenCount} tokens, ${rows.size} targets done`,
    onEvent(event) {
      if (event.kind === 'tokenized') tokenCount = event.tokens.ids.length
      if (event.kind === 'row') rows.add(event.row)
      if (event.kind !== 'tokenized' && event.kind !== 'completed') return
      for (const {code} of event.warnings) {
        log.warning(`attribution on ${request.model}: ${code}`)
      }
    },
  })
}

/** The events of a search for critical tokens as they are; how it ended goes to the log. */
export function loggedCritical(
  log: EngineLog,
  request: CriticalRequest,
  events: AsyncIterable<CriticalEvent>,
  signal?: AbortSignal
): AsyncGenerator<CriticalEvent, void, undefined> {
  let completionCount = 0
  return logged(events, {
    log,
    signal,
    what: () =>
      `critical tokens by ${request.method} on ${request.model}, ${completionCount} completions`,
    onEvent(event) {
      if (event.kind === 'progress' && event.phase === 'sampling') completionCount = event.done
      if (event.kind !== 'tokenized' && event.kind !== 'completed') return
      for (const {code} of event.warnings) {
        log.warning(`critical tokens on ${request.model}: ${code}`)
      }
    },
  })
}

/** The events of a logit lens as they are; how it ended goes to the log. */
export function loggedLogitLens(
  log: EngineLog,
  request: LogitLensRequest,
  events: AsyncIterable<LogitLensEvent>,
  signal?: AbortSignal
): AsyncGenerator<LogitLensEvent, void, undefined> {
  return logged(events, {
    log,
    signal,
    what: () => `logit lens of ${request.model}, ${request.ids.length} tokens`,
    onEvent() {},
  })
}

/** The events of a tree as they are; how it ended goes to the log. */
export function loggedTree(
  log: EngineLog,
  request: TreeRequest,
  events: AsyncIterable<TreeEvent>,
  signal?: AbortSignal
): AsyncGenerator<TreeEvent, void, undefined> {
  let tokenCount = 0
  let nodeCount = 0
  return logged(events, {
    log,
    signal,
    what: () =>
      `tree by ${request.strategy} on ${request.model}, ${tokenCount} tokens, ${nodeCount} nodes`,
    onEvent(event) {
      if (event.kind === 'tokenized') tokenCount = event.tokens.ids.length
      if (event.kind === 'nodes') nodeCount = Math.max(nodeCount, 1 + Math.max(...event.nodes.ids))
      if (event.kind === 'tokenized' || event.kind === 'completed') {
        for (const {code} of event.warnings) log.warning(`tree on ${request.model}: ${code}`)
      }
    },
  })
}

interface Logging<Event> {
  readonly log: EngineLog
  readonly signal: AbortSignal | undefined
  /** What it was, and how far it came. */
  readonly what: () => string
  readonly onEvent: (event: Event) => void
}

async function* logged<Event>(
  events: AsyncIterable<Event>,
  {log, signal, what, onEvent}: Logging<Event>
): AsyncGenerator<Event, void, undefined> {
  const startedMs = performance.now()
  const took = () => `${Math.round(performance.now() - startedMs)} ms`
  let hasEnded = false
  try {
    for await (const event of events) {
      onEvent(event)
      yield event
    }
    hasEnded = true
    log.info(`${what()}: completed in ${took()}`)
  } catch (error) {
    hasEnded = signal?.aborted !== true
    if (hasEnded) logFailure(log, `${what()}, after ${took()}`, error)
    throw error
  } finally {
    // A reader that leaves ends the generator here.
    if (!hasEnded) log.info(`${what()}: cancelled after ${took()}`)
  }
}
