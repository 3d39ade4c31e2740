import {ProblemError} from '../../../shared/domain/problem.ts'
import type {HeadRef, ProbeEvent, ProbeRequest} from '../../../shared/lenses/attention-maps.ts'
import type {ScoresOfHead} from '../../../shared/math/attention/head-statistics.ts'
import {probedHead, repeatSequence} from '../../../shared/math/attention/repeat-probe.ts'
import {isDecoder} from '../model-folder/read-model-files.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import type {AttentionContext} from './attention.ts'
import {layerStatistics, textFactsOf} from './attention-heads.ts'
import {openText} from './captured-text.ts'
import {WorkProgress} from './work-progress.ts'

/**
 * Statistics of every head on the random-repeat probe, means over its seeds, with the names that only it
 * gives. Its texts are not kept. Throws a Problem where the probe is longer than the context, and where the
 * vocabulary has not as many tokens.
 */
export async function* runProbe(
  context: AttentionContext,
  request: ProbeRequest,
  signal?: AbortSignal
): AsyncGenerator<ProbeEvent, void, undefined> {
  const {length, repeats, seeds, ...ref} = request
  const model = await context.graphs.open(ref)
  const tokenizer = await context.graphs.tokenizer(model)
  const beginIds = await beginIdsOf(tokenizer)
  const candidates = candidatesOf(model, tokenizer, length)
  checkLength(model, beginIds.length + length * repeats)

  const heads = new Map<string, {head: HeadRef; scores: ScoresOfHead[]}>()
  let progress: WorkProgress | null = null
  for (let seed = 0; seed < seeds; seed++) {
    const ids = repeatSequence({length, repeats}, {seed, beginIds, candidates})
    const {matrices} = await openText(context, {...ref, ids, capture: 'qk'})
    try {
      progress ??= new WorkProgress(seeds * matrices.layers.length)
      const text = textFactsOf(ids, tokenizer)
      for (const layer of matrices.layers) {
        yield progress.event
        for await (const found of layerStatistics(matrices, layer, text, signal)) {
          const {layer: _, head, ...scores} = found
          const key = `${layer}.${head}`
          const known = heads.get(key) ?? {head: {layer, head}, scores: []}
          heads.set(key, known)
          known.scores.push(scores)
        }
        progress.step()
      }
      matrices.forget()
    } finally {
      matrices.close()
    }
  }
  if (progress) yield progress.event
  yield {
    kind: 'probed',
    heads: [...heads.values()].map(({head, scores}) => probedHead(head, scores)),
  }
}

/** What the tokenizer puts before every text. */
async function beginIdsOf(tokenizer: Tokenizer | null): Promise<number[]> {
  if (!tokenizer) return []
  const {parts} = await tokenizer.encode('a')
  const end = parts.findIndex(({isInserted}) => !isInserted)
  return parts.slice(0, Math.max(0, end)).map(({id}) => id)
}

/** Tokens to draw from: those of the vocabulary that stand for something. */
function candidatesOf(
  model: GraphedModel,
  tokenizer: Tokenizer | null,
  length: number
): Int32Array {
  const size = model.files.config?.vocabularySize?.value ?? tokenizer?.tokenCount ?? 0
  const count = Math.min(size, tokenizer?.tokenCount ?? size)
  const isOrdinary = (id: number) =>
    !tokenizer || (!tokenizer.isSpecial(id) && tokenizer.bytesOf(id).length > 0)
  const ids = Int32Array.from({length: count}, (_, id) => id).filter(isOrdinary)
  if (ids.length >= length) return ids
  throw new ProblemError({
    code: 'vocabulary-too-small',
    message: 'The vocabulary has not as many tokens as the probe is to have distinct ones.',
    field: 'length',
    found: String(length),
    expected: `at most ${ids.length}`,
    advice: 'Take a shorter probe.',
  })
}

function checkLength({files}: GraphedModel, tokenCount: number): void {
  const contextLength = isDecoder(files.decoder)
    ? files.decoder.contextLength
    : files.config?.contextLength?.value
  if (contextLength === undefined || tokenCount <= contextLength) return
  throw new ProblemError({
    code: 'probe-too-long',
    message: 'The probe is longer than the context of the model.',
    field: 'length × repeats',
    found: `${tokenCount} tokens`,
    expected: `at most ${contextLength}`,
    advice: 'Take a shorter probe, or fewer repeats.',
  })
}
