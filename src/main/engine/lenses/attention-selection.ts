import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import type {AttentionSelection} from '../../../shared/lenses/attention.ts'
import type {AttentionLayer, ModelStructure} from '../onnx/structure.ts'

/** Whether there is anything to capture in a layer. */
function hasAttention({problem, sites}: AttentionLayer): boolean {
  return !problem && sites.length > 0
}

/**
 * Layers to be captured, ascending: those asked for, else all that have attention, with a warning about
 * those that have none. Throws a Problem where a layer that was asked for is not there or has none.
 */
export function selectedLayers(
  {layers, problems}: ModelStructure,
  asked: AttentionSelection['layers']
): {layers: number[]; warnings: Warning[]} {
  const able = layers.filter(hasAttention).map(({layer}) => layer)
  if (able.length === 0) {
    const problem = problems[0] ?? layers.find((layer) => layer.problem)?.problem
    throw problem ? new ProblemError(problem) : beyond('layers', 'none', 'a model with attention')
  }
  for (const layer of asked ?? []) {
    const found = layers[layer]
    if (!found) throw beyond('layers', String(layer), `0 to ${layers.length - 1}`)
    if (found.problem) throw new ProblemError({field: `layer ${layer}`, ...found.problem})
  }
  const unable = layers.length - able.length
  if (asked || unable === 0) return {layers: [...(asked ?? able)], warnings: []}
  const left = layers.filter((layer) => !hasAttention(layer)).map(({layer}) => layer)
  return {
    layers: able,
    warnings: [
      {
        code: 'layers-without-attention',
        message: `Nothing can be captured in ${left.length === 1 ? 'layer' : 'layers'} ${left.join(', ')}; inspect says why.`,
      },
    ],
  }
}

/** Query positions [start, end). Throws a Problem where the text is shorter. */
export function selectedQueries(
  queries: AttentionSelection['queries'],
  tokenCount: number
): readonly [start: number, end: number] {
  const [start, end] = queries ?? [0, tokenCount]
  if (end > tokenCount)
    throw beyond('queries', `${start}:${end}`, `an end of at most ${tokenCount}`)
  return [start, end]
}

/**
 * Heads of every captured layer, ascending. Throws a Problem where a layer has not so many, and, since an
 * array has one length for all, where none were chosen and layers differ.
 */
export function selectedHeads(
  heads: AttentionSelection['heads'],
  headCounts: readonly number[]
): readonly number[] {
  const fewest = Math.min(...headCounts)
  if (heads) {
    const last = heads.at(-1)!
    if (last >= fewest) throw beyond('heads', String(last), `0 to ${fewest - 1}`)
    return heads
  }
  if (headCounts.some((count) => count !== fewest)) {
    throw new ProblemError({
      code: 'head-counts-differ',
      message:
        'The layers do not all have as many heads, and an array has one length for all of them.',
      field: 'heads',
      found: headCounts.join(', '),
      expected: 'layers with the same number of heads',
      advice: `Choose heads from 0 to ${fewest - 1}, or layers that have the same number.`,
    })
  }
  return Array.from({length: fewest}, (_, head) => head)
}

/** Something was asked for that the model or the text does not have. */
export function beyond(field: string, found: string, expected: string): ProblemError {
  return new ProblemError({
    code: 'selection-out-of-range',
    message: 'The model or the text has no such layer, head or position.',
    field,
    found,
    expected,
    advice: 'Count layers, heads and positions from 0; `tokenscope inspect` lists what there is.',
  })
}
