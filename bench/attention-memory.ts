import {readFile} from 'node:fs/promises'
import {openLocalEngine} from '../src/main/local-engine.ts'
import type {EngineClient} from '../src/shared/engine-client/connect.ts'
import type {Ratio} from './measure.ts'
import {gpt2SmallAttention} from './models.ts'

const TOKENS = 2048
const LAYERS = 12
const BUDGET_BYTES = 128e6
/** Beyond the plain run and the budget. */
const ROOM = 1.2

/** Letters that nothing joins are one token each, after the one that is put before them. */
const TEXT = Array.from({length: TOKENS - 1}, (_, i) => 'QXZJKVW'[(i * 5 + (i >> 3)) % 7]).join('')
const IDS = Int32Array.from([0, ...Buffer.from(TEXT)], (byte, at) => (at === 0 ? 0 : 4 + byte))

/** Most memory that an engine of its own held while it did something, in MB. */
async function peakOf<Result>(
  maxMemoryBytes: number,
  task: (client: EngineClient) => Promise<Result>
): Promise<{megabytes: number; result: Result}> {
  const engine = openLocalEngine({stateFolder: null, maxMemoryBytes})
  try {
    const result = await task(engine.client)
    const {processId} = await engine.client.engine.status()
    const status = await readFile(`/proc/${processId}/status`, 'utf8')
    return {megabytes: Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1000, result}
  } finally {
    await engine.close()
  }
}

/**
 * A capture that is larger than what captures may take: queries and keys of 2,048 tokens in GPT-2 small's shape
 * are 151 MB, the budget is 128 MB. A tile of every layer is looked at afterwards.
 */
export async function benchAttentionMemory(): Promise<Ratio[]> {
  const folder = await gpt2SmallAttention()
  const plain = await peakOf(1e6, async (client) => {
    const request = {model: folder, prompt: TEXT, maxTokens: 0}
    let count = 0
    for await (const event of await client.tokens.run(request as never)) {
      if (event.kind === 'tokenized') count = event.tokens.ids.length
    }
    return count
  })
  if (plain.result !== TOKENS) throw new Error(`the text has ${plain.result} tokens`)
  const captured = await peakOf(BUDGET_BYTES, async (client) => {
    const text = {model: folder, ids: IDS}
    const dtypes = new Set<string>()
    let layerCount = 0
    let how = ''
    for await (const event of await client.attention.capture(text)) {
      if (event.kind === 'captured') {
        for (const {dtype} of event.layers) dtypes.add(dtype)
        layerCount += event.layers.length
      }
      if (event.kind !== 'completed') continue
      how = `${event.partCount} runs of the text, ${[...dtypes].join(' and ')}, ${Math.round(event.bytes / 1e6)} MB kept`
    }
    if (layerCount !== LAYERS) throw new Error(`${layerCount} layers were captured`)
    const all: [number, number] = [0, TOKENS]
    for (let layer = 0; layer < LAYERS; layer++) {
      const tile = await client.attention.tile({
        ...{...text, map: {kind: 'head' as const, layer, head: layer}, queries: all, keys: all},
        ...{rowCount: 512, columnCount: 512},
      })
      // Each row sums to 1, so that some cell of the first row is the whole of it.
      if (!(Math.abs(tile.maximum - 1) < 1e-3)) throw new Error(`layer ${layer} has no full row`)
    }
    return how
  })
  const limit = ROOM * (plain.megabytes + BUDGET_BYTES / 1e6)
  return [
    {
      ...{bench: 'attention-memory', unit: 'MB'},
      what: `${TOKENS} tokens, 12 × 12 heads of 64, captures in ${BUDGET_BYTES / 1e6} MB: ${captured.result}; bare: a plain run`,
      ours: captured.megabytes,
      bare: plain.megabytes,
      ratio: captured.megabytes / plain.megabytes,
      goal: `at most 1.2 × (bare + ${BUDGET_BYTES / 1e6} MB) = ${Math.round(limit)} MB`,
      isMet: captured.megabytes <= limit,
    },
  ]
}
