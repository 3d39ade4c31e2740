import type {AttributionMethod, AttributionPresetName, AttributionRow} from '../lenses/attribute.ts'
import {count, numberIn, prob, type SampleOf, token} from './sample.ts'

/** What the claim of an attribution sample looks at: the likeliest token after its prompt, by three methods. */
export interface AttributionSampleResult {
  /** Of the prompt. */
  readonly tokens: readonly {
    readonly id: number
    readonly text: string
    readonly bytesHex: string
  }[]
  /** The method of the sample. */
  readonly reagent: AttributionRow
  /** Each token masked by itself. */
  readonly masked: AttributionRow
  readonly rollout: AttributionRow
}

export type AttributionSample = SampleOf<
  'attribute',
  {
    selection: object
    settings: {readonly method: AttributionMethod; readonly preset: AttributionPresetName}
    result: AttributionSampleResult
  }
>

/**
 * Twelve key–value pairs with keys nearly alike. A handful of tokens decide what follows, and any of them alone
 * undoes it: the key as it is asked, the same key in the list, and what stands after that up to the value.
 * ReAGent finds them where it replaces a tenth of the text at a time, as the preset of its token-level settings does:
 * of three tenths there is nearly always one of them. Attention rollout ranks by position instead.
 */
const RETRIEVAL: AttributionSample = {
  id: 'retrieval-causes',
  title: 'What a retrieved value rests on',
  lens: 'attribute',
  view: null,
  model: 'micro-base',
  prompt:
    'list: silver keys = mountain, garden bells = needle, stone lamps = pilot, silver lamps = parrot, valley maps = thunder, harbor drums = teacher, silver maps = orchid, stone keys = beacon, lemon cups = ruby, garden boats = honey, lemon lamps = singer, silver cups = actor. stone lamps = pilot. silver lamps = parrot. lemon lamps =',
  selection: {position: 'end', text: ' ='},
  settings: {method: 'reagent', preset: 'token'},
  claim: {
    name: 'what decides a value among keys nearly alike, and what attention says',
    measure({tokens, reagent, masked, rollout}) {
      const [answerId] = masked.target.tokenIds
      const end = tokens.length - 1
      // The key that is asked, as it stands in the list.
      const key = [tokens[end - 2]?.id, tokens[end - 1]?.id]
      const listed = tokens.findIndex(
        ({id}, at) => at < end - 2 && id === key[0] && tokens[at + 1]?.id === key[1]
      )
      const value = listed + 3
      if (listed < 0 || tokens[value]?.id !== answerId) return null
      const causes = new Set([end - 2, end - 1, listed, listed + 1, listed + 2, value])
      const lost = (isCause: boolean) =>
        masked.values
          .filter(({position}) => causes.has(position) === isCause)
          .map((entry) => entry.value)
      const attended = rollout.values.find(({position}) => position === value)?.value
      if (attended === undefined || lost(true).length !== causes.size) return null
      const highest = [...reagent.values]
        .sort((a, b) => b.value - a.value)
        .slice(0, causes.size)
        .map(({position}) => position)
      const hasAll = [[end - 2, end - 1], [listed, listed + 1], [value]].every((group) =>
        group.some((position) => highest.includes(position))
      )
      return {
        hits: count(highest.filter((position) => causes.has(position)).length),
        groups: count(hasAll ? 3 : 0),
        count: count(causes.size),
        least: prob(Math.min(...lost(true))),
        others: prob(Math.max(...lost(false))),
        prob: prob(masked.target.prob),
        answer: token(tokens[value]!),
        place: count(1 + rollout.values.filter((entry) => entry.value > attended).length),
        all: count(rollout.values.length),
      }
    },
    holds: (slots) =>
      numberIn(slots, 'hits') >= 4 &&
      numberIn(slots, 'groups') === 3 &&
      numberIn(slots, 'prob') > 0.95 &&
      numberIn(slots, 'least') > 0.9 * numberIn(slots, 'prob') &&
      numberIn(slots, 'others') < 0.05 &&
      numberIn(slots, 'place') > 6,
    caption:
      'Masking any of {count} tokens takes {answer} from {prob} down by at least {least}: its key where it is asked, the key in the list up to the value, and the value. No other takes more than {others}. Of the {count} that ReAGent has highest {hits} are among them. Attention rollout has the value at place {place} of {all}.',
  },
}

/** Prompts whose causes are known. */
export const ATTRIBUTION_SAMPLES: readonly AttributionSample[] = [RETRIEVAL]
