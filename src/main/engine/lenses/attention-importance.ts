import {ProblemError} from '../../../shared/domain/problem.ts'
import type {ImportanceEvent, ImportanceRequest} from '../../../shared/lenses/attention-maps.ts'
import type {AttentionContext} from './attention.ts'

/** Token importance over the attention graph. */
// biome-ignore lint/correctness/useYield: nothing is given yet.
export async function* runImportance(
  _context: AttentionContext,
  _request: ImportanceRequest,
  _signal?: AbortSignal
): AsyncGenerator<ImportanceEvent, void, undefined> {
  throw new ProblemError({
    code: 'not-there-yet',
    message: 'This part of the attention lens is not there yet.',
    advice: 'Use the other views of attention.',
  })
}
