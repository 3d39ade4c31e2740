import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, it} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {
  type HeadStatistics,
  headStatisticsSchema,
  headsRequestSchema,
  type Importance,
  type ImportanceRequestInput,
  importanceRequestSchema,
  type ProbedHead,
  type ProbeRequestInput,
  probedHeadSchema,
  probeRequestSchema,
  similarHeadsRequestSchema,
} from '../../../shared/lenses/attention-maps.ts'
import {smallestCut} from '../../../shared/math/attention/test-matrices.ts'
import {runHeads} from './attention-heads.ts'
import {runImportance} from './attention-importance.ts'
import {runProbe} from './attention-probe.ts'
import {runSimilarHeads} from './attention-similar.ts'
import {archiveOf, arrayOf, attentionContext, FIXTURES} from './test-attention.ts'
import {writeFamilyFolder} from './test-family-folder.ts'

const MICRO_BASE = join(FIXTURES, '../assets/models/micro-base')
const KV = 'tiny-decoder-kv'
const PROMPT = 'The queen walks to the river. The queen walks'
const [LAYERS, HEADS] = [2, 4]

const context = attentionContext({chunkLength: 7})
const folder = mkdtempSync(join(tmpdir(), 'attention-statistics-'))
afterAll(async () => {
  await context.close()
  rmSync(folder, {recursive: true})
})

interface Weights {
  readonly ids: Int32Array<ArrayBuffer>
  readonly n: number
  /** [layer][head] of [query, key]. */
  readonly heads: readonly (readonly Float32Array[])[]
}

/** Every weight of a text, from the archive that its numbers are written to. */
async function weightsOf(model: string, prompt = PROMPT): Promise<Weights> {
  const archive = await archiveOf(context, {model, prompt})
  const {shape, values} = arrayOf(archive, 'weights')
  const ids = Int32Array.from(arrayOf(archive, 'tokenIds').values)
  const [layerCount, headCount, n] = shape as [number, number, number, number]
  const heads = Array.from({length: layerCount}, (_, layer) =>
    Array.from({length: headCount}, (_, head) => {
      const start = (layer * headCount + head) * n * n
      return (values as Float32Array).slice(start, start + n * n)
    })
  )
  return {ids, n, heads}
}

async function headsOf(model: string, ids: Int32Array<ArrayBuffer>): Promise<HeadStatistics[]> {
  const heads: HeadStatistics[] = []
  for await (const event of runHeads(context, headsRequestSchema.parse({model, ids}))) {
    if (event.kind === 'heads') heads.push(...event.heads)
  }
  return heads.map((head) => headStatisticsSchema.parse(head))
}

async function importanceOf(request: ImportanceRequestInput): Promise<Importance> {
  let importance: Importance | null = null
  for await (const event of runImportance(context, importanceRequestSchema.parse(request))) {
    if (event.kind === 'importance') importance = event.importance
  }
  return importance!
}

async function probe(request: ProbeRequestInput): Promise<ProbedHead[]> {
  let heads: readonly ProbedHead[] = []
  for await (const event of runProbe(context, probeRequestSchema.parse(request))) {
    if (event.kind === 'probed') heads = event.heads
  }
  return heads.map((head) => probedHeadSchema.parse(head))
}

async function problemOf(work: Promise<unknown>) {
  const error = await work.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught
  )
  if (error instanceof ProblemError) return error.problem
  throw error
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
const from = (start: number, end: number) => Array.from({length: end - start}, (_, i) => start + i)

describe('statistics of the heads of a text', () => {
  it.each([KV, 'tiny-decoder-plain'])('%s: are those of its weights', async (model) => {
    const {ids, n, heads} = await weightsOf(model)
    const found = await headsOf(model, ids)
    expect(found.map(({layer, head}) => [layer, head])).toEqual(
      from(0, LAYERS).flatMap((layer) => from(0, HEADS).map((head) => [layer, head]))
    )
    for (const one of found) {
      const A = heads[one.layer]![one.head]!
      const a = (i: number, j: number) => A[i * n + j]!
      const rows = from(1, n)
      expect(one.firstTokenScore).toBeCloseTo(mean(rows.map((i) => a(i, 0))), 6)
      // A begin token stands first, so the second looks back at nothing of the text.
      expect(one.previousTokenScore).toBeCloseTo(mean(from(2, n).map((i) => a(i, i - 1))), 6)
      expect(one.meanDistance).toBeCloseTo(
        mean(rows.map((i) => from(0, i + 1).reduce((sum, j) => sum + a(i, j) * (i - j), 0))),
        5
      )
      expect(one.entropyBits).toBeCloseTo(
        mean(
          rows.map((i) => -from(0, i + 1).reduce((s, j) => s + a(i, j) * Math.log2(a(i, j)), 0))
        ),
        5
      )
      const again = from(1, n).filter((i) => ids.subarray(1, i).includes(ids[i]!))
      expect(one.positionCounts.duplicateTokenScore).toBe(again.length)
      expect(one.duplicateTokenScore).toBeCloseTo(
        mean(
          again.map((i) =>
            from(1, i).reduce((sum, j) => sum + (ids[j] === ids[i] ? a(i, j) : 0), 0)
          )
        ),
        6
      )
      expect(one.chance.firstTokenScore).toBeCloseTo(mean(rows.map((i) => 1 / (i + 1))), 9)
      expect(one.nowhereShare).toBeNull()
    }
  })

  it('an encoder looks both ways, and uniform attention is over the whole text', async () => {
    const {ids, n, heads} = await weightsOf('tiny-encoder', 'The queen walks')
    const [found] = await headsOf('tiny-encoder', ids)
    const A = heads[0]![0]!
    expect(found!.chance.firstTokenScore).toBeCloseTo(1 / n, 9)
    expect(found!.meanDistance).toBeCloseTo(
      mean(
        from(1, n).map((i) => from(0, n).reduce((s, j) => s + A[i * n + j]! * Math.abs(i - j), 0))
      ),
      5
    )
  })

  it('a window bounds what chance is over, by the mask of the graph', async () => {
    const model = await writeFamilyFolder(folder, {
      ...({family: 'gemma2', style: 'eager', dtype: 'float32', cache: 'past'} as const),
    })
    const ids = Int32Array.from({length: 14}, (_, i) => (5 * i) % 90)
    const found = await headsOf(model, ids)
    const {n, heads} = await weightsOf(model, [...ids].map((id) => `w${id}`).join(' '))
    const chances = new Set<string>()
    for (const {layer, head, chance} of found) {
      const A = heads[layer]![head]!
      const seenCount = (i: number) => from(0, n).filter((j) => A[i * n + j]! > 0).length
      expect(chance.previousTokenScore).toBeCloseTo(
        mean(from(1, n).map((i) => 1 / seenCount(i))),
        9
      )
      chances.add(chance.previousTokenScore!.toFixed(6))
    }
    // Layers with and without a window.
    expect(chances.size).toBe(2)
  })

  it('by captured weights they are the same', async () => {
    const {ids} = await weightsOf(KV)
    const byKeys = await headsOf(KV, ids)
    const byWeights: HeadStatistics[] = []
    const request = headsRequestSchema.parse({model: KV, ids, capture: 'weights', layers: [1]})
    for await (const event of runHeads(context, request)) {
      if (event.kind === 'heads') byWeights.push(...event.heads)
    }
    expect(byWeights).toHaveLength(HEADS)
    for (const one of byWeights) {
      const other = byKeys.find(({layer, head}) => layer === one.layer && head === one.head)!
      expect(one.inductionScore).toBeCloseTo(other.inductionScore!, 5)
      expect(one.normalizedEntropy).toBeCloseTo(other.normalizedEntropy!, 5)
      expect(one.chance).toEqual(other.chance)
    }
  })

  it('says how far it is, and stops when told', async () => {
    const {ids} = await weightsOf(KV)
    const controller = new AbortController()
    const stream = runHeads(context, headsRequestSchema.parse({model: KV, ids}), controller.signal)
    const kinds: string[] = []
    const reading = (async () => {
      for await (const event of stream) {
        kinds.push(event.kind)
        if (event.kind === 'heads') controller.abort(new DOMException('enough', 'AbortError'))
      }
    })()
    await expect(reading).rejects.toThrow('enough')
    expect(kinds.filter((kind) => kind === 'heads')).toHaveLength(1)
    expect(kinds).toContain('progress')
  })
})

describe('the random-repeat probe', () => {
  it('names the heads of micro-base that its card names, with the card’s scores', async () => {
    const card = readFileSync(join(MICRO_BASE, 'README.md'), 'utf8').replaceAll('\n', ' ')
    const named = (score: string) => {
      const match = new RegExp(
        `best ${score} score L(\\d+)\\.H(\\d+) ([.\\d]+) \\(chance ([.\\d]+)`
      )
      return match.exec(card)!.slice(1, 5).map(Number) as [number, number, number, number]
    }
    const heads = await probe({model: MICRO_BASE})
    expect(heads).toHaveLength(24)
    for (const [name, key, words] of [
      ['induction', 'inductionScore', 'induction'],
      ['previous-token', 'previousTokenScore', 'previous-token'],
    ] as const) {
      const [layer, head, score, chance] = named(words)
      const best = heads.reduce((a, b) => ((b[key] ?? 0) > (a[key] ?? 0) ? b : a))
      expect([best.layer, best.head]).toEqual([layer, head])
      expect(best.names).toContain(name)
      // Other random tokens than the card's.
      expect(best[key]).toBeGreaterThan(score - 0.05)
      expect(best.chance[key]).toBeCloseTo(chance, 1)
    }
    const [first] = heads
    expect(first!.positionCounts).toMatchObject({inductionScore: 5 * 50, rows: 5 * 100})
  }, 60_000)

  it('gives no names on fewer seeds, and keeps nothing of its texts', async () => {
    const before = context.budget.usedBytes
    const heads = await probe({model: KV, length: 12, seeds: 2})
    expect(heads).toHaveLength(LAYERS * HEADS)
    expect(heads.every(({names}) => names.length === 0)).toBe(true)
    // The cache of the text before is gone with its session's use.
    expect(context.budget.usedBytes).toBeLessThanOrEqual(before)
    // Twelve tokens twice: each of the second copy is eligible, for both seeds.
    expect(heads[0]!.positionCounts.inductionScore).toBe(24)
    // A random small model has no such head.
    const named = await probe({model: KV, length: 12})
    expect(named.flatMap(({names}) => names).includes('induction')).toBe(false)
  })

  it('is refused where the model has no room for it', async () => {
    const many = await problemOf(probe({model: KV, length: 2000}))
    expect(many).toMatchObject({code: 'vocabulary-too-small', field: 'length'})
    expect((await problemOf(probe({model: KV, length: 100, repeats: 16}))).code).toBe(
      'probe-too-long'
    )
  })
})

describe('importance over the attention graph', () => {
  it('position-corrected: column sums without token 0, over what position alone gives', async () => {
    const {ids, n, heads} = await weightsOf(KV)
    const found = await importanceOf({model: KV, ids})
    const columnSums = (at: (i: number, j: number) => number) =>
      from(0, n).map((j) =>
        from(1, n).reduce((sum, i) => {
          const row = from(1, n).reduce((total, k) => total + at(i, k), 0)
          return sum + (j === 0 ? 0 : at(i, j) / row)
        }, 0)
      )
    const uniform = columnSums((i, j) => (j <= i ? 1 : 0))
    const layers = heads.map((layer) => {
      const scores = layer.map((A) => columnSums((i, j) => A[i * n + j]!))
      return from(0, n).map((j) => Math.sqrt(mean(scores.map((one) => one[j]! ** 2))))
    })
    expect(found.values[0]).toBeNaN()
    for (let j = 1; j < n; j++) {
      expect(found.values[j]).toBeCloseTo(mean(layers.map((one) => one[j]! / uniform[j]!)), 5)
    }
    expect(found.hollowPositions).toEqual([n - 3, n - 2, n - 1])
    expect(found).toMatchObject({method: 'wpr', variant: 'position-corrected', query: null})
    const kept = [...found.values].slice(1)
    expect(found.firstTokenShare).toBeCloseTo(kept[0]! / (mean(kept) * (n - 1)), 9)
    expect(found.warnings).toEqual([])
  })

  it('plain: everyone votes 50 rounds in the first layer and once in the last, and position wins', async () => {
    const {ids, n, heads} = await weightsOf(KV)
    const found = await importanceOf({model: KV, ids, variant: 'plain'})
    // Thirds of two layers: the first, and the middle one.
    const rounds = [50, 10]
    const layers = heads.map((layer, at) => {
      const scores = layer.map((A) => {
        let s: number[] = Array(n).fill(1)
        for (let round = 0; round < rounds[at]!; round++) {
          s = s.map((_, j) => from(0, n).reduce((sum, i) => sum + A[i * n + j]! * s[i]!, 0))
        }
        return s
      })
      return from(0, n).map((j) => Math.sqrt(mean(scores.map((one) => one[j]! ** 2))))
    })
    for (let j = 0; j < n; j++) {
      expect(found.values[j]).toBeCloseTo(mean(layers.map((one) => one[j]!)), 3)
    }
    expect(found.warnings.map(({code}) => code)).toEqual([
      'dominated-by-position',
      'first-token-dominates',
    ])
    expect(found.firstTokenShare).toBeGreaterThan(0.5)
  })

  it('rollout and flow of one query', async () => {
    const {ids, n, heads} = await weightsOf(KV)
    const mixed = heads.map((layer) =>
      Float64Array.from({length: n * n}, (_, at) => {
        const isOwn = Math.floor(at / n) === at % n
        return mean(layer.map((A) => A[at]!)) / 2 + (isOwn ? 0.5 : 0)
      })
    )
    for (const query of [3, n - 1]) {
      const rollout = await importanceOf({model: KV, ids, method: 'attention-rollout', query})
      for (let j = 0; j < n; j++) {
        const expected = from(0, n).reduce(
          (sum, k) => sum + mixed[1]![query * n + k]! * mixed[0]![k * n + j]!,
          0
        )
        expect(rollout.values[j]).toBeCloseTo(expected, 6)
      }
      expect(rollout).toMatchObject({variant: null, query, method: 'attention-rollout'})
      expect(rollout.firstTokenShare).toBeCloseTo(rollout.values[0]!, 9)
    }
    // Four tokens in two layers: every cut can be tried.
    const small = mixed.map((layer) =>
      Float64Array.from({length: 16}, (_, at) => layer[Math.floor(at / 4) * n + (at % 4)]!)
    )
    const cuts = from(0, 4).map((sink) => smallestCut(small, 4, 3, sink))
    const flow = await importanceOf({model: KV, ids, method: 'attention-flow', query: 3})
    for (let j = 0; j < n; j++) {
      expect(flow.values[j]).toBeCloseTo((cuts[j] ?? 0) / (mean(cuts) * 4), 6)
    }
    const last = await importanceOf({model: KV, ids, method: 'attention-flow'})
    expect(last.query).toBe(n - 1)
    expect(last.values.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
  })

  it('is refused by name', async () => {
    const {ids} = await weightsOf(KV)
    expect((await problemOf(importanceOf({model: KV, ids, query: 999}))).code).toBe(
      'selection-out-of-range'
    )
    const one = importanceOf({model: KV, ids: ids.slice(0, 1)})
    expect((await problemOf(one)).code).toBe('text-too-short')
    const long = Int32Array.from({length: 600}, (_, i) => 3 + (i % 50))
    const tooLong = problemOf(
      importanceOf({model: MICRO_BASE, ids: long, method: 'attention-flow'})
    )
    expect(await tooLong).toMatchObject({code: 'flow-too-large', field: 'method'})
  })
})

describe('heads like one', () => {
  it('are those whose rows diverge least, without itself', async () => {
    const {ids, n, heads} = await weightsOf(KV)
    const request = similarHeadsRequestSchema.parse({model: KV, ids, of: {layer: 1, head: 2}})
    let found: readonly {layer: number; head: number; similarity: number}[] = []
    for await (const event of runSimilarHeads(context, request)) {
      if (event.kind === 'similar') found = event.heads
    }
    expect(found).toHaveLength(LAYERS * HEADS - 1)
    const divergence = (p: Float32Array, q: Float32Array, i: number) => {
      const entropy = (at: (j: number) => number) =>
        -from(0, i + 1).reduce((s, j) => s + at(j) * Math.log2(at(j)), 0)
      const [a, b] = [(j: number) => p[i * n + j]!, (j: number) => q[i * n + j]!]
      return entropy((j) => (a(j) + b(j)) / 2) - (entropy(a) + entropy(b)) / 2
    }
    for (const {layer, head, similarity} of found) {
      const expected = mean(
        from(1, n).map((i) => divergence(heads[1]![2]!, heads[layer]![head]!, i))
      )
      expect(similarity).toBeCloseTo(1 - expected, 5)
    }
    const order = found.map(({similarity}) => similarity)
    expect(order).toEqual([...order].sort((a, b) => b - a))
  })

  it('of a head that is not there are refused', async () => {
    const {ids} = await weightsOf(KV)
    for (const of of [
      {layer: 1, head: 9},
      {layer: 7, head: 0},
    ]) {
      const stream = runSimilarHeads(context, similarHeadsRequestSchema.parse({model: KV, ids, of}))
      const problem = await problemOf(
        (async () => {
          for await (const _ of stream);
        })()
      )
      expect(problem.code).toBe('selection-out-of-range')
    }
  })
})
