import {ProblemError} from '../../../shared/domain/problem.ts'
import type {CaptureDtype} from './attention-capture.ts'

/** What capturing one layer takes, in float32. */
export interface LayerCost {
  readonly layer: number
  /** What is kept of it. */
  readonly keptBytes: number
  /** What is kept of it in float16; weights are always float32. */
  readonly keptBytesInFloat16: number
  /** What the largest run hands over of it, before it is stored. */
  readonly runBytes: number
}

/** Layers that are captured by one run of the text. */
export interface CapturePart {
  readonly layers: readonly number[]
  readonly dtype: CaptureDtype
}

/** How a capture is to be cut. */
export interface PartOptions {
  readonly budgetBytes: number
  /**
   * All layers are to be kept, so that any of them can be looked at. Off: a part is used up before the next
   * one is captured.
   */
  readonly isKept: boolean
}

/**
 * Cuts a capture into runs of the text that fit a budget: all layers at once where they fit, else as many
 * at a time as do, in order. Numbers are float32 unless that makes room for what else had none: for all
 * layers that are to be kept, or for a layer by itself. Throws a Problem where a layer has no room at all.
 */
export function captureParts(
  costs: readonly LayerCost[],
  {budgetBytes, isKept}: PartOptions
): CapturePart[] {
  const sum = (bytesOf: (cost: LayerCost) => number) =>
    costs.reduce((bytes, cost) => bytes + bytesOf(cost), 0)
  const fits = sum(({keptBytes}) => keptBytes) <= budgetBytes
  const fitsInFloat16 = sum(({keptBytesInFloat16}) => keptBytesInFloat16) <= budgetBytes
  // Where not even float16 makes room for all, layers that were captured first give way to later ones.
  const holdsAll = isKept && (fits || fitsInFloat16)
  const preferred = isKept && !fits && fitsInFloat16 ? 'float16' : 'float32'
  const parts: {layers: number[]; dtype: CaptureDtype}[] = []
  let heldBytes = 0
  let partBytes = 0
  for (const cost of costs) {
    const dtype =
      keptBytesOf(cost, preferred) + cost.runBytes <= budgetBytes ? preferred : 'float16'
    const keptBytes = keptBytesOf(cost, dtype)
    const bytes = keptBytes + cost.runBytes
    if (bytes > budgetBytes) throw layerTooLarge(cost, budgetBytes)
    const last = parts.at(-1)
    if (last && last.dtype === dtype && heldBytes + partBytes + bytes <= budgetBytes) {
      last.layers.push(cost.layer)
      partBytes += bytes
    } else {
      parts.push({layers: [cost.layer], dtype})
      if (holdsAll) heldBytes = keptBefore(costs, cost, preferred)
      partBytes = bytes
    }
  }
  return parts
}

function keptBytesOf(cost: LayerCost, dtype: CaptureDtype): number {
  return dtype === 'float16' ? cost.keptBytesInFloat16 : cost.keptBytes
}

function keptBefore(costs: readonly LayerCost[], until: LayerCost, dtype: CaptureDtype): number {
  return costs
    .slice(0, costs.indexOf(until))
    .reduce((bytes, cost) => bytes + keptBytesOf(cost, dtype), 0)
}

function layerTooLarge({layer, keptBytesInFloat16, runBytes}: LayerCost, budgetBytes: number) {
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`
  return new ProblemError({
    code: 'capture-over-budget',
    message: 'The attention of a single layer does not fit the memory that captures may take.',
    field: `layer ${layer}`,
    found: `about ${megabytes(keptBytesInFloat16 + runBytes)}, stored as float16`,
    expected: `at most ${megabytes(budgetBytes)}`,
    advice: 'Allow captures more memory, or take a shorter prompt.',
  })
}
