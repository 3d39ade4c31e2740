import {ProblemError} from '../../../shared/domain/problem.ts'
import type {SimilarHeadsEvent, SimilarHeadsRequest} from '../../../shared/lenses/attention-maps.ts'
import type {AttentionContext} from './attention.ts'

/** Heads whose patterns on a text are like one head's. */
// biome-ignore lint/correctness/useYield: nothing is given yet.
export async function* runSimilarHeads(
  _context: AttentionContext,
  _request: SimilarHeadsRequest,
  _signal?: AbortSignal
): AsyncGenerator<SimilarHeadsEvent, void, undefined> {
  throw new ProblemError({
    code: 'not-there-yet',
    message: 'This part of the attention lens is not there yet.',
    advice: 'Use the other views of attention.',
  })
}
