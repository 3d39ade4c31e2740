import {InferenceSession, Tensor} from 'onnxruntime-node'
import {
  buildProductGraph,
  buildScoreGraph,
  PRODUCT,
  SCORE_OUTPUTS,
  type ScoreForm,
} from '../onnx/score-graph.ts'
import {ScratchNumbers} from './scratch-numbers.ts'

/** Sessions of small graphs; each takes a few hundred kilobytes. */
const MAX_SESSION_COUNT = 24

/** Numbers that a graph is fed, [query or 1, key or 1]; the lengths of a reshape as int64. */
export interface FedNumbers {
  readonly values: Float32Array | BigInt64Array
  readonly dims: readonly number[]
}
export type ScoreFeeds = Readonly<Record<string, FedNumbers>>

/** What a run of a block gives; `first` and `sums` where rows are pooled. */
export interface ScoreBlock {
  readonly weights: Float32Array
  readonly first: Float32Array | null
  readonly sums: Float32Array | null
}

/** Runs graphs of our own that compute blocks of attention, on the thread that calls it. */
export class ScoreRunner {
  /** By what they compute, least recently used first. */
  private readonly sessions = new Map<string, Promise<InferenceSession>>()

  /** Arrays that its callers feed it with. */
  readonly scratch = new ScratchNumbers()

  constructor(private readonly threads: number) {}

  async run(form: ScoreForm, feeds: ScoreFeeds): Promise<ScoreBlock> {
    const session = await this.sessionOf(JSON.stringify(form), () => buildScoreGraph(form))
    const tensors: Record<string, Tensor> = {}
    for (const name of session.inputNames) {
      const fed = feeds[name]
      if (!fed) throw new RangeError(`nothing is fed to ${name}`)
      const {values, dims} = fed
      tensors[name] =
        values instanceof BigInt64Array
          ? new Tensor('int64', values, dims)
          : new Tensor('float32', values, dims)
    }
    const outputs = await session.run(tensors)
    const numbers = (name: string) => (outputs[name]?.data as Float32Array | undefined) ?? null
    return {
      weights: numbers(SCORE_OUTPUTS.weights)!,
      first: numbers(SCORE_OUTPUTS.first),
      sums: numbers(SCORE_OUTPUTS.sums),
    }
  }

  /** rows · square, where `square` is [size, size] and rows are as long. */
  async multiply(rows: Float32Array, square: Float32Array, size: number): Promise<Float32Array> {
    const session = await this.sessionOf('product', buildProductGraph)
    const outputs = await session.run({
      [PRODUCT.left]: new Tensor('float32', rows, [rows.length / size, size]),
      [PRODUCT.right]: new Tensor('float32', square, [size, size]),
    })
    return outputs[PRODUCT.output]!.data as Float32Array
  }

  async release(): Promise<void> {
    const sessions = [...this.sessions.values()]
    this.sessions.clear()
    for (const session of sessions) await (await session).release()
  }

  private async sessionOf(key: string, build: () => Uint8Array): Promise<InferenceSession> {
    let session = this.sessions.get(key)
    this.sessions.delete(key)
    session ??= InferenceSession.create(build(), {
      graphOptimizationLevel: 'all',
      intraOpNumThreads: this.threads,
      interOpNumThreads: 1,
      // Threads that spin between runs take a core from the coordinator and the page.
      extra: {session: {intra_op: {allow_spinning: '0'}}},
      logSeverityLevel: 3,
    })
    this.sessions.set(key, session)
    for (const [oldest, other] of this.sessions) {
      if (this.sessions.size <= MAX_SESSION_COUNT) break
      this.sessions.delete(oldest)
      await (await other).release()
    }
    return session
  }
}
