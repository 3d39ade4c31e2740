import type {Sampling, StopReason} from '../../../shared/lenses/tokens.ts'
import {drawToken} from '../../../shared/math/sample.ts'
import {createSeededRandom, type SeededRandom} from '../../../shared/math/seeded-random.ts'
import type {BranchingModel} from './branching-model.ts'

/** Beside any other its exponential is 0. */
const FORBIDDEN_LOGIT = -1e30

/** Where a sampled completion begins. */
export interface RolloutStart {
  /** Tokens after the branching model's prompt; the completion follows them. */
  readonly path: readonly number[]
  /** Of its own stream of numbers: with the same seed it is the same completion whatever else is sampled. */
  readonly seed: number
  /**
   * A token that the completion may not begin with: its first is drawn from what is left of the model's own
   * distribution, at temperature 1 and without top-p.
   */
  readonly forbiddenId?: number
}

export interface RolloutOptions extends Sampling {
  readonly maxNewTokens: number
  readonly stopIds: readonly number[]
  /** Tokens that the context has for a path and its completion together. */
  readonly roomCount: number
  /** Completions that are sampled side by side. */
  readonly width: number
}

/** A completion that was sampled. */
export interface Rollout {
  /** Of its start among those that were given. */
  readonly index: number
  /** The stop id among them where it ended by one. */
  readonly ids: readonly number[]
  readonly stopReason: StopReason
}

interface Live {
  readonly index: number
  readonly start: RolloutStart
  readonly random: SeededRandom
  readonly path: number[]
  readonly firstCount: number
}

/**
 * Samples completions, `width` at a time, as branches of one prompt: what they share is computed once. Each has a
 * stream of numbers of its own, so that neither the width nor the others change it. They are given as they end,
 * which is not in the order of their starts.
 */
export async function* rollOut(
  model: BranchingModel,
  starts: readonly RolloutStart[],
  options: RolloutOptions
): AsyncGenerator<Rollout, void, undefined> {
  for (let first = 0; first < starts.length; first += options.width) {
    const wave = starts.slice(first, first + options.width).map(
      (start, i): Live => ({
        ...{index: first + i, start, random: createSeededRandom(start.seed)},
        ...{path: [...start.path], firstCount: start.path.length},
      })
    )
    // Rows of completions that have ended would be carried along.
    model.retain(sharedPath(wave))
    yield* rollOutWave(model, wave, options)
  }
}

async function* rollOutWave(
  model: BranchingModel,
  wave: readonly Live[],
  options: RolloutOptions
): AsyncGenerator<Rollout, void, undefined> {
  const stops = new Set(options.stopIds)
  let live = wave
  /** Those that wait for the others to end. */
  const parked: Live[][] = []
  while (live.length > 0) {
    const ended: Rollout[] = []
    const going: Live[] = []
    for (const one of live) {
      const stopReason = stopOf(one, options, stops)
      if (stopReason)
        ended.push({index: one.index, ids: one.path.slice(one.firstCount), stopReason})
      else going.push(one)
    }
    yield* ended
    live = going
    if (live.length === 0) {
      live = parked.pop() ?? []
      continue
    }
    // Side by side they have to find room in one sequence.
    while (live.length > 1 && placesOf(live) > options.roomCount) {
      const half = live.length >> 1
      parked.push(live.slice(half))
      live = live.slice(0, half)
    }
    // Texts that are the same so far are asked for once.
    const texts = new Map(live.map((one) => [one.path.join(), one.path]))
    const rows = await model.logitsAfter([...texts.values()])
    const rowOf = new Map([...texts.keys()].map((key, i) => [key, rows[i]!]))
    for (const one of live) {
      const row = rowOf.get(one.path.join())!
      one.path.push(drawNext(one, row, options))
    }
  }
}

function stopOf(
  {path, firstCount}: Live,
  {maxNewTokens, roomCount}: RolloutOptions,
  stops: ReadonlySet<number>
): StopReason | null {
  const count = path.length - firstCount
  if (count > 0 && stops.has(path.at(-1)!)) return 'stop-id'
  if (count >= maxNewTokens) return 'count'
  return path.length >= roomCount ? 'context-full' : null
}

function drawNext(
  {start, random, path, firstCount}: Live,
  row: Float32Array,
  law: Sampling
): number {
  const {forbiddenId} = start
  if (forbiddenId === undefined || path.length > firstCount) return drawToken(row, law, random)
  const left = row.slice()
  left[forbiddenId] = FORBIDDEN_LOGIT
  return drawToken(left, {temperature: 1, topP: 1}, random)
}

/** Places that some texts and their next tokens take at most, where each has its own after what all share. */
function placesOf(live: readonly Live[]): number {
  const shared = sharedPath(live).length
  return live.reduce((sum, {path}) => sum + path.length + 1 - shared, shared)
}

function sharedPath(wave: readonly Live[]): number[] {
  const [first, ...others] = wave.map(({path}) => path)
  if (!first) return []
  let count = first.length
  for (const other of others) {
    let same = 0
    while (same < count && first[same] === other[same]) same++
    count = same
  }
  return first.slice(0, count)
}
