import type {GraphedModel} from '../runtime/model-graphs.ts'

/** Tokens of a text whose model has no windows, or none that it could be longer than. */
const TOKEN_COUNT = 24
/** Tokens beyond the window, so that several queries have keys that they may no longer see. */
const BEYOND_WINDOW = 8
/** Weights of all heads and layers that a longer text may have: a few seconds of checking. */
const MOST_WEIGHTS = 2e7

/** Ids spread over the vocabulary, the begin token first where there is one; longer than the model's windows. */
export function shortText(model: GraphedModel): Int32Array {
  const {config} = model.files
  const count = Math.min(lengthFor(model), config?.contextLength?.value ?? Number.POSITIVE_INFINITY)
  const vocabularySize = config?.vocabularySize?.value ?? 64
  const ids = Int32Array.from({length: count}, (_, i) => (13 + 7919 * i) % vocabularySize)
  if (config?.beginId !== null && config?.beginId !== undefined) ids[0] = config.beginId
  return ids
}

/** What the text has to do with the model's windows; null of a model without any. */
export function windowNote(model: GraphedModel, tokenCount: number): string | null {
  const window = windowOf(model)
  if (window === null) return null
  return tokenCount > window
    ? `the text of ${tokenCount} tokens is longer than the window of ${window}`
    : `the window of ${window} tokens is longer than this text of ${tokenCount}, and was not tried`
}

function lengthFor(model: GraphedModel): number {
  const window = windowOf(model)
  const wanted = window === null ? 0 : window + BEYOND_WINDOW
  const heads = model.structure.layers.reduce(
    (sum, {queryHeadCount}) =>
      sum + (queryHeadCount ?? model.files.config?.queryHeadCount?.value ?? 1),
    0
  )
  return wanted > TOKEN_COUNT && heads * wanted ** 2 <= MOST_WEIGHTS ? wanted : TOKEN_COUNT
}

/** The longest window that the configuration or an operator of the graph states. */
function windowOf({files, structure}: GraphedModel): number | null {
  const inGraph = structure.layers.flatMap(({sites}) =>
    sites.flatMap(({queryKey}) =>
      'steps' in queryKey
        ? queryKey.steps.flatMap((step) =>
            step.kind === 'causal' && step.window !== null ? [step.window] : []
          )
        : []
    )
  )
  const all = [...inGraph, files.config?.windowLength ?? 0]
  const longest = all.reduce((a, b) => Math.max(a, b))
  return longest > 0 ? longest : null
}
