import {ProblemError} from '../../../shared/domain/problem.ts'
import type {ProbeEvent, ProbeRequest} from '../../../shared/lenses/attention-maps.ts'
import type {AttentionContext} from './attention.ts'

/** The random-repeat probe, which gives heads their names. */
// biome-ignore lint/correctness/useYield: nothing is given yet.
export async function* runProbe(
  _context: AttentionContext,
  _request: ProbeRequest,
  _signal?: AbortSignal
): AsyncGenerator<ProbeEvent, void, undefined> {
  throw new ProblemError({
    code: 'not-there-yet',
    message: 'This part of the attention lens is not there yet.',
    advice: 'Use the other views of attention.',
  })
}
