import type {HeadStatistics} from '../lenses/attention-statistics.ts'
import type {InterveneResult} from '../lenses/intervene.ts'
import {bits, meanBits, numberIn, prob, type SampleOf, scoredPrompt, token} from './sample.ts'
import type {TokensSampleResult} from './tokens-samples.ts'

/** What the claim of an attention sample looks at, all of its prompt. */
export interface AttentionSampleResult {
  /** Of the prompt, the next-token table at its end. */
  readonly tokens: TokensSampleResult
  /** Statistics of the head that is shown. */
  readonly head: Pick<HeadStatistics, 'inductionScore' | 'positionCounts' | 'chance'>
  /** What would follow with that head off, after the prompt's end. */
  readonly headOff: Pick<InterveneResult, 'before' | 'after'>
}

export type AttentionSample = SampleOf<
  'attention',
  {
    /** The head that is shown. */
    selection: {readonly layer: number; readonly head: number}
    settings: {
      /** Share of each row that is shown; 1 shows all. */
      readonly mass?: number
      readonly isSinkDropped?: boolean
    }
    result: AttentionSampleResult
  }
>

/** Words in no order, and the first of them once more. */
const LIST = 'river amber copper lantern falcon velvet ginger anchor meadow puzzle'
const COPY = 'river amber copper lantern falcon velvet ginger'

/**
 * A random sequence repeated: surprisal falls to almost nothing in the copy, one diagonal of one head lights up,
 * and without that head the next word is not known any more.
 */
const INDUCTION_HEAD: AttentionSample = {
  id: 'induction-head',
  title: 'An induction head',
  lens: 'attention',
  view: null,
  model: 'micro-base',
  prompt: `words: ${LIST} ${COPY}`,
  selection: {layer: 4, head: 3, position: 'end', text: ' ginger'},
  claim: {
    name: 'a list that is begun again, and the head that copies it',
    measure({tokens, head, headOff}) {
      const words = scoredPrompt(tokens).slice(2)
      const copied = words.findIndex(({id}, at) => at > 0 && id === words[0]?.id)
      const list = words.slice(0, copied)
      const copy = words.slice(copied)
      const following = list[copy.length]
      const isCopy = copied > 0 && following && copy.every((entry, at) => entry.id === list[at]?.id)
      if (!isCopy || head.inductionScore === null || copy.length < 3) return null
      const probIn = ({next}: InterveneResult['before']) =>
        next.find(({id}) => id === following.id)?.prob ?? null
      const [before, after] = [probIn(headOff.before), probIn(headOff.after)]
      if (before === null) return null
      return {
        list: bits(meanBits(list)),
        // The copy's first word may be anything.
        copy: bits(meanBits(copy.slice(1))),
        share: prob(head.inductionScore),
        word: token(following),
        before: prob(before),
        // Not among the likeliest any more: at most the last of them.
        after: prob(after ?? headOff.after.next.at(-1)?.prob ?? 0),
      }
    },
    holds: (slots) =>
      numberIn(slots, 'list') > 6 &&
      numberIn(slots, 'copy') < numberIn(slots, 'list') / 10 &&
      numberIn(slots, 'share') > 0.8 &&
      numberIn(slots, 'before') > 0.9 &&
      numberIn(slots, 'after') < numberIn(slots, 'before') / 10,
    caption:
      'A word costs {list} in the list and {copy} in its copy. In the copy this head puts {share} of its attention on the word that followed last time: the diagonal. Switched off, {word} falls from {before} to {after}.',
  },
}

export const ATTENTION_SAMPLES: readonly AttentionSample[] = [INDUCTION_HEAD]
