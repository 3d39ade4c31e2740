import {ProblemError} from '../../../shared/domain/problem.ts'
import type {HeadsEvent, HeadsRequest} from '../../../shared/lenses/attention-maps.ts'
import type {AttentionContext} from './attention.ts'

/** Statistics of every head of a text, layer by layer. */
// biome-ignore lint/correctness/useYield: nothing is given yet.
export async function* runHeads(
  _context: AttentionContext,
  _request: HeadsRequest,
  _signal?: AbortSignal
): AsyncGenerator<HeadsEvent, void, undefined> {
  throw new ProblemError({
    code: 'not-there-yet',
    message: 'This part of the attention lens is not there yet.',
    advice: 'Use the other views of attention.',
  })
}
