import type {ModelConfig} from '../model-folder/config.ts'
import type {CapturePlan, LayerCapture} from '../onnx/capture-plan.ts'
import type {CaptureDtype} from './attention-capture.ts'
import {captureBytes, handedOverBytes} from './capture-bytes.ts'
import type {LayerCost} from './capture-parts.ts'

/** Of which text, and how much of it one run takes. */
export interface CostOptions {
  readonly tokenCount: number
  readonly runLength: number
  /** For what the graph leaves to a run; null where the folder has none. */
  readonly config: ModelConfig | null
}

/** The runtime holds what a run hands over, and so does the array that it is copied to. */
const COPIES_OF_A_RUN = 2
const BYTES_OF = {float32: 4, float16: 2} as const

/** Bytes that each layer of a plan will take; null where neither graph nor configuration tells. */
export function layerCosts(plan: CapturePlan, options: CostOptions): LayerCost[] | null {
  const costs: LayerCost[] = []
  for (const layer of plan.layers) {
    const bytes = (tokenCount: number, dtype: CaptureDtype) =>
      captureBytes({...plan, layers: [layer]}, tokenCount, dtype, options.runLength) ??
      bytesBySizes(plan, layer, {...options, tokenCount}, dtype)
    const keptBytes = bytes(options.tokenCount, 'float32')
    const keptBytesInFloat16 = bytes(options.tokenCount, 'float16')
    if (keptBytes === null || keptBytesInFloat16 === null) return null
    const lengths = {
      tokenCount: options.tokenCount,
      runLength: Math.min(options.runLength, options.tokenCount),
    }
    // Where the configuration told the sizes, a run is taken to hand over all that is kept.
    const handedOver = handedOverBytes(plan, layer, lengths) ?? keptBytes
    const runBytes = COPIES_OF_A_RUN * handedOver
    costs.push({layer: layer.layer, keptBytes, keptBytesInFloat16, runBytes})
  }
  return costs
}

function bytesBySizes(
  {route}: CapturePlan,
  layer: LayerCapture,
  {tokenCount, config}: CostOptions,
  dtype: CaptureDtype
): number | null {
  const queryHeadCount = layer.queryHeadCount ?? config?.queryHeadCount?.value
  const keyValueHeadCount = layer.keyValueHeadCount ?? config?.keyValueHeadCount?.value
  if (queryHeadCount === undefined) return null
  if (route === 'weights') return queryHeadCount * tokenCount ** 2 * BYTES_OF.float32
  const headSize = layer.headSize ?? config?.headSize?.value ?? evenHeadSize(config)
  if (keyValueHeadCount === undefined || headSize === null) return null
  return (queryHeadCount + keyValueHeadCount) * headSize * tokenCount * BYTES_OF[dtype]
}

/** Where nothing states it, heads share the hidden size evenly. */
function evenHeadSize(config: ModelConfig | null): number | null {
  const {hiddenSize, queryHeadCount} = config ?? {}
  return hiddenSize && queryHeadCount ? hiddenSize.value / queryHeadCount.value : null
}
