import {attentionRequestSchema} from '../../../shared/lenses/attention.ts'
import type {CriticalEvent, CriticalRequest} from '../../../shared/lenses/critical.ts'
import {type BranchingModel, openBranching} from '../generation/branching-model.ts'
import type {RolloutOptions} from '../generation/rollouts.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {type ReadText, readText} from './attention-text.ts'
import type {ResponseLimits} from './critical-response.ts'
import {decoderOf, type TreeContext} from './tree-models.ts'

/** Completions that are sampled side by side. */
const WIDTH = 64

/** A prompt that responses are completed after. */
export interface CriticalText {
  readonly text: ReadText
  readonly model: GraphedModel
  readonly tokenizer: Tokenizer
  /** Tokens of the prompt; the response's first position. */
  readonly responseStart: number
  readonly branches: BranchingModel
  readonly options: RolloutOptions
  readonly limits: ResponseLimits
}

/** Reads the prompt of a request, and opens its model for completions. Throws a Problem. */
export async function* openCriticalText(
  context: TreeContext,
  request: CriticalRequest,
  signal: AbortSignal
): AsyncGenerator<CriticalEvent, CriticalText, undefined> {
  const {model: name, file, prompt, messages, chat, noSpecialTokens, parseSpecial} = request
  const {truncate, completionIds, temperature, topP, maxNewTokens} = request
  const asked = attentionRequestSchema.parse({
    ...{model: name, file, prompt, messages, chat, noSpecialTokens, parseSpecial},
    ...{truncate, completionIds},
  })
  const reading = readText(context, asked, signal)
  let read = await reading.next()
  for (; !read.done; read = await reading.next()) {
    const {done, total} = read.value
    yield {kind: 'progress', phase: 'reading', done, total, secondsLeft: null}
  }
  const text = read.value
  const {model, ids: promptIds} = text
  const {contextLength, stopIds, vocabularySize} = decoderOf(model)
  const responseStart = promptIds.length
  const roomCount = contextLength - responseStart
  return {
    ...{text, model, responseStart},
    tokenizer: (await context.graphs.tokenizer(model))!,
    branches: openBranching(context.branches, model, promptIds, {}, signal),
    options: {temperature, topP, width: WIDTH, roomCount, maxNewTokens, stopIds},
    limits: {vocabularySize, roomCount},
  }
}
