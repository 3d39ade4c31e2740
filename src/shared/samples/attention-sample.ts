import type {HeadStatistics} from '../lenses/attention-statistics.ts'
import type {InterveneResult} from '../lenses/intervene.ts'
import {
  bits,
  meanBits,
  numberIn,
  prob,
  type SampleResult,
  type Slots,
  scoredPrompt,
  token,
} from './sample.ts'

/** What the claim of an attention sample looks at, all of its prompt. */
export interface AttentionSampleResult {
  /** Of the prompt, the next-token table at its end. */
  readonly tokens: SampleResult
  /** Statistics of the head that is shown. */
  readonly head: Pick<HeadStatistics, 'inductionScore' | 'positionCounts' | 'chance'>
  /** What would follow with that head off, after the prompt's end. */
  readonly headOff: Pick<InterveneResult, 'before' | 'after'>
}

/** A prompt to start from in the attention lens, and what there is to see in it. */
export interface AttentionSample {
  readonly id: string
  readonly title: string
  readonly lens: 'attention'
  /** The model that the claim is tested on. */
  readonly model: string
  readonly prompt: string
  /** The head that is shown, and the token that is locked: the prompt's last, with the text it must have. */
  readonly selection: {
    readonly layer: number
    readonly head: number
    readonly position: 'end'
    readonly text: string
  }
  readonly claim: {
    readonly name: string
    /** The numbers it is about; null where the result does not have them. */
    measure(result: AttentionSampleResult): Slots | null
    holds(slots: Slots): boolean
    /** Words with slots in braces; nothing else in it is a number. */
    readonly caption: string
  }
}

/** Words in no order, and the first of them once more. */
const LIST = 'river amber copper lantern falcon velvet ginger anchor meadow puzzle'
const COPY = 'river amber copper lantern falcon velvet ginger'

/**
 * A random sequence repeated: surprisal falls to almost nothing in the copy, one diagonal of one head lights up,
 * and without that head the next word is not known any more.
 */
export const INDUCTION_HEAD_SAMPLE: AttentionSample = {
  id: 'induction-head',
  title: 'An induction head',
  lens: 'attention',
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
