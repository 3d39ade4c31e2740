import type {CapturedText, LookEvent} from '../../../shared/lenses/attention-maps.ts'
import type {AttentionContext} from './attention.ts'

/**
 * Says that a text is on a screen for as long as the stream is listened to: what is kept of its attention gives
 * way after everything that is not. Nothing is captured for it. Ends when it is aborted.
 */
export async function* lookAtText(
  {graphs, store}: Pick<AttentionContext, 'graphs' | 'store'>,
  {ids, capture, ...ref}: CapturedText,
  signal?: AbortSignal
): AsyncGenerator<LookEvent, void, undefined> {
  const {key: modelKey} = await graphs.open(ref)
  const stop = store.look({modelKey, ids, wantsWeights: capture === 'weights'})
  try {
    yield {kind: 'looking'}
    await new Promise<void>((resolve) => {
      if (!signal || signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), {once: true})
    })
  } finally {
    stop()
  }
}
