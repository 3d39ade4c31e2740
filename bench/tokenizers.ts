import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Tokenizer as NativeTokenizer} from 'tokenizers'
import {composingTokenizer} from '../fixtures/tokenizer-variants.ts'
import {runTokenize} from '../src/main/engine/lenses/tokenize.ts'
import {ReferenceVectors} from '../src/main/engine/lenses/tokenize-proof.ts'
import type {LoadedTokenizer} from '../src/main/engine/tokenizers/loaded-tokenizer.ts'
import {TokenizerShelf} from '../src/main/engine/tokenizers/shelf.ts'
import {encoderJson, parseTokenizerJson} from '../src/main/engine/tokenizers/tokenizer-json.ts'
import {PACKAGED_TOKENIZERS} from '../src/shared/lenses/packaged-tokenizers.ts'
import {tokenizeRequestSchema} from '../src/shared/lenses/tokenize.ts'
import {median, type Ratio, timeMs} from './measure.ts'
import {mixedText} from './mixed-text.ts'

const ASSETS = join(import.meta.dirname, '../assets')
const TEXT_BYTES = 1e6
/** What code is warmed up on. */
const WARM_BYTES = 5e4
const TURNS = 2
const GOAL = 1.3

/** The six that come along, a built-in model's, and one that changes the text before it cuts it. */
export async function eightTokenizers(folder: string): Promise<string[]> {
  const composing = join(folder, 'composing.json')
  await writeFile(composing, JSON.stringify(composingTokenizer()))
  const microBase = join(ASSETS, 'models/micro-base/tokenizer.json')
  return [...PACKAGED_TOKENIZERS.map(({id}) => id), microBase, composing]
}

/** Eight tokenizers on one text, beside the native library that cuts it, called for the same ids and nothing else. */
export async function benchTokenizers(): Promise<Ratio[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tokenscope-bench-'))
  try {
    return await measured(await eightTokenizers(folder))
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

async function measured(names: readonly string[]): Promise<Ratio[]> {
  const shelf = new TokenizerShelf(() => Promise.reject(new Error('no models here')))
  const natives: NativeTokenizer[] = []
  const tokenizers: LoadedTokenizer[] = []
  for (const name of names) {
    const {tokenizer, json} = await shelf.open(name)
    tokenizers.push(tokenizer)
    const own = encoderJson(json, parseTokenizerJson(json, name), true)
    natives.push(NativeTokenizer.fromString(own))
  }
  let text = mixedText(WARM_BYTES, 1)
  const bare = () =>
    Promise.all(
      natives.map(async (native) => {
        const encoded = await native.encode(text, null, {addSpecialTokens: false})
        return encoded.getIds()
      })
    )
  const spans = () =>
    Promise.all(tokenizers.map((one) => one.encodeTable(text, {noSpecialTokens: true})))
  await checkSame(await bare(), await spans())

  const context = {
    ...{shelf, versions: {tokenscope: '0', onnxruntime: '0', schema: '1'}},
    vectors: new ReferenceVectors(join(ASSETS, 'tokenizers/vectors.json')),
    parallelPath: join(ASSETS, 'tokenizers/parallel.json'),
  }
  const whole = async () => {
    const request = tokenizeRequestSchema.parse({tokenizers: names, text})
    for await (const event of runTokenize(context, request)) {
      if (event.kind === 'completed') return event.result.results.length
    }
    throw new Error('the comparison did not complete')
  }
  const sides = {bare, spans, whole}
  const times = {bare: [] as number[], spans: [] as number[], whole: [] as number[]}
  for (let turn = 0; turn < 3; turn++) await whole()
  text = mixedText(TEXT_BYTES, 2)
  for (let turn = 0; turn < TURNS; turn++) {
    const order = ['bare', 'spans', 'whole'] as const
    for (let i = 0; i < order.length; i++) {
      const side = order[(i + turn) % order.length]!
      globalThis.gc?.()
      times[side].push(await timeMs(sides[side]))
    }
  }
  const bareMs = median(times.bare)
  const row = (what: string, oursMs: number): Ratio => ({
    ...{bench: 'tokenizers', ours: oursMs, bare: bareMs, unit: 'ms', ratio: oursMs / bareMs},
    what: `8 tokenizers, 1 MB of mixed text, ${what}; bare: the native library for ids alone`,
    goal: `at most ${GOAL} × bare`,
    isMet: oursMs <= GOAL * bareMs,
  })
  return [
    row('ids and exact byte spans', median(times.spans)),
    row('the whole comparison: spans, words, changes, 28 pairs aligned', median(times.whole)),
  ]
}

/** Both sides cut alike, or there is nothing to compare. */
async function checkSame(
  bare: readonly number[][],
  ours: readonly {readonly table: {readonly ids: Int32Array}}[]
): Promise<void> {
  for (const [i, {table}] of ours.entries()) {
    const other = bare[i]!
    if (table.ids.length !== other.length || !table.ids.every((id, at) => id === other[at])) {
      throw new Error(`tokenizer ${i} cuts otherwise than the native library`)
    }
  }
}
