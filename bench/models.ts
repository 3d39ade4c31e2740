import {existsSync} from 'node:fs'
import {cp, mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {InferenceSession, Tensor} from 'onnxruntime-node'
import type {DecoderShape} from '../fixtures/tiny-decoder.ts'
import {tinyDecoderFiles, writeModelFiles} from '../fixtures/tiny-models.ts'
import {buildTinyTokenizer} from '../fixtures/tiny-tokenizer.ts'

const ROOT = resolve(import.meta.dirname, '..')

/** The size of GPT-2 small (12 layers, 12 heads of 64, vocabulary 50,257); gated MLP of equal weight. */
const GPT2_SMALL_SHAPE: DecoderShape = {
  layerCount: 12,
  queryHeadCount: 12,
  keyValueHeadCount: 12,
  headSize: 64,
  innerSize: 2048,
  vocabularySize: 50_257,
  contextLength: 1024,
}

/** GPT-2 small's blocks with the tiny tokenizer's vocabulary and 2,048 positions. */
const GPT2_SMALL_ATTENTION: DecoderShape = {
  ...GPT2_SMALL_SHAPE,
  vocabularySize: buildTinyTokenizer().tokenCount,
  contextLength: 2048,
}

/** Its layers and heads with a narrow MLP and 4,096 positions: a quarter of the parameters, the same attention. */
const RANDOM_HEADS_SHAPE: DecoderShape = {
  ...GPT2_SMALL_ATTENTION,
  innerSize: 16,
  contextLength: 4096,
}

/** A model of a billion parameters has this attention; its MLP is made narrow, since it holds nothing captured. */
export const BILLION_SHAPE: DecoderShape = {
  layerCount: 16,
  queryHeadCount: 32,
  keyValueHeadCount: 8,
  headSize: 64,
  innerSize: 256,
  vocabularySize: 1000,
  contextLength: 4096,
}

/** A model that a bench runs, and the threads that both sides give it. */
export interface BenchModel {
  readonly name: string
  readonly folder: string
  readonly vocabularySize: number
}

/** micro-base without its stop ids, so that both sides generate as many tokens. */
export async function microBase(): Promise<BenchModel> {
  const original = join(ROOT, 'assets/models/micro-base')
  const folder = join(ROOT, '.cache/bench/micro-base')
  await rm(folder, {recursive: true, force: true})
  await cp(original, folder, {recursive: true})
  await writeFile(join(folder, 'generation_config.json'), '{}')
  const config = JSON.parse(await readFile(join(original, 'config.json'), 'utf8'))
  delete config.eos_token_id
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  return {
    name: 'micro-base',
    folder,
    // Ids below this are in every built-in tokenizer; benches need no more.
    vocabularySize: 1024,
  }
}

/** Random weights in GPT-2 small's shape, made once (620 MB) and kept under `.cache`. */
export async function gpt2SmallShape(): Promise<BenchModel> {
  const folder = await madeOnce('gpt2-small-shape', GPT2_SMALL_SHAPE)
  return {name: 'GPT-2 small’s shape', folder, vocabularySize: GPT2_SMALL_SHAPE.vocabularySize}
}

/** 12 × 12 heads whose queries and keys are at random, made once (120 MB) and kept under `.cache`: the model's folder. */
export function randomHeads(): Promise<string> {
  return madeOnce('random-heads', RANDOM_HEADS_SHAPE)
}

/** GPT-2 small's blocks at random, for long texts, made once (340 MB) and kept under `.cache`: the model's folder. */
export function gpt2SmallAttention(): Promise<string> {
  return madeOnce('gpt2-small-attention', GPT2_SMALL_ATTENTION)
}

/** A billion parameters’ attention at random, made once (700 MB) and kept under `.cache`: the model's folder. */
export function billionShape(): Promise<string> {
  return madeOnce('billion-shape', BILLION_SHAPE)
}

async function madeOnce(name: string, shape: DecoderShape): Promise<string> {
  const folder = join(ROOT, '.cache/bench', name)
  if (!existsSync(folder)) {
    console.error(`making the model ${name}, once …`)
    const partial = `${folder}.partial`
    await rm(partial, {recursive: true, force: true})
    await mkdir(partial, {recursive: true})
    await writeModelFiles(partial, tinyDecoderFiles({hasKvCache: true}, shape))
    await rename(partial, folder)
  }
  return folder
}

/** A session of one's own on a bench model, with the settings that the engine's sessions have. */
export async function openBare(model: BenchModel, threads: number): Promise<BareSession> {
  const session = await InferenceSession.create(join(model.folder, 'onnx/model.onnx'), {
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    extra: {session: {intra_op: {allow_spinning: '0'}}},
    logSeverityLevel: 3,
  })
  return new BareSession(session)
}

/** onnxruntime and nothing else: what ours is measured against. */
export class BareSession {
  constructor(private readonly session: InferenceSession) {}

  /** One run over a whole sequence with an empty KV cache; fetches every output. */
  async run(ids: Int32Array): Promise<Record<string, Tensor>> {
    return this.session.run({...this.numberFeeds(ids, 0), ...this.emptyPast()})
  }

  /** Greedy decoding through the KV cache, by the shortest loop that does it. */
  async generate(ids: Int32Array, count: number): Promise<number[]> {
    const generated: number[] = []
    let outputs = await this.run(ids)
    for (let length = ids.length; ; length++) {
      const {data, dims} = outputs.logits!
      const vocabularySize = dims[2]!
      const logits = data as Float32Array
      let best = logits.length - vocabularySize
      for (let i = best; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i
      const id = best % vocabularySize
      generated.push(id)
      if (generated.length === count) return generated
      outputs = await this.goOn(outputs, Int32Array.of(id), length)
    }
  }

  /** One run of what follows `pastLength` tokens, whose keys and values are among the outputs of a run before. */
  goOn(
    before: Record<string, Tensor>,
    ids: Int32Array,
    pastLength: number
  ): Promise<Record<string, Tensor>> {
    const feeds: Record<string, Tensor> = this.numberFeeds(ids, pastLength)
    for (const name of this.session.outputNames) {
      if (name.startsWith('present.')) {
        feeds[name.replace('present', 'past_key_values')] = before[name]!
      }
    }
    return this.session.run(feeds)
  }

  release(): Promise<void> {
    return this.session.release()
  }

  private numberFeeds(ids: Int32Array, past: number): Record<string, Tensor> {
    const count = ids.length
    return {
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, count]),
      attention_mask: new Tensor('int64', new BigInt64Array(past + count).fill(1n), [
        1,
        past + count,
      ]),
      position_ids: new Tensor(
        'int64',
        BigInt64Array.from({length: count}, (_, i) => BigInt(past + i)),
        [1, count]
      ),
    }
  }

  private emptyPast(): Record<string, Tensor> {
    const past: Record<string, Tensor> = {}
    for (const input of this.session.inputMetadata) {
      if (!input.isTensor || !input.name.startsWith('past_key_values')) continue
      const [, heads, , headSize] = input.shape
      past[input.name] = new Tensor('float32', new Float32Array(0), [
        1,
        Number(heads),
        0,
        Number(headSize),
      ])
    }
    return past
  }
}
