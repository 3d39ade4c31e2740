import {ProblemError} from '../../../shared/domain/problem.ts'
import type {
  CriticalEvent,
  CriticalRequest,
  CriticalScore,
} from '../../../shared/lenses/critical.ts'
import {estimateContrast} from '../../../shared/math/critical/contrastive-estimate.ts'
import {computeNormalizer} from '../../../shared/math/distribution.ts'
import {exp} from '../../../shared/math/exp.ts'
import type {ContrastRows} from '../critical/contrast-rows.ts'
import type {GraphedModel, ModelGraphs} from '../runtime/model-graphs.ts'
import {checkSameVocabulary} from '../tokenizers/same-vocabulary.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {hashWithProgress} from './hash-progress.ts'
import {decoderOf} from './tree-models.ts'

/** The built-in models that were trained on right and on wrong responses, and those whose family they are of. */
const BUILT_IN = {positive: 'micro-positive', negative: 'micro-negative'} as const
const FAMILY = /^micro-/u

/** A model with the facts that results name it by. */
interface Named {
  readonly model: GraphedModel
  readonly facts: {readonly id: string; readonly path: string; readonly sha256: string}
}

export interface ContrastPair {
  readonly positive: Named
  readonly negative: Named
  readonly isFineTuned: boolean
}

/** Opens the two models of a contrast. Throws a Problem where none is named, and for another vocabulary. */
export async function* openContrast(
  graphs: ModelGraphs,
  request: CriticalRequest,
  own: {readonly model: GraphedModel; readonly tokenizer: Tokenizer},
  signal?: AbortSignal
): AsyncGenerator<CriticalEvent, ContrastPair, undefined> {
  const isFamily = FAMILY.test(own.model.files.id)
  const open = async function* (
    role: 'positive' | 'negative'
  ): AsyncGenerator<CriticalEvent, Named, undefined> {
    const name = request[role] ?? (isFamily ? BUILT_IN[role] : undefined)
    if (name === undefined) throw modelMissing(role, own.model.files.id)
    const model = await graphs.open({model: name})
    checkSameVocabulary(
      {tokenizer: own.tokenizer, size: decoderOf(own.model).vocabularySize},
      {
        ...{tokenizer: await graphs.tokenizer(model), size: decoderOf(model).vocabularySize},
        ...{name, role},
      }
    )
    const hashing = hashWithProgress(graphs, model, signal)
    let hashed = await hashing.next()
    for (; !hashed.done; hashed = await hashing.next()) {
      const {done, total} = hashed.value
      yield {kind: 'progress', phase: 'reading', done, total, secondsLeft: null}
    }
    const {id, path} = model.files
    return {model, facts: {id, path, sha256: hashed.value}}
  }
  const positive = yield* open('positive')
  const negative = yield* open('negative')
  const isFineTuned =
    positive.facts.id === BUILT_IN.positive && negative.facts.id === BUILT_IN.negative
  return {positive, negative, isFineTuned}
}

/** A response with what it follows. */
export interface ContrastText {
  readonly promptIds: Int32Array
  readonly responseIds: readonly number[]
}

/** 1 − s_t, d_t and 1 − p of each token of a response. `base` is the model that the response is of. */
export async function contrastScores(
  rows: ContrastRows,
  models: {
    readonly positive: GraphedModel
    readonly negative: GraphedModel
    readonly base: GraphedModel
  },
  text: ContrastText,
  {beta, signal}: {readonly beta: number; readonly signal?: AbortSignal | undefined}
): Promise<CriticalScore[]> {
  const positive = await rows.of(models.positive, text, signal)
  const negative = await rows.of(models.negative, text, signal)
  const base = await rows.of(models.base, text, signal)
  return text.responseIds.flatMap((tokenId, i): CriticalScore[] => {
    // Row i is what is predicted before token i, so its score is that token's.
    const {estimate, difference} = estimateContrast(positive[i]!, negative[i]!, {tokenId, beta})
    const row = base[i]!
    const {logSumExp} = computeNormalizer(row, 0, row.length)
    const position = text.promptIds.length + i
    return [
      {position, method: 'contrastive', value: 1 - estimate},
      {position, method: 'difference', value: difference},
      {position, method: 'base', value: 1 - exp(row[tokenId]! - logSumExp)},
    ]
  })
}

function modelMissing(role: 'positive' | 'negative', model: string): ProblemError {
  return new ProblemError({
    code: 'contrast-model-missing',
    message: `Contrastive estimation needs a model of ${role === 'positive' ? 'right' : 'wrong'} responses.`,
    field: role,
    found: `none, and none is built in for ${model}`,
    expected:
      'two models with the same vocabulary, one fine-tuned on right and one on wrong responses',
    advice:
      'Name both. A base and an instruct model, or a weak and a strong one, give a contrast as well, which is not the paper’s.',
  })
}
