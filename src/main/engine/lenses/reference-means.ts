import type {HeadOff} from '../../../shared/domain/intervention.ts'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {HeadMeanFacts, InterveneRequest} from '../../../shared/lenses/intervene.ts'
import {SAMPLES} from '../../../shared/samples/samples.ts'
import {HeadMeans} from '../onnx/head-means.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import {editModel, runEdited, sizesOf} from './intervention-run.ts'

/** Texts whose positions a mean is taken over. */
export interface ReferenceTexts {
  readonly texts: readonly Int32Array[]
  readonly facts: HeadMeanFacts
}

/**
 * The texts that a request's means are over: the prompts of the built-in samples that fit the model's
 * context, a text of one's own, or the prompt itself; each with the tokens that the tokenizer inserts. Null
 * where heads are replaced by zero. Throws a Problem for a text that does not fit.
 */
export async function referenceTexts(
  {headValue, headsOff, referenceText}: InterveneRequest,
  {ids, tokenizer, contextLength}: {ids: Int32Array; tokenizer: Tokenizer; contextLength: number}
): Promise<ReferenceTexts | null> {
  if (headValue === 'zero' || headsOff.length === 0) return null
  if (headValue === 'mean-of-prompt') return referenceOf(headValue, 'the prompt', [ids])
  const idsOf = async (text: string) => {
    const {parts} = await tokenizer.encode(text)
    return Int32Array.from(parts, ({id}) => id)
  }
  if (headValue === 'mean-of') {
    if (!referenceText) throw withoutText()
    const text = await idsOf(referenceText.text)
    if (text.length === 0 || text.length > contextLength) {
      throw notFitting(referenceText.name, text.length, contextLength)
    }
    return referenceOf(headValue, referenceText.name, [text])
  }
  const prompts = new Set(SAMPLES.map(({prompt}) => prompt))
  const texts = await Promise.all([...prompts].map(idsOf))
  const fitting = texts.filter(({length}) => length > 0 && length <= contextLength)
  if (fitting.length === 0) {
    throw notFitting(
      'the built-in sample set',
      Math.min(...texts.map(({length}) => length)),
      contextLength
    )
  }
  return referenceOf(headValue, 'the built-in sample set', fitting)
}

/**
 * The mean output of each head that is off, over all positions of the texts, before any head is off. Says how many positions
 * are done.
 */
export async function* headMeans(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  texts: readonly Int32Array[],
  headsOff: InterveneRequest['headsOff'],
  signal: AbortSignal | undefined
): AsyncGenerator<number, HeadOff[], undefined> {
  const sizes = sizesOf(model).layers
  const layers = [...new Set(headsOff.map(({layer}) => layer))].sort((a, b) => a - b)
  const edited = editModel(model, {headOutputs: layers})
  const sums = new Map(
    layers.map((layer) => {
      const {queryHeadCount, headSize} = sizes[layer]!
      return [layer, new HeadMeans(queryHeadCount, headSize)]
    })
  )
  const {headOutputs} = edited.graph
  const outputs = headOutputs.flatMap(({sites}) => sites.map(({output}) => output))
  let before = 0
  for (const ids of texts) {
    const run = runEdited(
      sessions,
      edited,
      {
        ...{ids, intervention: {}, outputs},
        onCaptured({tensors}) {
          const captured = new Map(tensors.map((tensor) => [tensor.name, tensor]))
          for (const {layer, sites} of headOutputs) {
            const own = sites.map(({output, layout}) => {
              const {data, dims} = captured.get(output)!
              return {data: data as Float32Array, dimensions: dims, layout}
            })
            sums.get(layer)!.add(own)
          }
        },
      },
      signal
    )
    for await (const done of run) yield before + done
    before += ids.length
  }
  return headsOff.map(({layer, head}) => ({layer, head, mean: sums.get(layer)!.meanOf(head)}))
}

function referenceOf(
  kind: HeadMeanFacts['kind'],
  name: string,
  texts: readonly Int32Array[]
): ReferenceTexts {
  const positionCount = texts.reduce((sum, {length}) => sum + length, 0)
  return {texts, facts: {kind, name, textCount: texts.length, positionCount}}
}

function withoutText(): ProblemError {
  return new ProblemError({
    code: 'reference-text-missing',
    message: 'The text that heads’ means are to be over is missing.',
    field: 'referenceText',
    found: 'no text',
    expected: 'a name and a text',
    advice: 'Give the text, or take the mean over the built-in sample set.',
  })
}

function notFitting(name: string, tokenCount: number, contextLength: number): ProblemError {
  return new ProblemError({
    code: 'reference-text-length',
    message: 'The text that heads’ means are to be over does not fit the model’s context.',
    field: name,
    found: `${tokenCount} tokens`,
    expected: `from 1 to ${contextLength} tokens`,
    advice: 'Take a text of that length.',
  })
}
