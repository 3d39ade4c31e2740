import type {VisibleKeys} from '../../../shared/math/attention/visible-keys.ts'
import type {CapturedQueriesKeys, CapturedSite, CapturedWeights} from './attention-capture.ts'
import {ScoreRanges} from './score-ranges.ts'

/**
 * Which keys the queries of a captured site can see: by its masks, or, of weights as the graph gave them, from
 * the first to the last key that any of its heads looks at. A mask with holes counts from end to end.
 */
export function visibleKeysOf(site: CapturedSite, tokenCount: number): VisibleKeys {
  const {attention} = site
  return attention.kind === 'weights'
    ? byWeights(attention, site.queryHeadCount, tokenCount)
    : byMasks(attention, tokenCount)
}

function byMasks({runs}: CapturedQueriesKeys, tokenCount: number): VisibleKeys {
  const starts = new Int32Array(tokenCount)
  const ends = new Int32Array(tokenCount)
  for (const run of runs) {
    const ranges = new ScoreRanges(run)
    for (let query = run.queryStart; query < run.queryEnd; query++) {
      const allowed = ranges.allowed(query - run.queryStart)
      const seen = ranges.seen(query - run.queryStart)
      // Where all is masked once more, the masked ones count as well.
      const [start, end] = seen[0] < seen[1] ? seen : allowed
      starts[query] = Math.max(0, start)
      ends[query] = Math.max(starts[query]!, end)
    }
  }
  return {starts, ends}
}

function byWeights({weights}: CapturedWeights, headCount: number, tokenCount: number): VisibleKeys {
  const starts = new Int32Array(tokenCount)
  const ends = new Int32Array(tokenCount)
  const isLookedAt = (query: number, key: number) => {
    for (let head = 0; head < headCount; head++) {
      if (weights[(head * tokenCount + query) * tokenCount + key] !== 0) return true
    }
    return false
  }
  for (let query = 0; query < tokenCount; query++) {
    let end = tokenCount
    while (end > 0 && !isLookedAt(query, end - 1)) end--
    let start = 0
    while (start < end && !isLookedAt(query, start)) start++
    starts[query] = start
    ends[query] = end
  }
  return {starts, ends}
}
