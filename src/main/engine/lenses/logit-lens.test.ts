import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {type TemporaryFolder, temporaryFolder} from '../../../../fixtures/broken.ts'
import {cellName} from '../../../../fixtures/families/combinations.ts'
import {buildFamilyModel} from '../../../../fixtures/families/family-model.ts'
import {runReference} from '../../../../fixtures/families/reference.ts'
import {type FamilyCell, SHAPE} from '../../../../fixtures/families/traits.ts'
import type {ModelRef} from '../../../shared/domain/model.ts'
import type {
  LogitLens,
  LogitLensEvent,
  LogitLensRequest,
} from '../../../shared/lenses/logit-lens.ts'
import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import {MemoryBudget} from '../captures/memory-budget.ts'
import {ResidualStore} from '../captures/residual-store.ts'
import {readModelFiles} from '../model-folder/read-model-files.ts'
import {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import {type GraphedModel, ModelGraphs} from '../runtime/model-graphs.ts'
import type {LoadedModel} from '../runtime/models.ts'
import {RunRates} from '../runtime/run-rates.ts'
import {loadTokenizer} from '../tokenizers/load-tokenizer.ts'
import {runLogitLens} from './logit-lens.ts'

const FIXTURES = join(import.meta.dirname, '../../../../fixtures')
const {vocabularySize, layerCount, queryHeadCount, headSize, width} = SHAPE
const TOKEN_IDS = [5, 17, 3, 88, 42, 7, 61, 29, 5, 17]
const CELLS: readonly FamilyCell[] = [
  {family: 'gpt2', style: 'eager', dtype: 'float32', cache: 'none'},
  {family: 'gpt2', style: 'eager', dtype: 'float32', cache: 'past'},
  {family: 'llama', style: 'GroupQueryAttention', dtype: 'float32', cache: 'past'},
  {family: 'neox', style: 'MultiHeadAttention', dtype: 'float32', cache: 'none'},
  {family: 'gemma2', style: 'eager', dtype: 'float32', cache: 'past'},
  {family: 'llama', style: 'GroupQueryAttention', dtype: '4-bit', cache: 'past'},
  {family: 'llama', style: 'eager', dtype: 'int8', cache: 'none'},
  {family: 'gpt2', style: 'eager', dtype: 'float16', cache: 'past'},
]

let temporary: TemporaryFolder
const opened: InstrumentedSessions[] = []
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(async () => {
  await Promise.all(opened.map((sessions) => sessions.close()))
  await temporary.remove()
})

async function folderOf(cell: FamilyCell): Promise<string> {
  const folder = join(temporary.path, cellName(cell).replaceAll(/\W+/g, '-'))
  await mkdir(folder, {recursive: true})
  const {bytes, facts} = buildFamilyModel(cell)
  await writeFile(join(folder, 'model.onnx'), bytes)
  const config = {
    model_type: 'llama',
    num_hidden_layers: layerCount,
    num_attention_heads: queryHeadCount,
    num_key_value_heads: facts.keyValueHeadCount,
    head_dim: headSize,
    hidden_size: width,
    vocab_size: vocabularySize,
    max_position_embeddings: facts.contextLength,
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  return folder
}

/** A model that is loaded as far as the lens asks: its words stand for its ids. */
const MODEL = {
  key: 'it',
  info: {id: 'it', vocabularySize, contextLength: 64},
  folder: {filePath: 'model.onnx', stopIds: []},
  tokenizer: {bytesOf: (id: number) => Uint8Array.of(id), isSpecial: () => false},
  rates: new RunRates(),
} as unknown as LoadedModel

function lensOn(maxBytes = 1e9, misread = (model: GraphedModel) => model) {
  const budget = new MemoryBudget(maxBytes)
  // Chunks of four, so that the stream comes in pieces.
  const sessions = new InstrumentedSessions({threads: () => 1, chunkLength: 4})
  opened.push(sessions)
  const graphs = new ModelGraphs({
    readFiles: ({model, file}) => readModelFiles(model, {id: 'it', source: 'folder', file}),
    loadTokenizer,
  })
  // The file as it is, for what the model itself says.
  const plain = new InstrumentedSessions({threads: () => 1, chunkLength: 4})
  opened.push(plain)
  const load = async (ref: ModelRef): Promise<LoadedModel> => {
    const model = await graphs.open(ref)
    const run: LoadedModel['session']['run'] = async ({ids}, {onEvent}) => {
      const position = ids.length - 1
      const capture = {ids, outputs: ['logits'], chunkLength: ids.length}
      await plain.use({model, name: 'plain', overlay: () => null}, (session) =>
        session.capture(capture, {
          onCaptured: ({tensors: [tensor]}) => {
            const {data} = tensor!
            const all =
              data instanceof Uint16Array
                ? float32OfFloat16Bits(data)
                : Float32Array.from(data as Float32Array)
            onEvent({kind: 'row', position, logits: all.slice(position * vocabularySize)})
          },
        })
      )
      return 'completed' as never
    }
    return {...MODEL, session: {run} as LoadedModel['session']}
  }
  const open: ModelGraphs['open'] = async (...call) => misread(await graphs.open(...call))
  const context = {
    ...{sessions, residuals: new ResidualStore(budget), models: {load}},
    graphs: {open} as ModelGraphs,
  }
  const ask = async (folder: string, changes: Partial<LogitLensRequest> = {}) => {
    const events: LogitLensEvent[] = []
    const request: LogitLensRequest = {
      ...{model: folder, ids: Int32Array.from(TOKEN_IDS), position: 9, topK: 5},
      ...{temperature: 1, topP: 1, tokenIds: []},
      ...changes,
    }
    for await (const event of runLogitLens(context, request)) events.push(event)
    const last = events.at(-1)
    if (last?.kind !== 'lens') throw new Error('no lens came')
    return {events, lens: last.lens}
  }
  return {ask, budget, context}
}

/** Softmax in float64, as a textbook has it. */
function softmax(logits: ArrayLike<number>, temperature = 1): number[] {
  const scaled = Array.from(logits, (logit) => logit / temperature)
  const most = Math.max(...scaled)
  const weights = scaled.map((logit) => Math.exp(logit - most))
  const sum = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / sum)
}

/** Probabilities after a layer at a position, by a forward pass of its own that leaves there. */
function reference(cell: FamilyCell, layer: number, position: number): number[] {
  const run = runReference(cell, {tokenIds: TOKEN_IDS}, {exitAfterLayer: layer})
  return softmax(run.logits[position]!)
}

const probsOf = (lens: LogitLens, row: number) =>
  Array.from(lens.rows[row]!.rawLogprobs, (logprob) => Math.exp(logprob))

describe.each(CELLS.map((cell) => [cellName(cell), cell] as const))('%s', (_, cell) => {
  it('shows after each layer what the model would say if it left there', async () => {
    const folder = await folderOf(cell)
    const {facts} = buildFamilyModel(cell)
    const tolerance = facts.logitTolerance * 4
    const {ask} = lensOn()
    const followed = [3, 88]
    const {lens} = await ask(folder, {tokenIds: followed, topK: vocabularySize})
    expect(lens.rows).toHaveLength(layerCount + 1)
    for (let layer = 0; layer < layerCount; layer++) {
      const expected = reference(cell, layer, 9)
      const {tokens} = lens.rows[layer + 1]!
      const probs = probsOf(lens, layer + 1)
      for (const [i, id] of tokens.ids.entries()) {
        expect(Math.abs(probs[i]! - expected[id]!)).toBeLessThan(tolerance)
      }
      for (const [i, {tokenId, prob, rank}] of lens.tracked.entries()) {
        expect(tokenId).toBe(followed[i])
        expect(Math.abs(prob[layer + 1]! - expected[tokenId]!)).toBeLessThan(tolerance)
        if (cell.dtype === 'float32') {
          const more = expected.filter((other) => other > expected[tokenId]!).length
          expect(rank[layer + 1]).toBe(more)
        }
      }
    }
    const output = softmax(runReference(cell, {tokenIds: TOKEN_IDS}).logits[9]!)
    expect(output[lens.output.tokenId]).toBeGreaterThan(Math.max(...output) - tolerance)
    expect(lens.occurred).toBeNull()
  })
})

describe('the logit lens', () => {
  const cell = CELLS[1]!

  it('needs no further run for another position, temperature or following text', async () => {
    const folder = await folderOf(cell)
    const {ask} = lensOn()
    const first = await ask(folder)
    const progress = first.events.flatMap((event) => (event.kind === 'progress' ? event.done : []))
    expect(progress).toEqual([0, 4, 8, 10])

    const earlier = await ask(folder, {position: 2, topK: vocabularySize})
    expect(earlier.events.map(({kind}) => kind)).toEqual(['lens'])
    const expected = reference(cell, 0, 2)
    for (const [i, id] of earlier.lens.rows[1]!.tokens.ids.entries()) {
      expect(probsOf(earlier.lens, 1)[i]).toBeCloseTo(expected[id]!, 5)
    }
    expect(earlier.lens.occurred?.tokenId).toBe(TOKEN_IDS[3])
    expect(earlier.lens.occurred?.prob[1]).toBeCloseTo(expected[TOKEN_IDS[3]!]!, 5)

    const hot = await ask(folder, {temperature: 2, topP: 0.9})
    expect(hot.events).toHaveLength(1)
    const run = runReference(cell, {tokenIds: TOKEN_IDS}, {exitAfterLayer: 0})
    const scaled = softmax(run.logits[9]!, 2)
    const {tokens, sampledProbs, keptCount} = hot.lens.rows[1]!
    const sorted = [...scaled].sort((a, b) => b - a)
    let kept = 0
    let mass = 0
    while (mass < 0.9) mass += sorted[kept++]!
    expect(keptCount).toBe(kept)
    expect(sampledProbs[0]).toBeCloseTo(scaled[tokens.ids[0]!]! / mass, 5)

    const cut = await ask(folder, {ids: Int32Array.from(TOKEN_IDS.slice(0, 8)), position: 7})
    expect(cut.events).toHaveLength(1)
    const other = await ask(folder, {ids: Int32Array.of(1, 2, 3), position: 2})
    expect(other.events.map(({kind}) => kind)).toEqual(['progress', 'progress', 'lens'])
  })

  it('keeps to the budget: the wanted position alone where the stream has no room', async () => {
    const folder = await folderOf(cell)
    const {ask, budget} = lensOn(4 * (layerCount + 1) * width * 3)
    const roomy = await lensOn().ask(folder)
    const {lens} = await ask(folder)
    expect(lens).toEqual(roomy.lens)
    expect(budget.usedBytes).toBe(0)
    // Asked again it is run again.
    expect((await ask(folder, {position: 1})).events.length).toBeGreaterThan(1)
  })

  it('is refused where its last row is not what the model itself says', async () => {
    const folder = await folderOf(cell)
    // As if the stream were the sum of its last point and its first.
    const {ask} = lensOn(1e9, (model) => {
      const {points} = model.structure.residual!
      const last = points.at(-1)!
      const wrong = {...last, addends: [last.tensor, points[0]!.tensor]}
      const residual = {points: [...points.slice(0, -1), wrong]}
      return {...model, structure: {...model.structure, residual}}
    })
    await expect(ask(folder)).rejects.toMatchObject({
      problem: {
        code: 'output-head-misread',
        found: expect.stringContaining('after the last layer'),
      },
    })
  })

  it('counts what it keeps, and gives it back', async () => {
    const folder = await folderOf(cell)
    const {ask, budget} = lensOn()
    await ask(folder)
    const stream = 4 * (layerCount + 1) * width * TOKEN_IDS.length
    const logits = 4 * (layerCount + 1) * vocabularySize
    expect(budget.usedBytes).toBe(stream + logits)
    await ask(folder, {position: 3})
    expect(budget.usedBytes).toBe(stream + 2 * logits)
    budget.setMaxBytes(0)
    expect(budget.usedBytes).toBe(0)
  })

  it('says why a model without logits has none, and ends when it is left', async () => {
    const {ask, context} = lensOn()
    const states = join(FIXTURES, 'exports/bert-torchscript-states')
    await expect(ask(states)).rejects.toMatchObject({problem: {code: 'output-head-not-found'}})
    const decoder = await folderOf(cell)
    const stop = new AbortController()
    const request: LogitLensRequest = {
      ...{model: decoder, ids: Int32Array.from(TOKEN_IDS), position: 9, topK: 5},
      ...{temperature: 1, topP: 1, tokenIds: []},
    }
    const events = runLogitLens(context, request, stop.signal)
    await events.next()
    stop.abort(new Error('left'))
    await expect(events.next()).rejects.toThrow('left')
  })
})
