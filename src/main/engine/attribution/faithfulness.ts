import type {Faithfulness} from '../../../shared/lenses/attribute-row.ts'
import {seedOfRow} from '../../../shared/lenses/row-seed.ts'
import {createSeededRandom, type SeededRandom} from '../../../shared/math/seeded-random.ts'
import {permutation} from './baselines.ts'
import {
  hellingerDistance,
  keptElements,
  randomScores,
  type SoftMetric,
  softComprehensiveness,
  softSufficiency,
} from './soft-metrics.ts'

/** A text whose embeddings can be perturbed. */
export interface PerturbedText {
  readonly tokenCount: number
  readonly hiddenSize: number
  /** Positions that were scored, and their shares, which sum to 1. */
  readonly positions: readonly number[]
  readonly shares: Float64Array
  /** Inserted and special tokens of the context, which have no share. */
  readonly specialPositions: readonly number[]
  /** For each set of factors [position, element]: a distribution for each token of the target. */
  readonly distributionsOf: (
    factors: readonly Float32Array[]
  ) => Promise<readonly (readonly Float64Array[])[]>
}

const METRICS = ['soft-ns', 'soft-nc'] as const
const FORMS = ['paper', 'released'] as const
/** Whose scores a draw perturbs by: the method's, chance's, and the method's at other positions. */
const SOURCES = ['own', 'random', 'permuted'] as const
type Values = Record<(typeof METRICS)[number], Record<(typeof FORMS)[number], number[]>>

/**
 * Soft-NS and Soft-NC of some shares in both forms, without and with special tokens perturbed, each over `draws`
 * perturbations, beside those of chance. Says after each draw how many are done.
 */
export async function* measureFaithfulness(
  text: PerturbedText,
  {draws, seed}: {draws: number; seed: number},
  signal?: AbortSignal
): AsyncGenerator<number, Faithfulness[], undefined> {
  const results: Faithfulness[] = []
  const choices = text.specialPositions.length > 0 ? [false, true] : [false]
  for (const [at, specialsPerturbed] of choices.entries()) {
    const perturbation = new Perturbation(text, specialsPerturbed, seed)
    await perturbation.start()
    for (let draw = 0; draw < draws; draw++) {
      signal?.throwIfAborted()
      await perturbation.draw()
      yield at * draws + draw + 1
    }
    results.push(...perturbation.results())
  }
  return results
}

/** How many draws `measureFaithfulness` makes in all. */
export function faithfulnessDrawCount(
  {specialPositions}: Pick<PerturbedText, 'specialPositions'>,
  draws: number
): number {
  return specialPositions.length > 0 ? 2 * draws : draws
}

class Perturbation {
  private readonly positions: readonly number[]
  private readonly shares: Float64Array
  private readonly random: SeededRandom
  private readonly values = new Map(SOURCES.map((source) => [source, emptyValues()]))
  private original: readonly Float64Array[] = []
  /** H between the original and all-zero embeddings, for each token of the target. */
  private zeroDistances: readonly number[] = []

  constructor(
    private readonly text: PerturbedText,
    private readonly specialsPerturbed: boolean,
    seed: number
  ) {
    const specials = specialsPerturbed ? text.specialPositions : []
    this.positions = [...text.positions, ...specials]
    this.shares = Float64Array.from([...text.shares, ...specials.map(() => 0)])
    this.random = createSeededRandom(
      seedOfRow(seed, `faithfulness ${specialsPerturbed ? 'with' : 'without'} specials`)
    )
  }

  async start(): Promise<void> {
    const {text, shares} = this
    const whole = this.kept(shares.map(() => 1))
    const [original, zeros] = await text.distributionsOf([whole, this.kept(shares.map(() => 0))])
    this.original = original!
    this.zeroDistances = this.distances(zeros!)
  }

  async draw(): Promise<void> {
    const {shares, random} = this
    const order = permutation(shares.length, () => random.nextUnit())
    const scores = {
      own: shares,
      random: randomScores(shares.length, random),
      permuted: shares.map((_, i) => shares[order[i]!]!),
    }
    // What is sufficient is kept with its share, what is comprehensive is lost with it.
    const factors = SOURCES.flatMap((source) => [
      this.kept(scores[source]),
      this.kept(scores[source].map((share) => 1 - share)),
    ])
    const distributions = await this.text.distributionsOf(factors)
    for (const [i, source] of SOURCES.entries()) {
      const values = this.values.get(source)!
      const sufficient = this.metric(distributions[2 * i]!, softSufficiency)
      const comprehensive = this.metric(distributions[2 * i + 1]!, softComprehensiveness)
      for (const form of FORMS) {
        values['soft-ns'][form].push(sufficient[form])
        values['soft-nc'][form].push(comprehensive[form])
      }
    }
  }

  results(): Faithfulness[] {
    return METRICS.flatMap((metric) =>
      FORMS.map((form): Faithfulness => {
        const [own, random, permuted] = SOURCES.map(
          (source) => this.values.get(source)![metric][form]
        ) as [number[], number[], number[]]
        return {
          ...{metric, form, value: meanOf(own), draws: own.length},
          standardError: standardErrorOf(own),
          logRatioToRandom: logRatio(meanOf(own), meanOf(random)),
          logRatioToPermuted: logRatio(meanOf(own), meanOf(permuted)),
          specialsPerturbed: this.specialsPerturbed,
        }
      })
    )
  }

  private kept(keepProbs: Float64Array): Float32Array {
    return keptElements(keepProbs, this.positions, this.text, this.random)
  }

  private distances(distributions: readonly Float64Array[]): number[] {
    return this.original.map((original, i) => hellingerDistance(original, distributions[i]!))
  }

  /** Mean over the tokens of the target. */
  private metric(
    distributions: readonly Float64Array[],
    metricOf: (distance: number, zeroDistance: number) => SoftMetric
  ): SoftMetric {
    const all = this.distances(distributions).map((distance, i) =>
      metricOf(distance, this.zeroDistances[i]!)
    )
    return {
      paper: meanOf(all.map(({paper}) => paper)),
      released: meanOf(all.map(({released}) => released)),
    }
  }
}

function emptyValues(): Values {
  return {
    'soft-ns': {paper: [], released: []},
    'soft-nc': {paper: [], released: []},
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Of the mean of independent draws. */
function standardErrorOf(values: readonly number[]): number | null {
  if (values.length < 2) return null
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1) / values.length)
}

function logRatio(value: number, chance: number): number | null {
  return value > 0 && chance > 0 ? Math.log(value / chance) : null
}
