import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import type {Provenance} from '../../../shared/lenses/tokens.ts'
import {isDraftStrategy, type TreeRequest} from '../../../shared/lenses/tree.ts'
import {type BranchingModel, openBranching} from '../generation/branching-model.ts'
import type {ModelFolder} from '../model-folder/model-folder.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import type {BranchSessions} from '../runtime/branch-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import {checkSameVocabulary} from '../tokenizers/same-vocabulary.ts'
import {needsDraftModel} from '../trees/draft-strategy.ts'
import type {TextContext} from './attention-text.ts'
import {type HashProgress, hashWithProgress} from './hash-progress.ts'

/** What the tree lens works with. */
export interface TreeContext extends TextContext {
  readonly branches: BranchSessions
}

/** Built-in models that know a smaller one with the same vocabulary. */
const BUILT_IN_DRAFTS: Readonly<Record<string, string>> = {'micro-base': 'micro-draft'}
const SELF_DRAFT = /^self:(\d+)$/

export function decoderOf({files}: GraphedModel): ModelFolder {
  if (!isDecoder(files.decoder)) throw new ProblemError(files.decoder)
  return files.decoder
}

export interface OpenedDraft {
  readonly model: BranchingModel
  readonly facts: {readonly model: Provenance['model']; readonly exitLayer: number | null}
}

/**
 * Opens what a strategy drafts with, for branches of a prompt; null where it asks no model. Throws a Problem
 * for a draft that is not named, and for one of another vocabulary.
 */
export async function* openDraft(
  {graphs, branches}: TreeContext,
  request: TreeRequest,
  target: GraphedModel,
  {ids, model: targetFacts}: {ids: Int32Array; model: Provenance['model']},
  signal?: AbortSignal
): AsyncGenerator<HashProgress, OpenedDraft | null, undefined> {
  if (!isDraftStrategy(request.strategy) || !needsDraftModel(request.strategy)) return null
  const named = request.draft ?? BUILT_IN_DRAFTS[target.files.id]
  if (named === undefined) throw draftMissing(target.files.id)
  const [, layer] = SELF_DRAFT.exec(named) ?? []
  if (layer !== undefined) {
    const exitAfterLayer = Number(layer)
    const last = target.structure.layers.length - 1
    if (exitAfterLayer > last) throw noSuchLayer(exitAfterLayer, last)
    const model = openBranching(branches, target, ids, {exitAfterLayer}, signal)
    return {model, facts: {model: targetFacts, exitLayer: exitAfterLayer}}
  }
  const graphed = await graphs.open({model: named})
  const tokenizer = await graphs.tokenizer(graphed)
  const own = (await graphs.tokenizer(target))!
  checkSameVocabulary(
    {tokenizer: own, size: decoderOf(target).vocabularySize},
    {tokenizer, size: decoderOf(graphed).vocabularySize, name: named, role: 'draft'}
  )
  const sha256 = yield* hashWithProgress(graphs, graphed, signal)
  const {id, path} = graphed.files
  const model = openBranching(branches, graphed, ids, {}, signal)
  return {model, facts: {model: {id, path, sha256}, exitLayer: null}}
}

/** How numbers of models that are not float32 are to be read. */
export function precisionWarnings(model: GraphedModel, isTreeMask: boolean): Warning[] {
  const {dtype} = decoderOf(model)
  if (dtype === 'float32') return []
  const where = isTreeMask ? 'in the run' : 'in the batch'
  return [
    {
      code: 'precision',
      message: `The model is stored as ${dtype}: its logits may depend on what else is ${where}, so that near-ties of branches may fall another way than in a run of their own.`,
    },
  ]
}

function draftMissing(model: string): ProblemError {
  return new ProblemError({
    code: 'draft-missing',
    message: 'This strategy needs a model to draft with.',
    field: 'draft',
    found: `none, and none is built in for ${model}`,
    expected: 'a smaller model with the same vocabulary, or self:LAYER',
    advice: 'Name a draft model, or let the model draft for itself by leaving it after a layer.',
  })
}

function noSuchLayer(layer: number, last: number): ProblemError {
  return new ProblemError({
    code: 'no-such-layer',
    message: 'The model has no layer to leave after.',
    field: 'draft',
    found: `self:${layer}`,
    expected: `self:0 to self:${last}`,
    advice: 'Choose a layer that the model has.',
  })
}
