import type {
  HeadStatistics,
  HeadsEvent,
  HeadsRequest,
} from '../../../shared/lenses/attention-maps.ts'
import {HeadAccumulator} from '../../../shared/math/attention/head-statistics.ts'
import {type TextFacts, textFacts} from '../../../shared/math/attention/token-repeats.ts'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'
import type {AttentionContext} from './attention.ts'
import {openText} from './captured-text.ts'
import {type HeadSource, layerPieces} from './head-pieces.ts'
import {WorkProgress} from './work-progress.ts'

/** Progress is told after so many heads. */
const HEADS_A_STEP = 4

/** Statistics of every head of a text, layer by layer. Aborted, it throws the signal's reason. */
export async function* runHeads(
  context: AttentionContext,
  request: HeadsRequest,
  signal?: AbortSignal
): AsyncGenerator<HeadsEvent, void, undefined> {
  const {model, matrices} = await openText(context, request, {layers: request.layers})
  try {
    const text = textFactsOf(request.ids, await context.graphs.tokenizer(model))
    const progress = new WorkProgress(matrices.layers.length)
    for (const layer of matrices.layers) {
      yield progress.event
      const heads: HeadStatistics[] = []
      for await (const head of layerStatistics(matrices, layer, text, signal)) {
        heads.push(head)
        if (heads.length % HEADS_A_STEP === 0) yield progress.event
      }
      progress.step()
      yield {kind: 'heads', heads}
    }
    yield progress.event
  } finally {
    matrices.close()
  }
}

interface OpenHead {
  readonly head: number
  readonly accumulator: HeadAccumulator
}

/** Statistics of the heads of one layer, each in one pass over its rows. */
export async function* layerStatistics(
  source: HeadSource,
  layer: number,
  text: TextFacts,
  signal: AbortSignal | undefined
): AsyncGenerator<HeadStatistics, void, undefined> {
  let current = null as OpenHead | null
  const statisticsOf = ({head, accumulator}: OpenHead) => ({
    ...{layer, head},
    ...accumulator.scores,
  })
  for await (const {head, queryStart, weights} of layerPieces(source, layer, signal)) {
    if (current?.head !== head) {
      if (current) yield statisticsOf(current)
      const keys = await source.visibleKeys(layer, head, signal)
      current = {head, accumulator: new HeadAccumulator(text, keys)}
    }
    current.accumulator.add(queryStart, weights)
  }
  if (current) yield statisticsOf(current)
}

/**
 * What the scores look at in a text that is known by its ids. Special tokens are left out; a special token
 * that stands first counts as inserted, whoever put it there. Without a tokenizer nothing is special.
 */
export function textFactsOf(ids: Int32Array, tokenizer: Tokenizer | null): TextFacts {
  const isSpecial = (id: number) => tokenizer?.isSpecial(id) ?? false
  return textFacts(ids, {
    isLeftOut: (position) => isSpecial(ids[position]!),
    isFirstInserted: ids.length > 0 && isSpecial(ids[0]!),
  })
}
