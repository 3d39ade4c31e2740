import type {Definition} from './definition.ts'

/** What the attribution lens shows. */
export const ATTRIBUTION_DEFINITIONS = {
  'attribution-value': {
    title: 'nats per step',
    unit: 'nats per step, signed',
    text: 'Mean over probes of (u − u⁰) / steps: how fast a token’s score grows as replacing it lowers the target’s probability. All probes count, those that never stopped as well. It does not collapse when many steps are made.',
    source: 'ours; the steps are ReAGent’s (Zhao and Shan 2024)',
    topic: 'Attribution',
  },
  'attribution-released': {
    title: 'released s',
    unit: 'a share; all sum to 1',
    text: 'Mean over stopped probes of the softmax of their scores. A probe that stops early keeps mostly its random start, whose level is drawn as a line.',
    source: 'Zhao and Shan 2024, as in their code',
    topic: 'Attribution',
  },
  'attribution-range': {
    title: '10th to 90th',
    unit: 'that of the value',
    text: '10th and 90th percentile over the probes that stopped, or over draws. The value is the mean of all probes, stopped or not, so it may lie outside while some have not stopped. The rationale is of stopped probes alone, of all while none has stopped.',
    source: 'ours',
    topic: 'Attribution',
  },
  'attribution-mask': {
    title: 'Occlusion, mask',
    unit: 'probability lost',
    text: 'What the target loses when no other token sees this one; its own place still does. Where the target is read at the last token of the context no other reads that, so its value is exactly 0 and no finding. Masking position 0 removes the attention sink.',
    source: 'ours',
    topic: 'Attribution',
  },
  'attribution-soft-ns': {
    title: 'Soft-NS',
    unit: 'a number from 0 up; high is good',
    text: 'How near the prediction stays when elements of each embedding are kept with the token’s share of the importance: (ΔP₀ − ΔP) / ΔP₀ of Hellinger distances; of their squares in the released form.',
    source: 'Zhao and Aletras 2023',
    topic: 'Attribution',
  },
  'attribution-soft-nc': {
    title: 'Soft-NC',
    unit: 'a number from 0 up; high is good',
    text: 'How far the prediction goes when elements of each embedding are zeroed with the token’s share of the importance: ΔP / ΔP₀ of Hellinger distances; of their squares in the released form.',
    source: 'Zhao and Aletras 2023',
    topic: 'Attribution',
  },
  'attribution-log-ratio': {
    title: 'ln / random',
    unit: 'nats; 0 is no better than chance',
    text: 'Natural logarithm of the mean over draws to the mean of random scores; beside it to the method’s own scores at other positions.',
    source: 'Zhao and Shan 2024; to shuffled scores: ours',
    topic: 'Attribution',
  },
  'attribution-rank-correlation': {
    title: 'rank ρ',
    unit: 'a number from −1 to 1',
    text: 'Spearman’s correlation of a method’s values with those of the chosen method, over the tokens that both score.',
    source: 'Spearman 1904',
    topic: 'Attribution',
  },
} as const satisfies Readonly<Record<string, Definition>>
