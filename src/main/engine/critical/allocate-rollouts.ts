import {type PrefixSuccess, toleratedCount} from '../../../shared/math/critical/critical-rules.ts'

/** What is known of the prefixes of a response so far, and how more is found out. */
export interface PrefixSampler {
  /** Of a prefix by the position of its last token; no samples where there are none. */
  successOf(position: number): PrefixSuccess
  /** Samples until each prefix has at least so many. */
  ensure(
    wishes: readonly {readonly position: number; readonly sampleCount: number}[]
  ): Promise<void>
}

export interface Allocation {
  /** Positions that may be the critical one, first and last. */
  readonly first: number
  readonly last: number
  /** Samples of a prefix that is looked at closely. */
  readonly sampleCount: number
  /** Successes of 64 that still count as none. */
  readonly tolerance: number
}

/** About so many prefixes are looked at first. */
const COARSE_COUNT = 8
/** Part of the samples that these have. */
const COARSE_SHARE = 1 / 4
/** And part that those have which decide whether a text has recovered. */
const LATER_SHARE = 1 / 2
/** Of the samples that looking at every prefix takes. */
const MOST_SHARE = 1 / 3

/** Every prefix with all samples. */
export function sampleEvery(
  {first, last, sampleCount}: Allocation,
  sampler: PrefixSampler
): Promise<void> {
  const positions = Array.from({length: last - first + 1}, (_, i) => first + i)
  return sampler.ensure(positions.map((position) => ({position, sampleCount})))
}

/**
 * Samples where the critical token is decided: some prefixes with few samples, then by halves towards the first one
 * without success that nothing recovers from, that and its neighbours with all, and those after it with half of
 * them. At most a third of the samples that every prefix would take. Success that goes and comes back within one
 * stride is not seen.
 */
export async function sampleAdaptively(
  allocation: Allocation,
  sampler: PrefixSampler
): Promise<void> {
  const {first, last, sampleCount, tolerance} = allocation
  const count = last - first + 1
  const most = Math.max(sampleCount * 3, Math.floor(count * sampleCount * MOST_SHARE))
  const few = Math.max(1, Math.round(sampleCount * COARSE_SHARE))
  const half = Math.max(1, Math.round(sampleCount * LATER_SHARE))
  const stride = Math.max(1, Math.ceil(count / COARSE_COUNT))
  const coarse = [last]
  for (let position = first; position < last; position += stride) coarse.push(position)

  const all = () => Array.from({length: count}, (_, i) => sampler.successOf(first + i))
  const sampled = () => all().filter((one) => one.sampleCount > 0)
  const usedCount = () => sampled().reduce((sum, one) => sum + one.sampleCount, 0)
  /** False where there was nothing to be done, or no more samples to do it with. */
  const ask = async (positions: readonly number[], wanted: number) => {
    let left = most - usedCount()
    const wishes = positions.flatMap((position) => {
      const missing = wanted - sampler.successOf(position).sampleCount
      if (position < first || position > last || missing <= 0 || missing > left) return []
      left -= missing
      return [{position, sampleCount: wanted}]
    })
    if (wishes.length === 0) return false
    await sampler.ensure(wishes)
    return true
  }
  const isNone = (one: PrefixSuccess) => one.successCount === 0
  const recovers = (one: PrefixSuccess) =>
    one.successCount > toleratedCount(tolerance, one.sampleCount)
  /** Too few of few to tell whether it is more than is tolerated. */
  const isUnsure = (one: PrefixSuccess) =>
    one.successCount > 0 &&
    one.sampleCount < sampleCount &&
    one.successCount <= toleratedCount(tolerance, sampleCount)

  await ask(coarse, few)
  // Each round samples something or ends.
  for (;;) {
    const unsure = sampled().filter(isUnsure)
    const isAsked = await ask(
      unsure.map(({position}) => position),
      sampleCount
    )
    if (isAsked) continue
    const known = sampled()
    const lastRecovery = known.findLast(recovers)?.position ?? first - 1
    const none = known.find((one) => one.position > lastRecovery && isNone(one))
    if (!none) return
    const before = known.findLast(({position}) => position < none.position)?.position ?? first - 1
    if (none.position - before > 1) {
      const middle = Math.floor((before + none.position) / 2)
      if (await ask([middle], few)) continue
    }
    // What it rests on: itself, its neighbours, and what comes after it.
    if (await ask([none.position, none.position - 1, none.position + 1], sampleCount)) continue
    const later = known.filter(({position}) => position > none.position)
    const isLaterAsked = await ask(
      later.map(({position}) => position),
      half
    )
    if (!isLaterAsked) return
  }
}
