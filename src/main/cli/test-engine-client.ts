import {resolve} from 'node:path'
import {ProblemError} from '../../shared/domain/problem.ts'
import {tokenTableOf} from '../../shared/domain/token.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {createFakeClient} from '../../shared/engine-client/fake.ts'
import {runFakeAttention} from '../../shared/engine-client/fake-attention.ts'
import {fakeTile} from '../../shared/engine-client/fake-attention-maps.ts'
import {
  runFakeHeads,
  runFakeImportance,
  runFakeProbe,
} from '../../shared/engine-client/fake-attention-statistics.ts'
import {runFakeAttribution} from '../../shared/engine-client/fake-attribute.ts'
import {fakeBytes} from '../../shared/engine-client/fake-bytes.ts'
import {runFakeCritical} from '../../shared/engine-client/fake-critical.ts'
import {fakeInspection} from '../../shared/engine-client/fake-inspect.ts'
import {fakeIntervention} from '../../shared/engine-client/fake-intervene.ts'
import {runFakeTokenize} from '../../shared/engine-client/fake-tokenize.ts'
import type {FigureRequest} from '../../shared/figures/request.ts'
import type {
  AttentionArchiveEvent,
  AttentionArchiveRequest,
  AttentionEvent,
  AttentionRequest,
} from '../../shared/lenses/attention.ts'
import {
  type HeadsRequest,
  type ImportanceRequestInput,
  importanceRequestSchema,
  type ProbeRequestInput,
  probeRequestSchema,
  type TileRequestInput,
  tileRequestSchema,
} from '../../shared/lenses/attention-maps.ts'
import type {AttributeRequest} from '../../shared/lenses/attribute.ts'
import type {BytesEvent, BytesRequest} from '../../shared/lenses/bytes.ts'
import type {CriticalRequest} from '../../shared/lenses/critical.ts'
import type {InspectEvent, InspectRequest} from '../../shared/lenses/inspect.ts'
import {
  type InterveneEvent,
  type InterveneRequest,
  interveneRequestSchema,
} from '../../shared/lenses/intervene.ts'
import type {TokenizeRequest} from '../../shared/lenses/tokenize.ts'
import type {StatisticsColumns, TokensEvent, TokensRequest} from '../../shared/lenses/tokens.ts'
import {type TreeRequest, treeRequestSchema} from '../../shared/lenses/tree.ts'
import {BASIS_DEPENDENT_WARNING} from '../../shared/lenses/value-norms.ts'
import {exportFigure} from '../engine/export/export-figure.ts'
import type {Connect, EngineWishes} from './connect.ts'
import type {Terminal} from './terminal.ts'

const FONTS = resolve(import.meta.dirname, '../../../assets/fonts')

/** A terminal that keeps what is written to it. */
export function testTerminal(options: {isErrorTty?: boolean} = {}) {
  const controller = new AbortController()
  const written = {out: '', error: ''}
  const terminal: Terminal = {
    print: async (text) => {
      written.out += text
    },
    printError: (text) => {
      written.error += text
    },
    isErrorTty: options.isErrorTty ?? false,
    columns: 100,
    interrupted: controller.signal,
  }
  return {terminal, written, interrupt: () => controller.abort()}
}

const encoder = new TextEncoder()
const noPause = async () => {}
/** The words of the test model: a begin token, two words, a newline. */
function tableOf(words: readonly string[]) {
  let byteStart = 0
  return tokenTableOf(
    words.map((word, id) => {
      const isSpecial = word === '<s>'
      const bytes = encoder.encode(word)
      const start = byteStart
      byteStart += isSpecial ? 0 : bytes.length
      return {
        id,
        bytes,
        byteStart: start,
        byteEnd: byteStart,
        isSpecial,
        isInserted: isSpecial,
        spanClass: 'lossless',
      }
    })
  )
}

function columns(surprisals: readonly number[]): StatisticsColumns {
  const logprob = Float64Array.from(surprisals, (bits) => -bits * Math.LN2)
  return {
    logprob,
    entropyBits: Float64Array.from(surprisals),
    rank: Float64Array.from(surprisals, (bits) => Math.floor(bits)),
    maxLogprob: logprob,
    topPMass: logprob.map(Math.exp),
    endProb: logprob.map(() => Number.NaN),
    klToUniformBits: Float64Array.from(surprisals),
    klFromUniformBits: Float64Array.from(surprisals),
  }
}

/**
 * An engine whose model knows one text. A prompt of `slow` never ends by itself; `fail` fails.
 * `heard` keeps what it was asked.
 */
export function testEngine() {
  const heard: {
    requests: TokensRequest[]
    inspections: InspectRequest[]
    captures: AttentionRequest[]
    interventions: InterveneRequest[]
    attributions: AttributeRequest[]
    criticals: CriticalRequest[]
    comparisons: TokenizeRequest[]
    byteRequests: BytesRequest[]
    trees: TreeRequest[]
    opened: unknown[]
    archives: AttentionArchiveRequest[]
    importances: ImportanceRequestInput[]
    probes: ProbeRequestInput[]
    wishes: EngineWishes[]
    closed: number
  } = {
    requests: [],
    inspections: [],
    captures: [],
    interventions: [],
    attributions: [],
    criticals: [],
    comparisons: [],
    byteRequests: [],
    trees: [],
    opened: [],
    archives: [],
    importances: [],
    probes: [],
    wishes: [],
    closed: 0,
  }
  async function* run(request: TokensRequest, signal?: AbortSignal): AsyncGenerator<TokensEvent> {
    heard.requests.push(request)
    if (request.prompt === 'long') {
      throw new ProblemError({
        code: 'prompt-too-long',
        message: 'The prompt is 3 tokens longer than the model’s context.',
        advice: 'Shorten it, or cut it with truncate left or right.',
      })
    }
    if (request.prompt === 'fail') {
      throw new ProblemError({
        code: 'no-such-model',
        message: 'There is no such model.',
        found: request.model,
        expected: 'a model folder',
        advice: 'Choose another.',
      })
    }
    yield {kind: 'progress', phase: 'loading', done: 1, total: 2, secondsLeft: 1.5}
    yield {
      kind: 'tokenized',
      text: 'Hello\n',
      promptTokenCount: 3,
      tokens: tableOf(['<s>', 'Hello', '\n']),
      turns: [],
      provenance: {
        model: {id: 'tiny', path: '/somewhere/tiny', sha256: 'aa'},
        tokenizer: {id: 'tiny', sha256: 'bb'},
        versions: {tokenscope: '0', onnxruntime: '1', schema: '1'},
      },
      warnings: [{code: 'a-warning', message: 'Read this.'}],
    }
    if (request.prompt === 'slow') {
      await new Promise((_, reject) => {
        signal?.addEventListener('abort', () =>
          reject(new DOMException('This was aborted.', 'AbortError'))
        )
      })
    }
    yield {kind: 'statistics', firstPosition: 0, columns: columns([Number.NaN, 3, 1])}
    yield {
      kind: 'next',
      next: {
        position: 2,
        temperature: request.temperature,
        topP: request.topP,
        tokens: tableOf(['a', ' b']),
        logits: Float32Array.of(2, 1),
        rawLogprobs: Float64Array.of(Math.log(0.5), Math.log(0.25)),
        sampledProbs: Float64Array.of(1, 0),
        rawRestProb: 0.25,
        sampledRestProb: 0,
        restCount: 6,
        keptCount: 1,
        cutRawProb: 0.5,
      },
    }
    yield {
      kind: 'completed',
      stopReason: null,
      warnings: [],
      timing: {runMs: 1, totalMs: 2, tokensPerSecond: null},
    }
  }
  async function* inspect(request: InspectRequest): AsyncGenerator<InspectEvent> {
    heard.inspections.push(request)
    yield {kind: 'progress', phase: 'hashing', done: 1, total: 2, secondsLeft: null}
    const result = fakeInspection(request)
    const layers = result.layers.slice(0, 1).concat({
      layer: 1,
      attention: {
        ...{source: 'none' as const, node: null, valueNorms: null},
        reason: 'It mixes without a softmax.',
      },
      queryHeadCount: null,
      keyValueHeadCount: null,
    })
    const limits = {value: 0.5, limit: 0.1}
    const checks = [
      {check: 'row-sums' as const, ...limits, passed: !request.model.includes('failing'), note: ''},
      {
        ...{check: 'cached-rows' as const, value: null, limit: null, passed: null},
        note: 'not applicable: there is no cache',
      },
    ]
    yield {
      kind: 'completed',
      result: {...result, layers, ...(request.verify ? {checks} : {})},
    }
  }
  async function* attention(
    request: AttentionRequest,
    signal: AbortSignal
  ): AsyncGenerator<AttentionEvent> {
    const pause = () =>
      request.prompt === 'slow'
        ? new Promise<void>((_, reject) => {
            signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))
          })
        : Promise.resolve()
    for await (const event of runFakeAttention(request, {contextLength: 100, pause}, signal)) {
      yield event
    }
  }
  async function* intervene(request: InterveneRequest): AsyncGenerator<InterveneEvent> {
    heard.interventions.push(request)
    yield {kind: 'completed', result: fakeIntervention(interveneRequestSchema.parse(request), 100)}
  }
  async function* archive(request: AttentionArchiveRequest): AsyncGenerator<AttentionArchiveEvent> {
    heard.archives.push(request)
    yield {kind: 'piece', bytes: Uint8Array.of(80, 75)}
    if (request.model.startsWith('basis')) {
      yield {kind: 'warning', warning: BASIS_DEPENDENT_WARNING}
    }
    yield {kind: 'progress', phase: 'writing', done: 1, total: 2, secondsLeft: null}
    if (request.prompt === 'break') {
      throw new ProblemError({code: 'broken', message: 'It broke.', advice: 'Mend it.'})
    }
    yield {kind: 'piece', bytes: Uint8Array.of(3, 4)}
  }
  const fake = createFakeClient()
  const client = {
    engine: {
      status: async () => ({versions: {tokenscope: '0', onnxruntime: '1', schema: '1'}}),
    },
    models: {
      list: async () => [],
      inspect: async (request: InspectRequest) => inspect(request),
    },
    tokens: {
      run: async (request: TokensRequest, options?: {signal?: AbortSignal}) =>
        run(request, options?.signal),
    },
    attention: {
      run: async (request: AttentionRequest, options?: {signal?: AbortSignal}) => {
        heard.captures.push(request)
        return attention(request, options?.signal ?? new AbortController().signal)
      },
      archive: async (request: AttentionArchiveRequest) => archive(request),
      heads: async (request: HeadsRequest, {signal}: {signal: AbortSignal}) =>
        runFakeHeads(request, noPause, signal),
      importance: async (request: ImportanceRequestInput, {signal}: {signal: AbortSignal}) => {
        heard.importances.push(request)
        return runFakeImportance(importanceRequestSchema.parse(request), noPause, signal)
      },
      probe: async (request: ProbeRequestInput, {signal}: {signal: AbortSignal}) => {
        heard.probes.push(request)
        return runFakeProbe(probeRequestSchema.parse(request), noPause, signal)
      },
      tile: async (request: TileRequestInput) => {
        const tile = fakeTile(tileRequestSchema.parse(request))
        const {map, model} = request
        const isWeighted = map.kind === 'aggregate' && map.by === 'value-weighted'
        const valueNorms = model.startsWith('basis') ? 'basis-dependent' : 'projected'
        return isWeighted ? {...tile, summary: {...tile.summary, valueNorms}} : tile
      },
      line: fake.attention.line,
      edges: fake.attention.edges,
      thumbnails: fake.attention.thumbnails,
      graph: fake.attention.graph,
      prune: fake.attention.prune,
    },
    bytes: {
      run: async (request: BytesRequest) => {
        heard.byteRequests.push(request)
        return (async function* (): AsyncGenerator<BytesEvent> {
          yield {kind: 'completed', result: fakeBytes(request)}
        })()
      },
    },
    tokenizers: {
      compare: async (request: TokenizeRequest) => {
        heard.comparisons.push(request)
        return runFakeTokenize(request, async () => {}, new AbortController().signal)
      },
    },
    interventions: {run: async (request: InterveneRequest) => intervene(request)},
    attributions: {
      run: async (request: AttributeRequest, options?: {signal?: AbortSignal}) => {
        heard.attributions.push(request)
        let toldCount = 0
        const signal = options?.signal ?? new AbortController().signal
        const pause = () =>
          request.prompt === 'slow' && toldCount++ === 3
            ? new Promise<void>((_, reject) => {
                signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')))
              })
            : Promise.resolve()
        return runFakeAttribution(request, {contextLength: 100, pause}, signal)
      },
    },
    criticals: {
      run: async (request: CriticalRequest, options?: {signal?: AbortSignal}) => {
        heard.criticals.push(request)
        const signal = options?.signal ?? new AbortController().signal
        return runFakeCritical(request, {contextLength: 100, pause: async () => {}}, signal)
      },
    },
    text: fake.text,
    trees: {
      ...fake.trees,
      run: async (request: TreeRequest, options?: {signal?: AbortSignal}) => {
        heard.trees.push(treeRequestSchema.parse(request))
        return fake.trees.run(request, options)
      },
      open: async (request: Parameters<typeof fake.trees.open>[0]) => {
        heard.opened.push(request)
        return fake.trees.open(request)
      },
    },
    figures: {
      export: async (request: FigureRequest) => {
        const {bytes, ...rest} = await exportFigure(request, {fontsFolder: FONTS})
        return {...rest, content: {bytes}}
      },
    },
  } as unknown as EngineClient
  const connect: Connect = async (wishes) => {
    heard.wishes.push({threads: wishes.threads ?? null, maxMemoryBytes: wishes.maxMemoryBytes})
    return {
      client,
      close: async () => {
        heard.closed += 1
      },
    }
  }
  return {connect, heard}
}
