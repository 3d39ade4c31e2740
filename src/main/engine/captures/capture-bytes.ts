import type {CapturePlan, LayerCapture, SiteCapture} from '../onnx/capture-plan.ts'
import type {CaptureDtype} from './attention-capture.ts'

const BYTES: Readonly<Record<CaptureDtype, number>> = {float32: 4, float16: 2}

/**
 * Bytes that a capture of a text of that many tokens keeps: queries and keys in `dtype` with masks as
 * ranges, or weights in float32; value norms and keys before rotary where the plan has them. Where a run gives
 * all keys anew, each run of `runLength` tokens keeps its own. null where a layer's heads are only counted by a
 * run. Masks that are no ranges, and biases by head, come on top: only a run tells them from others.
 */
export function captureBytes(
  plan: CapturePlan,
  tokenCount: number,
  dtype: CaptureDtype,
  runLength = tokenCount
): number | null {
  let sum = 0
  for (const layer of plan.layers) {
    const bytes = layerBytes(layer, {tokenCount, runLength}, BYTES[dtype])
    if (bytes === null) return null
    sum += bytes
  }
  // Masks are shared: a start and an end of a range for every query.
  return plan.route === 'weights' ? sum : sum + maskCount(plan) * 2 * 4 * tokenCount
}

/**
 * Bytes of float32 that the largest run over a text hands over for one layer of a plan, `runLength` positions a run:
 * its own queries and keys, every key where runs give all of them anew, and whole masks, which are kept as ranges
 * only afterwards; of weights its own rows. Masks that layers share are counted for each. null as above.
 */
export function handedOverBytes(
  plan: CapturePlan,
  layer: LayerCapture,
  {tokenCount, runLength}: {tokenCount: number; runLength: number}
): number | null {
  const lengths = {tokenCount: runLength, runLength}
  const own = layerBytes(layer, lengths, BYTES.float32)
  if (own === null) return null
  const {queryHeadCount, keyValueHeadCount, headSize, sites} = layer
  const earlier = tokenCount - runLength
  if (plan.route === 'weights') return own + 4 * queryHeadCount! * runLength * earlier
  const isWholeRun = sites.some(({queryKey}) => queryKey?.isWholeRun)
  const earlierKeys = isWholeRun ? 4 * keyValueHeadCount! * headSize! * earlier : 0
  const masks = 4 * maskCount({...plan, layers: [layer]}) * runLength * tokenCount
  return own + earlierKeys + masks
}

function layerBytes(
  {sites, queryHeadCount, keyValueHeadCount, headSize}: LayerCapture,
  {tokenCount, runLength}: {tokenCount: number; runLength: number},
  numberBytes: number
): number | null {
  if (queryHeadCount === null) return null
  const has = (part: keyof SiteCapture) => sites.some((site) => site[part] !== null)
  let sum = has('weights') ? queryHeadCount * tokenCount ** 2 * 4 : 0
  if (has('valueNorms')) sum += queryHeadCount * tokenCount * 4
  const matrixCount =
    (has('queryKey') ? queryHeadCount + (keyValueHeadCount ?? 0) : 0) +
    (has('keysBeforeRotary') ? (keyValueHeadCount ?? 0) : 0)
  if (matrixCount === 0) return sum
  if (keyValueHeadCount === null || headSize === null) return null
  const isWholeRun = sites.some(({queryKey}) => queryKey?.isWholeRun)
  const repeated = isWholeRun ? keysOfRuns(tokenCount, runLength) - tokenCount : 0
  const vectorCount = matrixCount * tokenCount + keyValueHeadCount * repeated
  return sum + vectorCount * headSize * numberBytes
}

/** Keys that all runs of a text see, each counted once a run. */
function keysOfRuns(tokenCount: number, runLength: number): number {
  let sum = 0
  for (let end = runLength; end < tokenCount; end += runLength) sum += end
  return sum + tokenCount
}

/** Tensors that steps use, each counted once. */
function maskCount({layers}: CapturePlan): number {
  const outputs = new Set<string>()
  for (const {sites} of layers) {
    for (const {queryKey} of sites) {
      for (const step of queryKey?.steps ?? []) {
        if (step.kind === 'where') outputs.add(step.condition.output)
        else if (step.kind === 'key-mask') outputs.add(step.mask)
        else if ('operand' in step && step.operand.kind === 'tensor') {
          outputs.add(step.operand.output)
        }
      }
    }
  }
  return outputs.size
}
