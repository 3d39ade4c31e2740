import {afterAll, beforeAll, describe, expect, it} from 'vitest'
import {
  type ExportFacts,
  exportPath,
  listExports,
  readReference,
} from '../../../../fixtures/exports/read-export.ts'
import type {Intervention} from '../../../shared/domain/intervention.ts'
import {float32Of} from '../runtime/tensors.ts'
import {
  openSession,
  runFeeds,
  type TestFeed,
  type TestSession,
} from '../runtime/test-onnxruntime.ts'
import {findStructure} from './find-structure.ts'
import {buildHeadGraph, type HeadGraph} from './head-graph.ts'
import {interventionFeeds} from './intervention-feeds.ts'
import {
  buildInterventionGraph,
  type InterventionGraph,
  type InterventionRequest,
} from './intervention-graph.ts'
import {unmergeDecoder} from './merged-decoder.ts'
import {encodeOverlay} from './overlay.ts'
import {readModelGraph} from './read-model-graph.ts'
import type {ModelGraph, ModelStructure} from './structure.ts'

const EXPORTS = listExports().filter(({output}) => output === 'logits')
const MASKED = 2

/** Every input that an export takes for a text that runs as a whole. */
function feedsOf(
  {model}: ModelGraph,
  facts: ExportFacts,
  ids: readonly number[],
  mask: readonly number[]
): Record<string, TestFeed> {
  const row = (values: readonly number[]): TestFeed => ({
    type: 'int64',
    data: BigInt64Array.from(values, BigInt),
    dimensions: [1, values.length],
  })
  const given: Record<string, TestFeed> = {
    input_ids: row(ids),
    attention_mask: row(mask),
    position_ids: row(ids.map((_, position) => position)),
    token_type_ids: row(ids.map(() => 0)),
    use_cache_branch: {type: 'bool', data: Uint8Array.of(0), dimensions: [1]},
  }
  return Object.fromEntries(
    model.graph.input
      .filter(({name}) => given[name] || name.startsWith('past_key_values'))
      .map(({name, type}) => {
        const size = Number(type?.tensorType?.shape?.dim?.[3]?.dimValue ?? 0)
        const dimensions = [1, facts.keyValueHeadCount, 0, size]
        const isHalf = type?.tensorType?.elemType === 10
        const empty: TestFeed = isHalf
          ? {type: 'float16', data: new Uint16Array(0), dimensions}
          : {type: 'float32', data: new Float32Array(0), dimensions}
        return [name, given[name] ?? empty]
      })
  )
}

function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found).toHaveLength(expected.length)
  const scale = Math.max(...Array.from(expected, Math.abs))
  return Array.from(expected).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - found[i]!) / scale),
    0
  )
}

/** 0 1 2, then from 2 on 3 4, from 1 on 5, and from 5 on 6 7. */
const PARENTS = [-1, 0, 1, 2, 3, 1, 5, 6]
/** As far as any of the windows reaches. */
const SMALL_PARENTS = [-1, 0, 0, 1]

describe.each(EXPORTS.map((facts) => [facts.id, facts] as const))('%s', (_, facts) => {
  const {inputIds, residual} = readReference(facts)
  // Half precision rounds after each operator, and where casts stand changes with what is added.
  const tolerance = facts.dtype === 'float16' ? 1e-2 : 1e-5
  let graph: ModelGraph
  let structure: ModelStructure
  let built: InterventionGraph
  let session: TestSession

  const open = async (request: InterventionRequest) => {
    const edited = buildInterventionGraph(graph, structure, request)
    return {edited, opened: await openSession(encodeOverlay(edited.graph))}
  }
  const runEdited = async (
    [edited, opened]: readonly [InterventionGraph, TestSession],
    intervention: Intervention,
    ids: readonly number[] = inputIds
  ) => {
    const width = residual.shape[2]!
    const {queryHeadCount} = facts
    const layers = structure.layers.map(() => ({queryHeadCount, headSize: width / queryHeadCount}))
    const sized = structure.layers.map(({headSize}, at) => ({
      queryHeadCount,
      headSize: headSize ?? layers[at]!.headSize,
    }))
    const chunk = {pastCount: 0, length: ids.length}
    const outputs = await runFeeds(opened, {
      ...feedsOf(
        edited.graph,
        facts,
        ids,
        ids.map(() => 1)
      ),
      ...interventionFeeds(intervention, edited.inputs, sized, chunk, width),
    })
    return float32Of(outputs[edited.logits]!)
  }
  const run = (intervention: Intervention, ids?: readonly number[]) =>
    runEdited([built, session], intervention, ids)
  const runPlain = async (mask: readonly number[] = inputIds.map(() => 1)) => {
    const plain = await openSession(encodeOverlay(graph))
    const outputs = await runFeeds(plain, feedsOf(graph, facts, inputIds, mask))
    await plain.release()
    return float32Of(outputs.logits!)
  }
  const everyLayer = () => structure.layers.map(({layer}) => layer)
  const rowsOf = (logits: Float32Array, positions: readonly number[]) => {
    const vocabulary = logits.length / inputIds.length
    return positions.flatMap((at) => [...logits.subarray(at * vocabulary, (at + 1) * vocabulary)])
  }

  beforeAll(async () => {
    graph = unmergeDecoder(await readModelGraph(exportPath(facts)))
    structure = findStructure(graph)
    const {edited, opened} = await open({
      sharedBias: true,
      layerBias: everyLayer(),
      allHeadsBias: everyLayer(),
      headGates: everyLayer(),
      embeddingScale: true,
      positionShift: facts.kind === 'decoder',
    })
    built = edited
    session = opened
  })
  afterAll(() => session?.release())

  it('takes every intervention, or names what stands against it', async () => {
    const codes = built.problems.map(({code}) => code)
    const isFused = graph.model.graph.node.some(({opType}) => opType === 'EmbedLayerNormalization')
    expect(codes).toEqual([
      ...(isFused ? ['embeddings-not-scaled'] : []),
      // Its positions are distances (ALiBi).
      ...(facts.family === 'bloom' ? ['positions-not-found'] : []),
    ])
    const bound = facts.dtype === 'float16' ? 1e-2 : 0
    expect(worst(await run({}), await runPlain())).toBeLessThanOrEqual(bound)
  })

  it('masks a token as the model’s own mask does, for all other tokens', async () => {
    if (!structure.inputs.attentionMask) return
    // Models that count positions over the mask move them as well.
    if (facts.family === 'opt' || facts.family === 'roberta' || facts.family === 'bloom') return
    // These only count how many tokens are real.
    if (facts.exporter.startsWith('classic')) return
    const others = inputIds.map((_, at) => at).filter((at) => at !== MASKED)
    const expected = await runPlain(inputIds.map((_, at) => (at === MASKED ? 0 : 1)))
    const logits = await run({maskKeys: [MASKED]})
    const bound = facts.dtype === 'int8' ? 1e-1 : tolerance
    expect(worst(rowsOf(logits, others), rowsOf(expected, others))).toBeLessThan(bound)
    expect(worst(rowsOf(logits, others), rowsOf(await runPlain(), others))).toBeGreaterThan(bound)
  })

  it('gives each token its own answer where all others are cut, masked, or heads are off', async () => {
    const edges = everyLayer().flatMap((layer) =>
      inputIds.flatMap((_, query) =>
        inputIds.flatMap((_, key) =>
          key === query || (facts.kind === 'decoder' && key > query)
            ? []
            : [{layer, head: 'all' as const, query, key}]
        )
      )
    )
    const everyHead = everyLayer().flatMap((layer) =>
      Array.from({length: facts.queryHeadCount}, (_, head) => ({layer, head}))
    )
    const cut = await run({cutEdges: edges})
    const masked = await run({maskKeys: inputIds.map((_, at) => at)})
    expect(worst(cut, masked)).toBeLessThan(tolerance)
    const off = await run({headsOff: everyHead})
    // Bytes of activations are quantized over all tokens, the changed ones too.
    if (facts.dtype === 'int8') return
    const last = inputIds.length - 1
    const other = inputIds.map((id, at) => (at < last ? (id % 50) + 7 : id))
    const alone = (logits: Float32Array) => rowsOf(logits, [last])
    expect(worst(alone(await run({cutEdges: edges}, other)), alone(cut))).toBeLessThan(tolerance)
    expect(worst(alone(await run({headsOff: everyHead}, other)), alone(off))).toBeLessThan(
      tolerance
    )
    expect(worst(alone(await run({}, other)), alone(await run({})))).toBeGreaterThan(tolerance)
  })

  it.runIf(facts.kind === 'decoder' && facts.family !== 'bloom' && facts.dtype !== 'int8')(
    'reads a tree of continuations as its paths',
    async () => {
      const hasWindow = facts.family === 'gemma2' || facts.family === 'mistral'
      const parents = hasWindow ? SMALL_PARENTS : PARENTS
      const ids = inputIds.slice(0, parents.length)
      const logits = await run({treeMask: {parents}}, ids)
      const vocabulary = logits.length / ids.length
      for (const leaf of [hasWindow ? 3 : 4, hasWindow ? 2 : 7]) {
        const path: number[] = []
        for (let at = leaf; at >= 0; at = parents[at]!) path.unshift(at)
        const alone = await run(
          {},
          path.map((at) => ids[at]!)
        )
        const rows = path.flatMap((at) => [
          ...logits.subarray(at * vocabulary, (at + 1) * vocabulary),
        ])
        expect(worst(rows, alone)).toBeLessThan(tolerance)
      }
    }
  )

  it('leaves after a layer with what its head makes of the state there', async () => {
    const {edited, opened} = await open({exitAfterLayer: 0})
    const early = await runEdited([edited, opened], {})
    await opened.release()
    expect(edited.problems).toEqual([])
    expect(edited.graph.model.graph.node.length).toBeLessThan(graph.model.graph.node.length * 0.75)
    const [, positions, width] = residual.shape as [number, number, number]
    const state = residual.values.subarray(positions * width, 2 * positions * width)
    const expected = await runHead(buildHeadGraph(graph, structure) as HeadGraph, state, positions)
    expect(worst(early, expected)).toBeLessThan(Math.max(facts.tolerance.logits, tolerance))
  })
})

async function runHead(head: HeadGraph, state: Float32Array, positions: number) {
  const session = await openSession(encodeOverlay(head.graph))
  const width = state.length / positions
  const dimensions = head.layout === 'flat-hidden' ? [positions, width] : [1, positions, width]
  const others = head.otherInputs.map((name) => {
    const data = new BigInt64Array(positions).fill(1n)
    return [name, {type: 'int64', data, dimensions: [1, positions]}] as const
  })
  const feeds = {[head.residual]: {type: 'float32', data: state, dimensions}}
  const outputs = await runFeeds(session, {...Object.fromEntries(others), ...feeds})
  await session.release()
  return float32Of(outputs[head.logits]!)
}
