import {AsyncIteratorClass} from '@orpc/client'
import {
  type EngineStatus,
  type LoadEvent,
  type LogLine,
  tokenizerEntryRequestSchema,
} from '../contract/contract.ts'
import type {ModelInfo} from '../domain/model.ts'
import {
  DEFAULT_PREFERENCES,
  type Preferences,
  preferencesChangeSchema,
} from '../domain/preferences.ts'
import {type Problem, ProblemError} from '../domain/problem.ts'
import {tokenTableOf} from '../domain/token.ts'
import {type AttentionArchiveEvent, attentionRequestSchema} from '../lenses/attention.ts'
import {attributeRequestSchema} from '../lenses/attribute.ts'
import {type BytesEvent, bytesRequestSchema} from '../lenses/bytes.ts'
import {criticalRequestSchema} from '../lenses/critical.ts'
import {type InspectEvent, inspectRequestSchema} from '../lenses/inspect.ts'
import {type InterveneEvent, interveneRequestSchema} from '../lenses/intervene.ts'
import type {LogitLensEvent} from '../lenses/logit-lens.ts'
import {type PromptRow, promptListRequestSchema} from '../lenses/prompt-list.ts'
import {tokenizeRequestSchema} from '../lenses/tokenize.ts'
import {type PromptInput, tokensRequestSchema} from '../lenses/tokens.ts'
import {treeRequestSchema} from '../lenses/tree.ts'
import {vocabularyRequestSchema} from '../lenses/vocabulary.ts'
import type {EngineClient} from './connect.ts'
import {fakeAttentionRows, runFakeAttention} from './fake-attention.ts'
import {fakeAttentionViews} from './fake-attention-views.ts'
import {fakeTrial, runFakeAttribution} from './fake-attribute.ts'
import {fakeBytes} from './fake-bytes.ts'
import {fakeResponse, runFakeCritical} from './fake-critical.ts'
import {fakeInspection} from './fake-inspect.ts'
import {fakeIntervention} from './fake-intervene.ts'
import {fakeDerivationOf, fakeEncode, fakeTableOf} from './fake-language.ts'
import {FakeListeners} from './fake-listeners.ts'
import {FAKE_LISTING, FAKE_MODEL, FAKE_PROVENANCE, fakeFolder} from './fake-model.ts'
import {fakeEncodePrompt, fakeTooLong} from './fake-prompt.ts'
import {runFakePromptList} from './fake-prompt-list.ts'
import {fakeTokenizerEntry, runFakeTokenize} from './fake-tokenize.ts'
import {fakeLensOf, fakeNextOf, fakeTrackedOf, runFakeTokens} from './fake-tokens.ts'
import {fakeExpansionsOf, fakeOpenedTree, runFakeTree} from './fake-tree.ts'
import {runFakeVocabulary} from './fake-vocabulary.ts'

export {FAKE_LISTING} from './fake-model.ts'

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
  /** What the host was told on its command line, so that preferences have no say in it. */
  readonly fixedByHost?: EngineStatus['fixedByHost']
  /** What is told to be wrong with the preferences' file, once. */
  readonly preferencesProblem?: Problem
  /** The problem of a prompt list's row that is to fail. */
  readonly failRow?: (row: PromptRow) => Problem | null
}

/** A client of no engine at all, for tests and for looking at states: same contract, pretended model. */
export function createFakeClient(options: FakeEngineOptions = {}): EngineClient {
  const contextLength = options.contextLength ?? FAKE_MODEL.contextLength
  const opened = {
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
    versions: FAKE_PROVENANCE.versions,
    threads: preferences.threads ?? 4,
    maxMemoryBytes: preferences.maxMemoryBytes ?? 2 ** 31,
    fixedByHost: options.fixedByHost ?? [],
    usedMemoryBytes: 0,
    machine: {memoryBytes: 16e9, logicalCores: 8, physicalCores: 4},
    preferencesPath: '/home/mira/.tokenscope/preferences.json',
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

  const idsOf = (input: PromptInput) =>
    fakeEncodePrompt(input, contextLength).parts.map((part) => part.id)
  const runOptions = {
    ...{contextLength, pause},
    ...{failAfter: options.failAfter, failure: options.failure, delayMs: options.delayMs ?? 0},
  }
  const listOptions = {
    ...{pause, failRow: options.failRow ?? (() => null), delayMs: options.delayMs ?? 0},
    encodeRow(input: PromptInput) {
      const ids = idsOf(input)
      if (ids.length > contextLength) throw new ProblemError(fakeTooLong(ids.length, contextLength))
      return ids
    },
    encodeAnswer: (answer: string) => fakeEncode(answer, false).map((part) => part.id),
  }

  return {
    engine: {
      stop: async () => undefined,
      status: async () => status(),
      watch: async (_input, call) => {
        return streamOf(call?.signal, (signal) => statusListeners.watch(signal, status))
      },
      log: async (_input, call) => {
        let seenCount = 0
        return streamOf(call?.signal, (signal) =>
          logListeners.watch(signal, () => {
            const lines = logLines.slice(seenCount)
            seenCount = logLines.length
            return lines
          })
        )
      },
    },
    preferences: {
      watch: async (_input, call) => {
        return streamOf(call?.signal, (signal) =>
          preferenceListeners.watch(signal, () => {
            const problem = preferencesProblem
            preferencesProblem = null
            return {preferences, problem}
          })
        )
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
        async function* stages(signal: AbortSignal): AsyncGenerator<LoadEvent> {
          for (const stage of ['reading', 'hashing', 'tokenizer', 'session', 'checking'] as const) {
            await pause(signal)
            const totalBytes = FAKE_LISTING.bytes
            yield {kind: 'stage', stage, doneBytes: totalBytes, totalBytes, memoryBytes: 21_000_000}
          }
          const model = {...opened, threads: status().threads}
          loaded = [model]
          log('info', `loaded ${model.path}`)
          statusListeners.notify()
          yield {kind: 'loaded', model}
        }
        return streamOf(call?.signal, stages)
      },
      card: async () => ({
        path: `${FAKE_LISTING.path}/README.md`,
        text: '# micro-base\n\nA fake model.',
      }),
      inspect: async (input, call) => {
        async function* events(signal: AbortSignal): AsyncGenerator<InspectEvent> {
          await pause(signal)
          const result = fakeInspection(inspectRequestSchema.parse(input))
          yield {kind: 'completed', result}
        }
        return streamOf(call?.signal, events)
      },
      forget: async () => undefined,
      unload: async () => {
        loaded = []
        log('info', `unloaded ${opened.path}`)
        statusListeners.notify()
        return {freedBytes: FAKE_MODEL.memoryBytes}
      },
    },
    folders: {list: async ({path}) => fakeFolder(path ?? '/home/mira')},
    text: {
      tokenize: async (input) => {
        const {parts, text} = fakeEncodePrompt(input, contextLength)
        return {text, tokens: tokenTableOf(parts), contextLength}
      },
      describe: async ({ids}) => fakeTableOf(ids),
      derive: async ({id}) => fakeDerivationOf(id),
    },
    bytes: {
      run: async (input, call) => {
        async function* events(signal: AbortSignal): AsyncGenerator<BytesEvent> {
          await pause(signal)
          yield {kind: 'completed', result: fakeBytes(bytesRequestSchema.parse(input))}
        }
        return streamOf(call?.signal, events)
      },
    },
    tokenizers: {
      compare: async (input, call) => {
        const request = tokenizeRequestSchema.parse(input)
        return streamOf(call?.signal, (signal) => runFakeTokenize(request, pause, signal))
      },
      vocabulary: async (input, call) => {
        const request = vocabularyRequestSchema.parse(input)
        return streamOf(call?.signal, (signal) => runFakeVocabulary(request, pause, signal))
      },
      entry: async (input) => fakeTokenizerEntry(tokenizerEntryRequestSchema.parse(input)),
      keep: async ({name}) => ({path: `/pretended/${name}`}),
      keepText: async ({name, path}) => ({path: path ?? `/pretended/${name}`}),
    },
    prompts: {
      run: async (input, call) => {
        const request = promptListRequestSchema.parse(input)
        return streamOf(call?.signal, (signal) => runFakePromptList(request, listOptions, signal))
      },
    },
    tokens: {
      run: async (input, call) => {
        const request = tokensRequestSchema.parse(input)
        return streamOf(call?.signal, (signal) => runFakeTokens(request, runOptions, signal))
      },
      next: async ({ids, temperature = 1, topP = 1, ...input}, call) => {
        await pause(call?.signal)
        return fakeNextOf([...ids], {...input, temperature, topP})
      },
      track: async ({ids, tokenIds}, call) => {
        await pause(call?.signal)
        return fakeTrackedOf([...ids], tokenIds)
      },
      lens: async ({temperature = 1, topP = 1, ...input}, call) =>
        streamOf(call?.signal, async function* (signal): AsyncGenerator<LogitLensEvent> {
          const total = input.ids.length
          yield {kind: 'progress', done: 0, total, secondsLeft: null}
          await pause(signal)
          const request = {...input, temperature, topP}
          yield {kind: 'lens', lens: fakeLensOf(request, FAKE_MODEL.layerCount)}
        }),
      estimate: async () => ({seconds: options.estimateSeconds ?? 0.1}),
    },
    attention: {
      run: async (input, call) => {
        const request = attentionRequestSchema.parse(input)
        return streamOf(call?.signal, (signal) =>
          runFakeAttention(request, {contextLength, pause}, signal)
        )
      },
      rows: async ({ids, queries}, call) => {
        await pause(call?.signal)
        return fakeAttentionRows(ids.length, queries)
      },
      ...fakeAttentionViews({pause, streamOf}),
      archive: async (_input, call) => {
        async function* pieces(signal: AbortSignal): AsyncGenerator<AttentionArchiveEvent> {
          await pause(signal)
          yield {kind: 'piece', bytes: new Uint8Array([1, 2, 3])}
        }
        return streamOf(call?.signal, pieces)
      },
    },
    interventions: {
      run: async (input, call) => {
        async function* events(signal: AbortSignal): AsyncGenerator<InterveneEvent> {
          await pause(signal)
          const result = fakeIntervention(interveneRequestSchema.parse(input), contextLength)
          yield {kind: 'completed', result}
        }
        return streamOf(call?.signal, events)
      },
    },
    criticals: {
      run: async (input, call) => {
        const request = criticalRequestSchema.parse(input)
        return streamOf(call?.signal, (signal) =>
          runFakeCritical(request, {contextLength, pause}, signal)
        )
      },
      respond: async (input, call) => {
        await pause(call?.signal)
        return fakeResponse(criticalRequestSchema.parse(input), contextLength)
      },
    },
    attributions: {
      run: async (input, call) => {
        const request = attributeRequestSchema.parse(input)
        return streamOf(call?.signal, (signal) =>
          runFakeAttribution(request, {contextLength, pause}, signal)
        )
      },
      try: async ({changes}, call) => {
        await pause(call?.signal)
        return fakeTrial(changes.length)
      },
    },
    trees: {
      run: async (input, call) => {
        const request = treeRequestSchema.parse(input)
        return streamOf(call?.signal, (signal) =>
          runFakeTree(request, {contextLength, pause}, signal)
        )
      },
      expand: async ({paths, maxChildren, tokenIds}, call) => {
        await pause(call?.signal)
        return fakeExpansionsOf(paths, maxChildren, tokenIds)
      },
      open: async ({texts}) => fakeOpenedTree(texts ?? []),
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
}

/** A generator as the client hands out streams: leaving it aborts what it waits for. */
function streamOf<Event>(
  outer: AbortSignal | undefined,
  open: (signal: AbortSignal) => AsyncGenerator<Event>
): AsyncIteratorClass<Event, unknown, void> {
  const left = new AbortController()
  const source = open(outer ? AbortSignal.any([outer, left.signal]) : left.signal)
  return new AsyncIteratorClass<Event, unknown, void>(
    () => source.next(),
    async () => {
      left.abort(new DOMException('The stream was left.', 'AbortError'))
      await source.return(undefined)
    }
  )
}
