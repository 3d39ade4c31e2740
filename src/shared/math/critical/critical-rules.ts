import {wilsonInterval} from '../wilson.ts'

/** How often completions of one prefix were right. */
export interface PrefixSuccess {
  /** Of the prefix's last token. */
  readonly position: number
  readonly successCount: number
  readonly sampleCount: number
}

/** Samples of which the released rule counts its tolerance. */
const RELEASED_SAMPLE_COUNT = 64
/** What an upper bound after a critical token may be at most: that of no success in 64 is .057. */
const MOST_AFTER = 0.06
/** Completions of a prefix from which on none right among them has so low an upper bound: of 60 it is .0602. */
export const LEAST_COUNT_OF_OURS = 61
/** Of the prompt alone; below it there is nothing to lose. */
const LEAST_PROMPT_SUCCESS = 0.1

/** The most successes of `sampleCount` that still count as none: floor(tolerance · n / 64), as a share. */
export function toleratedCount(tolerance: number, sampleCount: number): number {
  return Math.floor((tolerance * sampleCount) / RELEASED_SAMPLE_COUNT)
}

/** Whether a prompt's own success is enough for a token to be called critical: at least 10 %. */
export function isRecoverable({
  successCount,
  sampleCount,
}: Pick<PrefixSuccess, 'successCount' | 'sampleCount'>): boolean {
  return sampleCount > 0 && successCount / sampleCount >= LEAST_PROMPT_SUCCESS
}

/**
 * The critical token by the rule of the released code (Lin et al. 2025, arXiv 2411.19943): scanned from the
 * shortest prefix, the first without any success is a candidate; a later prefix with more successes than are
 * tolerated discards it, and the next without any is one; where the scan ends without a candidate it is the one that
 * was discarded last. Null where every prefix had a success.
 *
 * @param prefixes in order of their positions; those that were not sampled may be left out.
 * @param tolerance successes of 64, 3 in the paper.
 */
export function releasedCriticalPosition(
  prefixes: readonly PrefixSuccess[],
  tolerance = 3
): number | null {
  let candidate: number | null = null
  let discarded: number | null = null
  for (const {position, successCount, sampleCount} of prefixes) {
    if (candidate !== null && successCount > toleratedCount(tolerance, sampleCount)) {
      discarded = candidate
      candidate = null
    }
    if (candidate === null && sampleCount > 0 && successCount === 0) candidate = position
  }
  return candidate ?? discarded
}

/**
 * The first token at which success drops: the intervals of the prefix before it and of the prefix that it ends do not
 * overlap, and the upper bound of the latter is at most .06. Neighbours both have to be sampled. Prefixes after these two
 * are not looked at: one from which a completion recovers again does not take it back, which is what the released
 * rule is for. With fewer than `LEAST_COUNT_OF_OURS` completions of a prefix there is none.
 *
 * @param prompt the success of the prompt alone, which stands before `firstPosition`.
 */
export function droppedPosition(
  prefixes: readonly PrefixSuccess[],
  prompt: Omit<PrefixSuccess, 'position'>,
  firstPosition: number
): number | null {
  let before: PrefixSuccess = {...prompt, position: firstPosition - 1}
  for (const prefix of prefixes) {
    const isNeighbour = prefix.position === before.position + 1
    if (isNeighbour && before.sampleCount > 0 && prefix.sampleCount > 0) {
      const [low] = wilsonInterval(before.successCount, before.sampleCount)
      const [, high] = wilsonInterval(prefix.successCount, prefix.sampleCount)
      if (low > high && high <= MOST_AFTER) return prefix.position
    }
    before = prefix
  }
  return null
}

/**
 * The chance that at least one of `k` samples is right, 1 − C(n − c, k) / C(n, k), from `successCount` right ones
 * of `sampleCount` (Chen et al. 2021, arXiv 2107.03374). Throws a RangeError for a `k` beyond the samples.
 */
export function passAtK(successCount: number, sampleCount: number, k: number): number {
  if (k < 1 || k > sampleCount) {
    throw new RangeError(`k is from 1 to the ${sampleCount} samples, got ${k}`)
  }
  const failureCount = sampleCount - successCount
  let noneRight = 1
  // Of a whole number of failures a factor is 0 where these are fewer than k.
  for (let i = 0; i < k; i++) noneRight *= Math.max(0, failureCount - i) / (sampleCount - i)
  return 1 - noneRight
}

/**
 * A 95 % interval of pass@k, 1 − (1 − p)^k of the true success rate p, that holds the estimate `passAtK`. It rests on
 * Wilson's interval of p. The lower end is what its lower end gives, 1 − (1 − low)^k. The upper end is the estimator's
 * own value at n·high successes: it draws without putting back, so it is never below 1 − (1 − high)^k. Both ends grow with p,
 * so the interval covers pass@k at least as often as Wilson's covers p; for k = 1 it is Wilson's. Throws as `passAtK`.
 */
export function passAtKInterval(
  successCount: number,
  sampleCount: number,
  k: number
): readonly [low: number, high: number] {
  const [low, high] = wilsonInterval(successCount, sampleCount)
  const upper = passAtK(sampleCount * high, sampleCount, k)
  let noneRight = 1
  for (let i = 0; i < k; i++) noneRight *= 1 - low
  return [1 - noneRight, upper]
}
