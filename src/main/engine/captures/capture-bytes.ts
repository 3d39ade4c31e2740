import type {CapturePlan} from '../onnx/capture-plan.ts'
import type {CaptureDtype} from './attention-capture.ts'

/**
 * Estimated bytes that a capture of a text keeps: queries and keys, or weights in float32, with masks as
 * ranges. null where the head counts are only known after a run.
 */
export function captureBytes(
  _plan: CapturePlan,
  _tokenCount: number,
  _dtype: CaptureDtype
): number | null {
  return null
}
