import type {ValueNormKind} from '../onnx/capture-plan.ts'
import type {CapturedLayer} from './attention-capture.ts'
import {siteOf} from './recompute-rows.ts'

/** Norms of one head's value vectors, one entry a position. */
export interface HeadNorms {
  readonly kind: ValueNormKind
  readonly values: Float32Array
}

/** Value norms of a head; null where they were not captured. */
export function normsOfHead(
  layers: readonly CapturedLayer[],
  {layer, head, tokenCount}: {layer: number; head: number; tokenCount: number}
): HeadNorms | null {
  const {site, siteHead} = siteOf(layers, layer, head)
  const norms = site.valueNorms
  if (!norms) return null
  const own = Math.floor((siteHead * norms.headCount) / site.queryHeadCount)
  return {kind: norms.kind, values: norms.values.subarray(own * tokenCount, (own + 1) * tokenCount)}
}
