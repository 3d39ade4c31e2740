import type {TokensRequest} from '../../shared/lenses/tokens.ts'
import {refOfListing, selectActiveListing, selectActiveRef} from './models.ts'
import {selectPromptInput} from './prompt.ts'
import type {WorkbenchState} from './state.ts'

/** What the sampling controls add to a request. */
function selectParametersPart(state: WorkbenchState) {
  const {temperature, topP, topK, generateCount, isSampled, seed, tracked} = state.parameters
  const listing = selectActiveListing(state)
  const model = listing ? refOfListing(listing).model : ''
  return {
    command: 'tokens' as const,
    topK,
    temperature,
    topP,
    position: 'last' as const,
    generate: generateCount,
    sample: isSampled,
    seed,
    track: [...(tracked[model] ?? [])],
  }
}

/** The request that Run makes now; null where no model is chosen. */
export function selectRequest(state: WorkbenchState): TokensRequest | null {
  const ref = selectActiveRef(state)
  return ref && {...ref, ...selectPromptInput(state), ...selectParametersPart(state)}
}

/** The same is asked of the same model; what is not given is as if it were undefined. */
export function isSameRequest(a: TokensRequest, b: TokensRequest): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof TokensRequest>
  return [...names].every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]))
}
