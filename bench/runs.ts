import {physicalCoreCount} from '../src/main/engine/runtime/threads.ts'
import {openLocalEngine} from '../src/main/local-engine.ts'
import type {EngineClient} from '../src/shared/engine-client/connect.ts'
import type {TokensRequestInput} from '../src/shared/lenses/tokens.ts'
import {type Ratio, timeInTurns} from './measure.ts'
import {type BareSession, type BenchModel, gpt2SmallShape, microBase, openBare} from './models.ts'

const BEGIN_ID = 0

/** A begin token and ids that repeat nothing, fresh for every turn, so that no cache can help. */
function freshIds(count: number, model: BenchModel, turn: number): Int32Array {
  const ids = new Int32Array(count)
  let state = (turn + 1) * 2654435761
  for (let i = 1; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    ids[i] = 8 + (state % (model.vocabularySize - 8))
  }
  ids[0] = BEGIN_ID
  return ids
}

async function runTokens(client: EngineClient, request: TokensRequestInput): Promise<void> {
  for await (const event of await client.tokens.run(request as never)) {
    if (event.kind === 'completed') return
  }
  throw new Error('the run did not complete')
}

function requestOf(model: BenchModel, ids: Int32Array): TokensRequestInput {
  return {
    model: model.folder,
    prompt: '',
    // The begin token is inserted by the tokenizer.
    completionIds: Array.from(ids.subarray(1)),
  }
}

/** The tokens lens, from request to last event, against one `session.run` on the same ids. */
async function lensRatios(
  client: EngineClient,
  bare: BareSession,
  model: BenchModel,
  counts: readonly number[]
): Promise<Ratio[]> {
  const ratios: Ratio[] = []
  for (const count of counts) {
    let turn = 0
    let oursTurn = 0
    const {oursMs, bareMs} = await timeInTurns(
      () => runTokens(client, requestOf(model, freshIds(count, model, 2 * oursTurn++))),
      () => bare.run(freshIds(count, model, 2 * turn++ + 1)),
      {turns: count > 256 ? 7 : 11, warmups: 2}
    )
    ratios.push({
      bench: 'tokens lens',
      what: `${model.name}, ${count} tokens`,
      ours: oursMs,
      bare: bareMs,
      unit: 'ms',
      ratio: oursMs / bareMs,
      goal: 'at most 1.15 × bare + 30 ms',
      isMet: oursMs <= 1.15 * bareMs + 30,
    })
  }
  return ratios
}

/** Greedy generation, ms a token: a run that generates `count` more tokens less one that generates 1. */
async function generationRatio(
  client: EngineClient,
  bare: BareSession,
  model: BenchModel,
  {count, turns}: {count: number; turns: number}
): Promise<Ratio> {
  const promptCount = 16
  let turn = 0
  const ours = (generate: number) => () =>
    runTokens(client, {...requestOf(model, freshIds(promptCount, model, turn++)), generate})
  const theirs = (generate: number) => () =>
    bare.generate(freshIds(promptCount, model, turn++), generate)
  const one = await timeInTurns(ours(1), theirs(1), {turns, warmups: 2})
  const many = await timeInTurns(ours(count + 1), theirs(count + 1), {turns, warmups: 1})
  const oursMs = (many.oursMs - one.oursMs) / count
  const bareMs = (many.bareMs - one.bareMs) / count
  const isMicro = model.name === 'micro-base'
  return {
    bench: 'generation',
    what: `${model.name}, a token of ${count} after ${promptCount}`,
    ours: oursMs,
    bare: bareMs,
    unit: 'ms',
    ratio: oursMs / bareMs,
    goal: isMicro ? 'at most 0.2 ms a token above bare' : 'at least 0.95 × bare’s tokens a second',
    isMet: isMicro ? oursMs - bareMs <= 0.2 : bareMs / oursMs >= 0.95,
  }
}

/** Both benches on both models, through an engine process of its own. */
export async function benchRuns(): Promise<Ratio[]> {
  const threads = physicalCoreCount()
  const engine = openLocalEngine({stateFolder: null, threads, maxMemoryBytes: 4 << 30})
  const ratios: Ratio[] = []
  try {
    for (const model of [await microBase(), await gpt2SmallShape()]) {
      const bare = await openBare(model, threads)
      const isMicro = model.name === 'micro-base'
      ratios.push(...(await lensRatios(engine.client, bare, model, [16, 128, 512])))
      ratios.push(
        await generationRatio(engine.client, bare, model, {
          count: isMicro ? 200 : 48,
          turns: isMicro ? 9 : 5,
        })
      )
      await bare.release()
      await engine.client.models.unload({model: model.folder})
    }
  } finally {
    await engine.close()
  }
  return ratios
}
