import {ATTENTION_SAMPLES, type AttentionSample} from './attention-samples.ts'
import {ATTRIBUTION_SAMPLES, type AttributionSample} from './attribution-samples.ts'
import {CRITICAL_SAMPLES, type CriticalSample} from './critical-samples.ts'
import {TOKENIZE_SAMPLES, type TokenizeSample} from './tokenize-samples.ts'
import {TOKENS_SAMPLES, type TokensSample} from './tokens-samples.ts'
import {TREE_SAMPLES, type TreeSample} from './tree-samples.ts'

/** A sample of any lens: each lens adds its own to the union and to the list. */
export type Sample =
  | TokensSample
  | AttentionSample
  | AttributionSample
  | CriticalSample
  | TreeSample
  | TokenizeSample
export type SampleLens = Sample['lens']
export type SampleIn<Lens extends SampleLens> = Extract<Sample, {readonly lens: Lens}>

/** Every sample, in the order of the menu. */
export const SAMPLES: readonly Sample[] = [
  ...TOKENS_SAMPLES,
  ...ATTENTION_SAMPLES,
  ...ATTRIBUTION_SAMPLES,
  ...TREE_SAMPLES,
  ...CRITICAL_SAMPLES,
  ...TOKENIZE_SAMPLES,
]

/** What is run when the app is opened for the first time. */
export const FIRST_SAMPLE: Sample = SAMPLES[0]!

/** The sample of a prompt in a lens, if it is one. */
export function sampleOfPrompt<Lens extends SampleLens>(
  prompt: string | undefined,
  lens: Lens
): SampleIn<Lens> | null {
  const found = SAMPLES.find((entry) => entry.lens === lens && entry.prompt === prompt)
  return (found as SampleIn<Lens> | undefined) ?? null
}
