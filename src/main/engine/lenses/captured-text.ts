import {ProblemError} from '../../../shared/domain/problem.ts'
import type {CapturedText, HeadRef} from '../../../shared/lenses/attention-maps.ts'
import {HeadMatrices} from '../captures/head-matrices.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {AttentionContext} from './attention.ts'
import {beyond, selectedLayers} from './attention-selection.ts'
import {checkIds} from './encode-prompt.ts'

/** A text with its attention; `matrices` is to be closed. */
export interface OpenedText {
  readonly model: GraphedModel
  readonly matrices: HeadMatrices
}

/** Which layers of it are wanted, all that have attention where none are named, and what of them. */
export interface OpenOptions {
  readonly layers?: readonly number[] | undefined
  readonly withValueNorms?: boolean
}

/**
 * Opens the attention of a text: nothing is run before rows are asked for. Throws a Problem for a model
 * that cannot be read, for ids and layers that it does not have, and where there is no room.
 */
export async function openText(
  context: AttentionContext,
  {ids, capture, ...ref}: CapturedText,
  {layers: asked, withValueNorms = false}: OpenOptions = {}
): Promise<OpenedText> {
  const model = await context.graphs.open(ref)
  const {config} = model.files
  if (ids.length === 0) throw noTokens()
  checkIds(ids, config?.vocabularySize?.value ?? Number.POSITIVE_INFINITY, 'ids')
  const {layers} = selectedLayers(model.structure, asked && [...asked])
  return {
    model,
    matrices: new HeadMatrices(context, model, {ids, layers, choice: capture, withValueNorms}),
  }
}

/** Throws a Problem that names a head that is not there. Captures the layers of those that are. */
export async function checkHeads(
  matrices: HeadMatrices,
  heads: readonly HeadRef[],
  signal?: AbortSignal
): Promise<void> {
  for (const {layer, head} of heads) {
    const count = await matrices.headCount(layer, signal)
    if (head >= count) throw beyond('head', `L${layer}.H${head}`, `0 to ${count - 1}`)
  }
}

function noTokens(): ProblemError {
  return new ProblemError({
    code: 'no-tokens',
    message: 'There is no text whose attention could be captured.',
    field: 'ids',
    found: 'no ids',
    expected: 'at least one',
    advice: 'Write a prompt, or let the model begin one.',
  })
}
