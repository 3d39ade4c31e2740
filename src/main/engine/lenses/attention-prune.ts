import {ProblemError} from '../../../shared/domain/problem.ts'
import type {PruneEvent, PruneRequest} from '../../../shared/lenses/attention-maps.ts'
import type {AttentionContext} from './attention.ts'

/** Tokens that Zero-TPrune would keep. */
// biome-ignore lint/correctness/useYield: nothing is given yet.
export async function* runPrune(
  _context: AttentionContext,
  _request: PruneRequest,
  _signal?: AbortSignal
): AsyncGenerator<PruneEvent, void, undefined> {
  throw new ProblemError({
    code: 'not-there-yet',
    message: 'This part of the attention lens is not there yet.',
    advice: 'Use the other views of attention.',
  })
}
