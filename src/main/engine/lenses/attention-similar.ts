import type {
  HeadRef,
  SimilarHeadsEvent,
  SimilarHeadsRequest,
} from '../../../shared/lenses/attention-maps.ts'
import {PatternSimilarity} from '../../../shared/math/attention/pattern-similarity.ts'
import type {AttentionContext} from './attention.ts'
import {selectedLayers} from './attention-selection.ts'
import {checkHeads, openText} from './captured-text.ts'
import {pieceRanges} from './head-pieces.ts'
import {WorkProgress} from './work-progress.ts'

/** Heads whose patterns on this text are like one head's, most alike first; heads of no numbers are left out. */
export async function* runSimilarHeads(
  context: AttentionContext,
  request: SimilarHeadsRequest,
  signal?: AbortSignal
): AsyncGenerator<SimilarHeadsEvent, void, undefined> {
  const {of} = request
  const {model, matrices} = await openText(context, request)
  try {
    // Throws where the layer is beyond the model or cannot be captured.
    selectedLayers(model.structure, [of.layer])
    await checkHeads(matrices, [of], signal)
    const {tokenCount, layers} = matrices
    const ownKeys = await matrices.visibleKeys(of.layer, of.head, signal)
    const ranges = pieceRanges(tokenCount)
    const progress = new WorkProgress(layers.length * ranges.length)
    const others = new Map<string, {head: HeadRef; similarity: PatternSimilarity}>()
    for (const [start, end] of ranges) {
      const own = await matrices.rows(of.layer, of.head, start, end, signal)
      for (const layer of layers) {
        yield progress.event
        const headCount = await matrices.headCount(layer, signal)
        for (let head = 0; head < headCount; head++) {
          if (layer === of.layer && head === of.head) continue
          const key = `${layer}.${head}`
          const keys = await matrices.visibleKeys(layer, head, signal)
          const other = others.get(key) ?? {
            head: {layer, head},
            similarity: new PatternSimilarity(ownKeys, keys),
          }
          others.set(key, other)
          const rows = await matrices.rows(layer, head, start, end, signal)
          other.similarity.add(start, own, rows, tokenCount)
        }
        progress.step()
      }
    }
    yield progress.event
    const heads = [...others.values()].flatMap(({head, similarity: {similarity}}) =>
      similarity === null ? [] : [{...head, similarity}]
    )
    heads.sort((a, b) => b.similarity - a.similarity || a.layer - b.layer || a.head - b.head)
    yield {kind: 'similar', heads}
  } finally {
    matrices.close()
  }
}
