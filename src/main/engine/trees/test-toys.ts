import type {DraftStrategy, TreeLaw} from '../../../shared/lenses/tree.ts'
import type {DraftingModel, DraftRunOptions} from './draft-run.ts'
import {runDrafts} from './draft-run.ts'
import type {DraftParameters} from './draft-strategy.ts'
import {type Law, processedLaw} from './law.ts'

/** Target and draft of the one-position enumerations (token-tree methods, test T1). */
export const TOY_TARGET = Float64Array.of(0.4, 0.3, 0.2, 0.1)
export const TOY_DRAFT = Float64Array.of(0.1, 0.2, 0.3, 0.4)

/** Rows of the Markov toys (test T2): what follows each state. */
export const MARKOV_TARGET = [
  [0.4, 0.3, 0.2, 0.1],
  [0.1, 0.6, 0.2, 0.1],
  [0.25, 0.25, 0.25, 0.25],
  [0.05, 0.05, 0.1, 0.8],
]
export const MARKOV_DRAFT = [
  [0.1, 0.2, 0.3, 0.4],
  [0.3, 0.4, 0.2, 0.1],
  [0.4, 0.3, 0.2, 0.1],
  [0.1, 0.1, 0.2, 0.6],
]

export const PLAIN_LAW: TreeLaw = {temperature: 1}

/** A model that knows the last token only; the text before its paths ends with state `start`. */
export function markovModel(
  rows: readonly (readonly number[])[],
  start = 0
): DraftingModel & {callCount: number} {
  const logs = rows.map((row) => Float64Array.from(row, Math.log))
  const model = {
    callCount: 0,
    async logprobsAfter(paths: readonly (readonly number[])[]) {
      model.callCount++
      return paths.map((path) => logs[path.at(-1) ?? start]!)
    },
  }
  return model
}

/** A model whose law depends on the whole path: pseudo-random rows, peaked or flat. */
export function hashedModel(vocabularySize: number, seed: number, sharpness = 2): DraftingModel {
  const rows = new Map<string, Float64Array>()
  const rowOf = (path: readonly number[]) => {
    const key = path.join()
    let row = rows.get(key)
    if (!row) {
      let state = seed
      for (const id of path) state = Math.imul(state ^ (id + 1), 0x9e3779b1) ^ (state >>> 15)
      const weights = Float64Array.from({length: vocabularySize}, (_, id) => {
        let mixed = Math.imul(state ^ Math.imul(id + 1, 0x85ebca6b), 0xc2b2ae35)
        mixed = Math.imul(mixed ^ (mixed >>> 16), 0x27d4eb2f)
        mixed ^= mixed >>> 15
        return Math.exp((sharpness * (mixed >>> 0)) / 2 ** 30)
      })
      const sum = weights.reduce((total, weight) => total + weight, 0)
      row = weights.map((weight) => Math.log(weight / sum))
      rows.set(key, row)
    }
    return row
  }
  return {logprobsAfter: async (paths) => paths.map(rowOf)}
}

const shaped = new WeakMap<Float64Array, Map<number, Law>>()

/** Laws of rows that come again and again, computed once. */
function knownLaw(logprobs: Float64Array, law: TreeLaw): Law {
  let byTemperature = shaped.get(logprobs)
  if (!byTemperature) {
    byTemperature = new Map()
    shaped.set(logprobs, byTemperature)
  }
  const known = byTemperature.get(law.temperature) ?? processedLaw(logprobs, law)
  byTemperature.set(law.temperature, known)
  return known
}

/** A draft run on toys; what it does not say is plain. */
export function toyRun(
  strategy: DraftStrategy,
  parameters: DraftParameters,
  options: Partial<DraftRunOptions> = {}
): DraftRunOptions {
  return {
    ...{strategy, parameters, promptIds: [0], isEnd: () => false, contextLength: 1000},
    ...{target: markovModel(MARKOV_TARGET), draft: markovModel(MARKOV_DRAFT)},
    ...{
      targetLaw: PLAIN_LAW,
      draftLaw: PLAIN_LAW,
      maxNewTokens: 12,
      maxSteps: 3,
      seed: 0,
      lawOf: knownLaw,
    },
    ...options,
  }
}

/** The tokens that a run commits. */
export async function tokensOf(options: DraftRunOptions): Promise<number[]> {
  const ids: number[] = []
  for await (const event of runDrafts(options)) {
    if (event.kind === 'verified') ids.push(...event.ids)
  }
  return ids
}

/** Σ (observed − expected)² / expected over the 64 texts of three tokens. */
export async function chiSquareOfThree(
  runCount: number,
  optionsOf: (seed: number) => DraftRunOptions
): Promise<number> {
  const counts = new Float64Array(64)
  for (let seed = 0; seed < runCount; seed++) {
    const [a, b, c] = await tokensOf(optionsOf(seed))
    counts[16 * a! + 4 * b! + c!]! += 1
  }
  let statistic = 0
  for (let cell = 0; cell < 64; cell++) {
    const [a, b, c] = [cell >> 4, (cell >> 2) & 3, cell & 3]
    const expected =
      runCount * MARKOV_TARGET[0]![a]! * MARKOV_TARGET[a]![b]! * MARKOV_TARGET[b]![c]!
    statistic += (counts[cell]! - expected) ** 2 / expected
  }
  return statistic
}

/** All lists of `length` tokens of a vocabulary. */
export function* tokenLists(vocabularySize: number, length: number): Generator<number[]> {
  if (length === 0) {
    yield []
    return
  }
  for (const rest of tokenLists(vocabularySize, length - 1)) {
    for (let id = 0; id < vocabularySize; id++) yield [...rest, id]
  }
}

export function oneHot(length: number, id: number): Law {
  return Float64Array.from({length}, (_, at) => Number(at === id))
}
