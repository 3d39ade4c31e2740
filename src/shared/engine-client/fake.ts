import {AsyncIteratorClass} from '@orpc/client'
import type {EngineStatus, FolderListing, LoadEvent, LogLine} from '../contract/contract.ts'
import type {ModelInfo, ModelListing} from '../domain/model.ts'
import {
  DEFAULT_PREFERENCES,
  type Preferences,
  preferencesChangeSchema,
} from '../domain/preferences.ts'
import {type Problem, ProblemError} from '../domain/problem.ts'
import {type TokenParts, tokenTableOf} from '../domain/token.ts'
import {type PromptRow, promptListRequestSchema} from '../lenses/prompt-list.ts'
import type {
  NextTokens,
  StatisticsColumns,
  TokensEvent,
  TokensRequest,
  TrackedColumns,
  Turn,
} from '../lenses/tokens.ts'
import {tokensRequestSchema} from '../lenses/tokens.ts'
import {computeNormalizer, computeRowStatistics, rankInRow} from '../math/distribution.ts'
import {computeNextTokens} from '../math/next-tokens.ts'
import {drawToken, likeliestId} from '../math/sample.ts'
import {createSeededRandom} from '../math/seeded-random.ts'
import type {EngineClient} from './connect.ts'
import {
  FAKE_END_ID,
  FAKE_VOCABULARY_SIZE,
  fakeDerivationOf,
  fakeEncode,
  fakeLogits,
  fakeTableOf,
  fakeText,
} from './fake-language.ts'
import {FakeListeners} from './fake-listeners.ts'
import {runFakePromptList} from './fake-prompt-list.ts'
import {problemError} from './problem-of.ts'

export interface FakeEngineOptions {
  /** Pause before every event of a stream; 0 answers as fast as it can. */
  readonly delayMs?: number
  readonly contextLength?: number
  /** Fails a run after so many positions, as if the engine had ended. */
  readonly failAfter?: number
  readonly failure?: Problem
  readonly estimateSeconds?: number
  /** The pretended model is one for chats. */
  readonly hasChatTemplate?: boolean
  /** What a person had set before. */
  readonly preferences?: Partial<Preferences>
  /** What is told to be wrong with the preferences' file, once. */
  readonly preferencesProblem?: Problem
  /** The problem of a prompt list's row that is to fail. */
  readonly failRow?: (row: PromptRow) => Problem | null
}

const MODEL_PATH = '/models/micro-base'
const CHUNK = 16

export const FAKE_LISTING: ModelListing = {
  id: 'micro-base',
  path: MODEL_PATH,
  source: 'builtin',
  kind: 'decoder',
  family: 'llama',
  layerCount: 6,
  queryHeadCount: 8,
  keyValueHeadCount: 8,
  vocabularySize: FAKE_VOCABULARY_SIZE,
  contextLength: 1024,
  dtypes: ['float32'],
  files: ['onnx/model.onnx'],
  bytes: 8_300_000,
  problem: null,
}

const FAKE_MODEL: ModelInfo = {
  ...FAKE_LISTING,
  file: 'onnx/model.onnx',
  sha256: 'f'.repeat(64),
  family: 'llama',
  layerCount: 6,
  queryHeadCount: 8,
  keyValueHeadCount: 8,
  hiddenSize: 160,
  vocabularySize: FAKE_VOCABULARY_SIZE,
  contextLength: 1024,
  parameterCount: 2_000_000,
  dtype: 'float32',
  hasKvCache: true,
  beginId: 0,
  stopIds: [FAKE_END_ID],
  chatTemplate: false,
  tokenizer: {id: 'micro-base', sha256: 'e'.repeat(64), tokenCount: FAKE_VOCABULARY_SIZE},
  memoryBytes: 21_000_000,
  threads: 4,
  warnings: [],
}

const PROVENANCE = {
  model: {id: 'micro-base', path: MODEL_PATH, sha256: FAKE_MODEL.sha256},
  tokenizer: {id: 'micro-base', sha256: FAKE_MODEL.tokenizer.sha256},
  versions: {tokenscope: '0.0.0', onnxruntime: 'none', schema: '1'},
}

/** A client of no engine at all, for tests and for looking at states: same contract, pretended model. */
export function createFakeClient(options: FakeEngineOptions = {}): EngineClient {
  const contextLength = options.contextLength ?? FAKE_MODEL.contextLength
  const model = {
    ...FAKE_MODEL,
    contextLength,
    chatTemplate: options.hasChatTemplate ?? FAKE_MODEL.chatTemplate,
  }
  let loaded: ModelInfo[] = []
  const statusListeners = new FakeListeners()
  const preferenceListeners = new FakeListeners()
  const logListeners = new FakeListeners()
  let preferences: Preferences = {...DEFAULT_PREFERENCES, ...options.preferences}
  let preferencesProblem = options.preferencesProblem ?? null
  const logLines: LogLine[] = [{at: 0, level: 'info', text: 'pretended engine, process 1'}]
  const log = (level: LogLine['level'], text: string) => {
    logLines.push({at: logLines.length, level, text})
    logListeners.notify()
  }
  const status = (): EngineStatus => ({
    processId: 1,
    startCount: 1,
    lastExit: null,
    versions: PROVENANCE.versions,
    threads: preferences.threads ?? 4,
    maxMemoryBytes: preferences.maxMemoryBytes ?? 2 ** 31,
    usedMemoryBytes: 0,
    loaded,
    runningCount: 0,
  })
  const pause = (signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted()
      const abort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }, options.delayMs ?? 0)
      signal?.addEventListener('abort', abort)
    })

  async function* run(request: TokensRequest, signal?: AbortSignal): AsyncGenerator<TokensEvent> {
    const {parts, text, turns} = encode(request)
    checkLength(parts.length, contextLength)
    const ids = parts.map((part) => part.id)
    const promptTokenCount = ids.length - (request.completionIds?.length ?? 0)
    const table = tokenTableOf(parts)
    const provenance = PROVENANCE
    yield {
      kind: 'tokenized',
      text,
      promptTokenCount,
      tokens: table,
      turns,
      provenance,
      warnings: [],
    }
    for (let first = 0; first < ids.length; first += CHUNK) {
      await pause(signal)
      if (options.failAfter !== undefined && first >= options.failAfter) {
        throw problemError(options.failure ?? LOST)
      }
      const end = Math.min(ids.length, first + CHUNK)
      yield {
        kind: 'progress',
        phase: 'prompt',
        done: end,
        total: ids.length,
        secondsLeft: ((ids.length - end) / CHUNK) * ((options.delayMs ?? 0) / 1000),
      }
      yield {kind: 'statistics', firstPosition: first, columns: statistics(ids, first, end)}
    }
    const random = createSeededRandom(request.seed)
    for (let i = 0; i < request.generate; i++) {
      await pause(signal)
      const logits = fakeLogits(ids)
      ids.push(request.sample ? drawToken(logits, request, random) : likeliestId(logits))
      const position = ids.length - 1
      yield {
        kind: 'generated',
        firstPosition: position,
        tokens: fakeTableOf([ids[position]!]),
        columns: statistics(ids, position, position + 1),
      }
    }
    const position = request.position === 'last' ? ids.length - 1 : request.position
    yield {kind: 'next', next: nextOf(ids, {...request, position})}
    if (request.track.length > 0) yield {kind: 'tracked', tracked: trackedOf(ids, request.track)}
    const timing = {runMs: ids.length * 0.5, totalMs: ids.length * 0.5 + 2, tokensPerSecond: 1800}
    yield {
      kind: 'completed',
      stopReason: request.generate > 0 ? 'count' : null,
      warnings: [],
      timing,
    }
  }

  return {
    engine: {
      stop: async () => undefined,
      status: async () => status(),
      watch: async (_input, call) => {
        async function* statuses() {
          while (!call?.signal?.aborted) {
            const next = statusListeners.next(call?.signal)
            yield status()
            await next
          }
        }
        return streamOf(statuses())
      },
      log: async (_input, call) => {
        async function* lines() {
          let seenCount = 0
          while (!call?.signal?.aborted) {
            const next = logListeners.next(call?.signal)
            yield logLines.slice(seenCount)
            seenCount = logLines.length
            await next
          }
        }
        return streamOf(lines())
      },
    },
    preferences: {
      watch: async (_input, call) => {
        async function* states() {
          while (!call?.signal?.aborted) {
            const next = preferenceListeners.next(call?.signal)
            const problem = preferencesProblem
            preferencesProblem = null
            yield {preferences, problem}
            await next
          }
        }
        return streamOf(states())
      },
      change: async (change) => {
        preferences = {...preferences, ...preferencesChangeSchema.parse(change)}
        preferenceListeners.notify()
        statusListeners.notify()
        return preferences
      },
    },
    models: {
      list: async () => [{...FAKE_LISTING, contextLength}],
      load: async (_input, call) => {
        async function* stages(): AsyncGenerator<LoadEvent> {
          for (const stage of ['reading', 'hashing', 'tokenizer', 'session', 'checking'] as const) {
            await pause(call?.signal)
            const totalBytes = FAKE_LISTING.bytes
            yield {kind: 'stage', stage, doneBytes: totalBytes, totalBytes, memoryBytes: 21_000_000}
          }
          loaded = [model]
          log('info', `loaded ${model.path}`)
          statusListeners.notify()
          yield {kind: 'loaded', model}
        }
        return streamOf(stages())
      },
      unload: async () => {
        loaded = []
        log('info', `unloaded ${model.path}`)
        statusListeners.notify()
        return {freedBytes: FAKE_MODEL.memoryBytes}
      },
    },
    folders: {list: async ({path}) => folder(path ?? '/home/mira')},
    text: {
      tokenize: async (input) => {
        const {parts, text} = encode(input)
        return {text, tokens: tokenTableOf(parts), contextLength}
      },
      describe: async ({ids}) => fakeTableOf(ids),
      derive: async ({id}) => fakeDerivationOf(id),
    },
    prompts: {
      run: async (input, call) => {
        const request = promptListRequestSchema.parse(input)
        const events = runFakePromptList(
          request,
          {
            encodeRow: (row) => {
              const {parts} = encode({...row, chat: request.chat})
              if (parts.length > contextLength) throw new ProblemError(tooLong(parts.length))
              return parts.map((part) => part.id)
            },
            encodeAnswer: (answer) => fakeEncode(answer, false).map((part) => part.id),
            pause,
            failRow: options.failRow ?? (() => null),
            delayMs: options.delayMs ?? 0,
          },
          call?.signal
        )
        return streamOf(events)
      },
    },
    tokens: {
      run: async (input, call) => streamOf(run(tokensRequestSchema.parse(input), call?.signal)),
      next: async ({ids, temperature = 1, topP = 1, ...input}, call) => {
        await pause(call?.signal)
        return nextOf([...ids], {...input, temperature, topP})
      },
      track: async ({ids, tokenIds}, call) => {
        await pause(call?.signal)
        return trackedOf([...ids], tokenIds)
      },
      estimate: async () => ({seconds: options.estimateSeconds ?? 0.1}),
    },
    figures: {
      export: async ({figure, format}) => ({
        fileName: `${figure}.${format}`,
        mediaType: 'application/octet-stream',
        content: {bytes: new Uint8Array([1, 2, 3])},
        warnings: [],
      }),
    },
    blobs: {
      read: async () => new Uint8Array(),
      probe: async ({byteLength}) => ({bytes: new Uint8Array(byteLength)}),
    },
  }

  function checkLength(count: number, most: number): void {
    if (count > most) throw problemError(tooLong(count))
  }

  function tooLong(count: number): Problem {
    const excess = count - contextLength
    return {
      code: 'prompt-too-long',
      message: `The prompt is ${excess} tokens too long for this model.`,
      field: 'prompt',
      found: `${count} tokens`,
      expected: `at most ${contextLength} tokens`,
      advice: `Shorten it, or cut ${excess} tokens at its start or its end.`,
    }
  }

  function encode(input: Partial<TokensRequest>): {
    parts: TokenParts[]
    text: string
    turns: Turn[]
  } {
    const {text, turns} = renderFake(input)
    let parts = fakeEncode(text, !input.noSpecialTokens)
    const excess = parts.length - contextLength
    if (excess > 0 && input.truncate === 'left') parts = [parts[0]!, ...parts.slice(excess + 1)]
    if (excess > 0 && input.truncate === 'right') parts = parts.slice(0, contextLength)
    const ids = input.completionIds ?? []
    const completion = ids.flatMap((_, i) => fakeEncode(fakeText(ids.slice(i, i + 1)), false))
    return {parts: [...parts, ...completion], text, turns}
  }
}

/** The text of a prompt; of a chat its messages line by line, each a turn. */
function renderFake({prompt, messages, chat}: Partial<TokensRequest>): {
  text: string
  turns: Turn[]
} {
  if (!messages && !chat) return {text: prompt ?? '', turns: []}
  const all = [...(messages ?? []), ...(prompt ? [{role: 'user', content: prompt}] : [])]
  const turns: Turn[] = []
  let byteStart = 0
  const texts = all.map(({role, content}, i) => {
    const text = i + 1 < all.length ? `${content}\n` : content
    const byteEnd = byteStart + new TextEncoder().encode(text).length
    turns.push({role, byteStart, byteEnd})
    byteStart = byteEnd
    return text
  })
  return {text: texts.join(''), turns}
}

/** A generator as the client hands out streams. */
function streamOf<Event>(source: AsyncGenerator<Event>): AsyncIteratorClass<Event, unknown, void> {
  return new AsyncIteratorClass<Event, unknown, void>(
    () => source.next(),
    async () => {
      await source.return(undefined)
    }
  )
}

const LOST: Problem = {
  code: 'engine-lost',
  message: 'The engine stopped while this was under way.',
  advice: 'Wait until it has restarted, then run it again.',
}

function statistics(ids: readonly number[], first: number, end: number): StatisticsColumns {
  const count = end - first
  const columns: StatisticsColumns = {
    logprob: new Float64Array(count).fill(Number.NaN),
    entropyBits: new Float64Array(count).fill(Number.NaN),
    rank: new Float64Array(count).fill(Number.NaN),
    maxLogprob: new Float64Array(count).fill(Number.NaN),
    topPMass: new Float64Array(count).fill(Number.NaN),
    endProb: new Float64Array(count).fill(Number.NaN),
  }
  for (let i = Math.max(1, first); i < end; i++) {
    const logits = fakeLogits(ids.slice(0, i))
    const row = computeRowStatistics(logits, 0, logits.length, ids[i]!, [FAKE_END_ID])
    for (const name of Object.keys(columns) as (keyof StatisticsColumns)[]) {
      columns[name][i - first] = row[name]
    }
  }
  return columns
}

function nextOf(
  ids: readonly number[],
  spec: {position: number; topK: number; temperature: number; topP: number}
): NextTokens {
  const {ids: top, ...columns} = computeNextTokens(
    fakeLogits(ids.slice(0, spec.position + 1)),
    spec
  )
  const {position, temperature, topP} = spec
  return {
    ...columns,
    logits: Float32Array.from(columns.logits),
    rawLogprobs: Float64Array.from(columns.rawLogprobs),
    sampledProbs: Float64Array.from(columns.sampledProbs),
    position,
    temperature,
    topP,
    tokens: fakeTableOf([...top]),
  }
}

function trackedOf(ids: readonly number[], tokenIds: readonly number[]): TrackedColumns[] {
  const rows = ids.map((_, i) => {
    const logits = fakeLogits(ids.slice(0, i + 1))
    return {logits, ...computeNormalizer(logits, 0, logits.length)}
  })
  return tokenIds.map((tokenId) => ({
    tokenId,
    prob: Float64Array.from(rows, (row) => Math.exp(row.logits[tokenId]! - row.logSumExp)),
    rank: Int32Array.from(rows, ({logits}) => rankInRow(logits, 0, logits.length, tokenId)),
    logit: Float32Array.from(rows, ({logits}) => logits[tokenId]!),
  }))
}

function folder(path: string): FolderListing {
  const names = ['harbour-160m', 'notes', 'papers', 'tiny-stories-33m']
  return {
    path,
    parent: path === '/' ? null : path.slice(0, path.lastIndexOf('/')) || '/',
    places: [
      {name: 'Home', path: '/home/mira'},
      {name: 'Hugging Face cache', path: '/home/mira/.cache/huggingface/hub'},
    ],
    entries: names.map((name) => ({
      name,
      path: `${path === '/' ? '' : path}/${name}`,
      kind: name.endsWith('m') ? 'model' : 'folder',
    })),
    model: null,
  }
}
