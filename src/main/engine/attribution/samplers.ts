import {ProblemError} from '../../../shared/domain/problem.ts'
import {expOfNonPositive} from '../../../shared/math/exp.ts'
import type {SeededRandom} from '../../../shared/math/seeded-random.ts'
import type {SingleTokens} from './single-tokens.ts'
import type {ReplacementSampler} from './subject.ts'
import type {WordClasses} from './word-classes.ts'

/** Draws for one position before it is said that there is nothing to be had. */
const MOST_DRAWS = 1000

/** Tokens with their logits, the likeliest first; what is not listed is never drawn. */
export interface Candidates {
  readonly ids: Int32Array
  readonly logits: Float32Array
}

/** Any ordinary token, each as likely, the present one among them (as released). */
export class UniformSampler implements ReplacementSampler {
  redrawnCount = 0

  constructor(private readonly tokens: SingleTokens) {}

  async draw(positions: readonly number[], random: SeededRandom): Promise<readonly number[]> {
    const drawn: number[] = []
    for (const position of positions) drawn.push(await this.drawOne(position, random))
    return drawn
  }

  private async drawOne(position: number, random: SeededRandom): Promise<number> {
    const {tokens} = this
    for (let attempt = 0; attempt < MOST_DRAWS; ) {
      const id = Math.floor(random.nextUnit() * tokens.tokenCount)
      if (tokens.isSpecial(id)) continue
      if (await tokens.has(id)) return id
      this.redrawnCount++
      attempt++
    }
    throw noReplacement('uniform', position)
  }
}

/**
 * A token from a masked model's distribution at the position, without the present one: what would fit there instead.
 * A draw that is no single token is drawn again.
 */
export class DistributionSampler implements ReplacementSampler {
  redrawnCount = 0
  private readonly laws = new Map<number, {ids: number[]; ends: number[]}>()

  constructor(
    private readonly tokens: SingleTokens,
    private readonly ids: Int32Array,
    private readonly candidates: ReadonlyMap<number, Candidates>
  ) {}

  async draw(positions: readonly number[], random: SeededRandom): Promise<readonly number[]> {
    const drawn: number[] = []
    for (const position of positions) drawn.push(await this.drawOne(position, random))
    return drawn
  }

  private async drawOne(position: number, random: SeededRandom): Promise<number> {
    const {ids, ends} = this.lawAt(position)
    for (let attempt = 0; attempt < MOST_DRAWS && ids.length > 0; attempt++) {
      const place = random.nextUnit() * ends.at(-1)!
      const id = ids[firstAbove(ends, place)]!
      if (await this.tokens.has(id)) return id
      this.redrawnCount++
    }
    throw noReplacement('masked model', position)
  }

  /** Running sums of the weights, ascending. */
  private lawAt(position: number): {ids: number[]; ends: number[]} {
    const known = this.laws.get(position)
    if (known) return known
    const {ids, logits} = this.candidates.get(position)!
    const law = {ids: [] as number[], ends: [] as number[]}
    let sum = 0
    for (const [i, id] of ids.entries()) {
      if (id === this.ids[position] || this.tokens.isSpecial(id)) continue
      sum += expOfNonPositive(logits[i]! - logits[0]!)
      law.ids.push(id)
      law.ends.push(sum)
    }
    this.laws.set(position, law)
    return law
  }
}

/** Always the same token at a position: the likeliest of a list that is one; a list may be missing (as released). */
export class FixedSampler implements ReplacementSampler {
  redrawnCount = 0
  private readonly chosen = new Map<number, number>()

  constructor(
    private readonly name: string,
    private readonly tokens: SingleTokens,
    private readonly ids: Int32Array,
    private readonly candidates: ReadonlyMap<number, Candidates>
  ) {}

  async draw(positions: readonly number[]): Promise<readonly number[]> {
    const drawn: number[] = []
    for (const position of positions) drawn.push(await this.tokenAt(position))
    return drawn
  }

  private async tokenAt(position: number): Promise<number> {
    const known = this.chosen.get(position)
    if (known !== undefined) return known
    const chosen = await this.choose(position)
    this.chosen.set(position, chosen)
    return chosen
  }

  private async choose(position: number): Promise<number> {
    const candidates = this.candidates.get(position)
    // Nothing stands before the first position, so it stays.
    if (!candidates) return this.ids[position]!
    for (const id of candidates.ids) {
      if (await this.tokens.has(id)) return id
      this.redrawnCount++
    }
    throw noReplacement(this.name, position)
  }
}

/**
 * Any token of the same part of the speech as the present one, each as likely, that one among them (as released, with
 * another tagger).
 */
export class PartOfSpeechSampler implements ReplacementSampler {
  redrawnCount = 0

  constructor(
    private readonly tokens: SingleTokens,
    private readonly ids: Int32Array,
    private readonly classes: WordClasses
  ) {}

  async draw(positions: readonly number[], random: SeededRandom): Promise<readonly number[]> {
    const drawn: number[] = []
    for (const position of positions) drawn.push(await this.drawOne(position, random))
    return drawn
  }

  private async drawOne(position: number, random: SeededRandom): Promise<number> {
    const {classOfId, idsOfClass} = this.classes
    const ids = idsOfClass.get(classOfId[this.ids[position]!] ?? '') ?? []
    for (let attempt = 0; attempt < MOST_DRAWS && ids.length > 0; attempt++) {
      const id = ids[Math.floor(random.nextUnit() * ids.length)]!
      if (await this.tokens.has(id)) return id
      this.redrawnCount++
    }
    throw noReplacement('part-of-speech', position)
  }
}

/** The first place whose running sum is above a number. */
function firstAbove(ends: readonly number[], value: number): number {
  let low = 0
  let high = ends.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

function noReplacement(sampler: string, position: number): ProblemError {
  return new ProblemError({
    code: 'no-valid-replacement',
    message: 'No replacement was found that is exactly one token of the model.',
    field: `position ${position}`,
    found: `nothing of the ${sampler} sampler that comes back as one token`,
    expected: 'an ordinary token whose text encodes to itself',
    advice: 'Choose another sampler, such as uniform.',
  })
}
