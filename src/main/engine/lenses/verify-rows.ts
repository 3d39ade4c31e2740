import {setImmediate as nextTurn} from 'node:timers/promises'
import {formatCount} from '../../../shared/figures/number-format.ts'
import type {InspectCheck} from '../../../shared/lenses/inspect.ts'
import type {AttentionCapture} from '../captures/attention-capture.ts'
import {maskedKeys, recomputeRows} from '../captures/recompute-rows.ts'
import {WEIGHTS_CHANGED} from '../onnx/find-query-key.ts'
import type {AttentionLayer} from '../onnx/structure.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'

export function notApplicable(check: InspectCheck['check'], why: string): InspectCheck {
  return {check, value: null, limit: null, passed: null, note: `not applicable: ${why}`}
}

/** A check that failed because there was no number to compare. */
export function broken(check: InspectCheck['check'], limit: number, why: string): InspectCheck {
  return {
    check,
    value: null,
    limit,
    passed: false,
    note: `${why}: the weights of the model are broken`,
  }
}

export const NO_WEIGHTS = 'no layer hands out weights'

export function headCountCheck(
  {structure, files}: GraphedModel,
  capture: AttentionCapture
): InspectCheck {
  const expected = files.config?.queryHeadCount?.value ?? null
  const layerCount = files.config?.layerCount?.value ?? structure.layers.length
  const wrong = capture.layers.filter(
    ({layer, queryHeadCount}) =>
      queryHeadCount !== (structure.layers[layer]?.queryHeadCount ?? expected ?? queryHeadCount) ||
      (expected !== null && queryHeadCount !== expected)
  ).length
  // Blocks that mix tokens without attention are layers of the configuration as well.
  const missing = Math.min(
    ...[0, structure.blocksWithoutAttention.length].map((others) =>
      Math.abs(layerCount - capture.layers.length - others)
    )
  )
  return {
    check: 'head-counts',
    ...{value: wrong + missing, limit: 0, passed: wrong + missing === 0},
    note: `layers whose heads are not those of the configuration, and layers too many or too few, of ${layerCount}`,
  }
}

export async function rowSumCheck(
  {structure}: GraphedModel,
  limit: number,
  capture: AttentionCapture
): Promise<InspectCheck> {
  // A sink takes its share of a row: there only more than 1 is wrong.
  const hasSink = structure.layers.some(({sites}) =>
    sites.some(({queryKey}) => !('advice' in queryKey) && queryKey.sink !== null)
  )
  const isChanged = new Set(structure.layers.filter(hasChangedWeights).map(({layer}) => layer))
  const layers = capture.layers.filter(({layer}) => !isChanged.has(layer))
  if (capture.layers.length > 0 && layers.length === 0) {
    return notApplicable('row-sums', 'the model changes its weights after the softmax')
  }
  let value = 0
  let rowCount = 0
  let brokenCount = 0
  for await (const row of rowsOf({...capture, layers})) {
    const sum = row.reduce((total, weight) => total + weight, 0)
    if (sum === 0) continue
    rowCount++
    if (!Number.isFinite(sum)) brokenCount++
    else value = Math.max(value, hasSink ? sum - 1 : Math.abs(sum - 1))
  }
  if (rowCount === 0) return notApplicable('row-sums', NO_WEIGHTS)
  if (brokenCount > 0) {
    return broken(
      'row-sums',
      limit,
      `${formatCount(brokenCount)} of ${formatCount(rowCount)} rows hold what is no number`
    )
  }
  return {
    check: 'row-sums',
    ...{value, limit, passed: value <= limit},
    note: hasSink ? 'rows sum to at most 1, since a sink takes a share' : 'rows sum to 1',
  }
}

/** A gate after the softmax leaves rows of any sum. */
function hasChangedWeights({sites}: AttentionLayer): boolean {
  return sites.some(({queryKey}) => 'advice' in queryKey && queryKey.code === WEIGHTS_CHANGED)
}

/** Masks of these numbers leave something of what they mask; a model that leaves more does not mask. */
const MOST_LEFT_BY_MILD_MASKS = 1e-3

/**
 * Weights where no query may look: after itself, in a decoder, and wherever the model's own masks (padding,
 * windows, with or without distances added) forbid it, as its scores before the softmax show.
 */
export async function forbiddenKeysCheck(
  {files}: GraphedModel,
  capture: AttentionCapture,
  queriesKeys: AttentionCapture | null
): Promise<InspectCheck> {
  const check = 'forbidden-keys'
  if (capture.layers.length === 0) return notApplicable(check, NO_WEIGHTS)
  const isCausal = files.kind === 'decoder'
  const scored = new Set(queriesKeys?.layers.map(({layer}) => layer))
  const {tokenCount} = capture
  let [value, mildValue, count, brokenCount] = [0, 0, 0, 0]
  for (const {layer, queryHeadCount} of capture.layers) {
    for (let head = 0; head < queryHeadCount; head++) {
      await nextTurn()
      const rows = recomputeRows(capture, {layer, head, queryStart: 0, queryEnd: tokenCount})
      const masked = scored.has(layer) ? maskedKeys(queriesKeys!, {layer, head}) : null
      rows.forEach((weight, at) => {
        const isLater = isCausal && at % tokenCount > Math.floor(at / tokenCount)
        const isMasked = masked?.[at] === 1
        if (!isLater && !isMasked) return
        count++
        if (!Number.isFinite(weight)) brokenCount++
        else if (masked === null || isMasked) value = Math.max(value, weight)
        else mildValue = Math.max(mildValue, weight)
      })
    }
  }
  if (count === 0) return notApplicable(check, 'every query may see every key')
  if (brokenCount > 0) {
    return broken(
      check,
      0,
      `${formatCount(brokenCount)} of ${formatCount(count)} weights on such keys are no numbers`
    )
  }
  const what = `weights on ${formatCount(count)} keys, after their query or forbidden by the model’s own masks`
  if (value === 0 && mildValue > 0 && mildValue <= MOST_LEFT_BY_MILD_MASKS) {
    const note = `${what}: the model masks with a finite number, which leaves something of them`
    return {check, value: mildValue, limit: null, passed: null, note}
  }
  const largest = Math.max(value, mildValue)
  const note = `${what}, are exactly 0`
  return {check, value: largest, limit: 0, passed: largest === 0, note}
}

export async function rowsCheck(
  check: 'recomputed-rows' | 'cached-rows',
  limit: number,
  a: AttentionCapture | null,
  b: AttentionCapture,
  note: string
): Promise<InspectCheck> {
  const layers = (a?.layers ?? []).filter(({layer}) => b.layers.some((one) => one.layer === layer))
  if (!a || layers.length === 0) {
    return notApplicable(check, `there are not both of ${note}`)
  }
  let value = 0
  for (const {layer, queryHeadCount} of layers) {
    for (let head = 0; head < queryHeadCount; head++) {
      await nextTurn()
      const all = {layer, head, queryStart: 0, queryEnd: a.tokenCount}
      value = Math.max(value, largestDifference(recomputeRows(a, all), recomputeRows(b, all)))
    }
  }
  if (value === Number.MAX_VALUE) return broken(check, limit, 'rows hold what is no number')
  return {check, value, limit, passed: value <= limit, note}
}

async function* rowsOf(capture: AttentionCapture): AsyncGenerator<Float32Array> {
  const {tokenCount} = capture
  for (const {layer, queryHeadCount} of capture.layers) {
    for (let head = 0; head < queryHeadCount; head++) {
      await nextTurn()
      const all = recomputeRows(capture, {layer, head, queryStart: 0, queryEnd: tokenCount})
      for (let query = 0; query < tokenCount; query++) {
        yield all.subarray(query * tokenCount, (query + 1) * tokenCount)
      }
    }
  }
}

/** Of two sequences of numbers; infinite where they are not as long, or where one is no number. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.MAX_VALUE
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) continue
    const difference = Math.abs(a[i]! - b[i]!)
    largest = Math.max(largest, Number.isFinite(difference) ? difference : Number.MAX_VALUE)
  }
  return largest
}
