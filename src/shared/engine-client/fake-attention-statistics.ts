import type {
  HeadStatistics,
  HeadsEvent,
  Importance,
  ImportanceEvent,
  ImportanceRequest,
  ProbeEvent,
  ProbeRequest,
  PruneEvent,
  PruneRequest,
  SimilarHeadsEvent,
} from '../lenses/attention-maps.ts'
import {fakeLayers} from './fake-attention-maps.ts'
import {FAKE_MODEL} from './fake-model.ts'

type Pause = (signal: AbortSignal) => Promise<void>

/** Statistics of every head, which are all alike. */
export async function* runFakeHeads(
  {ids, layers}: {ids: Int32Array; layers?: readonly number[] | undefined},
  pause: Pause,
  signal: AbortSignal
): AsyncGenerator<HeadsEvent, void, undefined> {
  const all = fakeLayers(layers)
  for (const [done, layer] of all.entries()) {
    await pause(signal)
    yield {kind: 'progress', done, total: all.length, secondsLeft: null}
    yield {kind: 'heads', heads: headsOfLayer(ids, layer)}
  }
}

/** Heads that look at everything alike are named nothing, but for two that are pretended to be. */
export async function* runFakeProbe(
  {length, repeats, seeds}: ProbeRequest,
  pause: Pause,
  signal: AbortSignal
): AsyncGenerator<ProbeEvent, void, undefined> {
  for (let done = 0; done < seeds; done++) {
    await pause(signal)
    yield {kind: 'progress', done, total: seeds, secondsLeft: null}
  }
  const ids = Int32Array.from({length: 1 + length * repeats}, (_, i) =>
    i === 0 ? 0 : 8 + ((i - 1) % length)
  )
  const heads = fakeLayers(undefined).flatMap((layer) => headsOfLayer(ids, layer))
  yield {
    kind: 'probed',
    heads: heads.map((head) => {
      if (head.layer === 1 && head.head === 2) {
        return {...head, previousTokenScore: 0.97, names: ['previous-token']}
      }
      if (head.layer === 3 && head.head === 5) {
        return {...head, inductionScore: 0.91, names: ['induction']}
      }
      return {...head, names: []}
    }),
  }
}

/** Importance of the tokens of a text in which every query looks at all keys alike. */
export async function* runFakeImportance(
  request: ImportanceRequest,
  pause: Pause,
  signal: AbortSignal
): AsyncGenerator<ImportanceEvent, void, undefined> {
  await pause(signal)
  yield {kind: 'progress', done: 0, total: 1, secondsLeft: null}
  yield {kind: 'importance', importance: importanceOf(request)}
}

function importanceOf({ids, method, variant, query}: ImportanceRequest): Importance {
  const count = ids.length
  if (method !== 'wpr') {
    const from = query ?? count - 1
    const values = Float64Array.from({length: count}, (_, i) => (i <= from ? 1 / (from + 1) : 0))
    const firstTokenShare = values[0] ?? 0
    return {
      ...{method, variant: null, query: from, values, firstTokenShare},
      ...{hollowPositions: [], warnings: []},
    }
  }
  const isCorrected = variant === 'position-corrected'
  const isDropped = isCorrected || variant === 'drop-sink'
  // Uniform attention is what position alone gives.
  const values = Float64Array.from({length: count}, (_, i) =>
    isDropped && i === 0 ? Number.NaN : 1
  )
  const hollowPositions = isCorrected ? [count - 3, count - 2, count - 1].filter((i) => i > 0) : []
  return {
    ...{method, variant, query: null, values, hollowPositions},
    ...{firstTokenShare: 1 / Math.max(1, isDropped ? count - 1 : count), warnings: []},
  }
}

/** All other heads are exactly like it. */
export async function* runFakeSimilarHeads(
  {of}: {of: {layer: number; head: number}},
  pause: Pause,
  signal: AbortSignal
): AsyncGenerator<SimilarHeadsEvent, void, undefined> {
  await pause(signal)
  yield {kind: 'progress', done: 0, total: 1, secondsLeft: null}
  const heads = fakeLayers(undefined).flatMap((layer) =>
    headNumbers().map((head) => ({layer, head, similarity: 1}))
  )
  yield {
    kind: 'similar',
    heads: heads.filter(({layer, head}) => layer !== of.layer || head !== of.head),
  }
}

/** Of tokens that are all worth the same the earliest stay. */
export async function* runFakePrune(
  {ids, keepCount}: PruneRequest,
  pause: Pause,
  signal: AbortSignal
): AsyncGenerator<PruneEvent, void, undefined> {
  await pause(signal)
  yield {kind: 'progress', done: 0, total: 1, secondsLeft: null}
  const positions = Int32Array.from(ids.keys())
  yield {
    kind: 'pruned',
    kept: positions.slice(0, keepCount),
    droppedByImportance: positions.slice(keepCount),
    droppedBySimilarity: new Int32Array(0),
  }
}

function headNumbers(): number[] {
  return Array.from({length: FAKE_MODEL.queryHeadCount}, (_, head) => head)
}

function headsOfLayer(ids: Int32Array, layer: number): HeadStatistics[] {
  const statistics = uniformStatistics(ids)
  return headNumbers().map((head) => ({layer, head, ...statistics}))
}

/** Statistics of uniform causal attention (definitions: heads), whose scores are those of chance. */
function uniformStatistics(ids: Int32Array): Omit<HeadStatistics, 'layer' | 'head'> {
  const [entropies, distances, withoutSink, first, previous, duplicate, induction]: number[][] = [
    ...[[], [], [], [], [], [], []],
  ]
  for (let i = 1; i < ids.length; i++) {
    const seenCount = i + 1
    entropies!.push(Math.log2(seenCount))
    distances!.push(i / 2)
    withoutSink!.push((i - 1) / 2)
    first!.push(1 / seenCount)
    if (i >= 2) previous!.push(1 / seenCount)
    let duplicateCount = 0
    let inductionCount = 0
    for (let j = 1; j < i; j++) {
      if (ids[j] === ids[i]) duplicateCount++
      if (j < i - 1 && j >= 2 && ids[j - 1] === ids[i]) inductionCount++
    }
    if (duplicateCount > 0) duplicate!.push(duplicateCount / seenCount)
    if (inductionCount > 0) induction!.push(inductionCount / seenCount)
  }
  const scores = {
    previousTokenScore: mean(previous!),
    firstTokenScore: mean(first!),
    duplicateTokenScore: mean(duplicate!),
    inductionScore: mean(induction!),
  }
  return {
    entropyBits: mean(entropies!),
    normalizedEntropy: ids.length > 1 ? 1 : null,
    meanDistance: mean(distances!),
    meanDistanceWithoutSink: mean(withoutSink!),
    ...scores,
    chance: scores,
    positionCounts: {
      rows: entropies!.length,
      previousTokenScore: previous!.length,
      firstTokenScore: first!.length,
      duplicateTokenScore: duplicate!.length,
      inductionScore: induction!.length,
    },
    nowhereShare: null,
    nonFiniteCount: 0,
  }
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
