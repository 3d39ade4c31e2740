import type {CaptionPart} from '../figures/tokens/caption.ts'
import type {TokensResult} from '../lenses/tokens.ts'
import {filledCaption, type Slots, slotsOf} from './sample.ts'
import {type SampleIn, type SampleLens, sampleOfPrompt} from './samples.ts'

type CaptionResult = Pick<
  TokensResult,
  'tokens' | 'next' | 'position' | 'promptTokenCount' | 'text' | 'request' | 'status'
> & {readonly model: {readonly id: string}}

/** The sample of a lens that a result is of, unchanged: the same prompt, given as text to the model of its claim. */
export function sampleOfResult<Lens extends SampleLens>(
  {request, model}: Pick<CaptionResult, 'request' | 'model'>,
  lens: Lens
): SampleIn<Lens> | null {
  const {prompt, messages, chat, noSpecialTokens, parseSpecial, truncate} = request
  if (messages || chat || noSpecialTokens || parseSpecial || truncate) return null
  const sample = sampleOfPrompt(prompt, lens)
  return sample?.model === model.id ? sample : null
}

/**
 * What a tokens sample's result shows, from the result itself; null where it is no sample's, where what the
 * claim is about has not come yet (as its next-token table, which stands at the prompt's end), and where
 * the claim does not hold.
 */
export function sampleCaptionOf(result: CaptionResult): CaptionPart[] | null {
  const slots = measuredSlots(result)
  const sample = sampleOfResult(result, 'tokens')
  return slots && sample ? filledCaption(sample.claim.caption, slots) : null
}

const known = new WeakMap<object, Slots>()

/** The slots of a claim that holds. Once measured they stay, wherever the next-token table goes. */
function measuredSlots(result: CaptionResult): Slots | null {
  const sample = sampleOfResult(result, 'tokens')
  // Once it has its numbers the prompt's last token is the same object for good.
  const key = result.tokens[result.promptTokenCount - 1]
  if (!sample || !key || result.status === 'failed') return null
  const before = known.get(key)
  if (before) return before
  const isScored = result.tokens
    .slice(1, result.promptTokenCount)
    .every((entry) => entry.surprisalBits !== null)
  const slots = isScored ? slotsOf(sample.claim, result) : null
  if (!slots) return null
  known.set(key, slots)
  return slots
}
