import {selectTrialSubject, type TrialChange, type TrialSubject} from '../store/attention-trials.ts'
import type {Command} from './command.ts'

interface Test {
  readonly id: string
  readonly title: string
  readonly key: string
  readonly shift?: boolean
  changeOf(subject: TrialSubject): TrialChange | null
}

const test = ({id, title, key, shift, changeOf}: Test): Command => ({
  id,
  title,
  group: 'run',
  detail: 'causal test',
  keywords: 'intervention ablate what mattered',
  shortcut: {key, ...(shift ? {shift} : {})},
  lens: 'attention',
  when: (state, {captures}) => {
    const subject = selectTrialSubject(state, captures)
    return subject !== null && changeOf(subject) !== null
  },
  whyNot: () => 'light a weight of Attention first',
  run: ({store, captures, actions}) => {
    const subject = selectTrialSubject(store.getState(), captures)
    const change = subject && changeOf(subject)
    if (change) actions.tryChange(change, subject.position)
  },
})

/** What is changed inside the model to see what a lit weight, a token or a head does. */
export const ATTENTION_TESTS: readonly Command[] = [
  test({
    id: 'mask-token',
    title: 'Mask the token',
    key: 'm',
    changeOf: ({token}) => ({kind: 'mask', token}),
  }),
  test({
    id: 'delete-token',
    title: 'Delete the token',
    key: 'd',
    changeOf: ({token}) => ({kind: 'delete', token}),
  }),
  test({
    id: 'cut-edge',
    title: 'Cut the lit edge',
    key: 'x',
    changeOf: ({head, place}) => place && {kind: 'cut', head, place},
  }),
  test({
    id: 'cut-edge-in-layer',
    title: 'Cut the lit edge in every head of the layer',
    key: 'x',
    shift: true,
    changeOf: ({head, place}) => place && {kind: 'cut-all', layer: head.layer, place},
  }),
  test({
    id: 'head-off',
    title: 'Switch the head off',
    key: 'o',
    changeOf: ({head}) => ({kind: 'head-off', head, value: 'zero'}),
  }),
  test({
    id: 'head-to-mean',
    title: 'Switch the head to its mean over the samples',
    key: 'o',
    shift: true,
    changeOf: ({head}) => ({kind: 'head-off', head, value: 'mean'}),
  }),
]
