import {selectPicture} from '../store/attention.ts'
import type {Command} from './command.ts'

/** “Heads like this one”: by the similarity of their patterns on the text in hand. */
export const ATTENTION_SIMILAR: readonly Command[] = [
  {
    id: 'similar-heads',
    title: 'Heads like this one',
    group: 'go',
    detail: 'Attention',
    keywords: 'similar alike patterns compare',
    shortcut: {key: 'a'},
    lens: 'attention',
    when: (state, {captures}) =>
      selectPicture(state, captures, state.activePane)?.map.kind === 'head',
    whyNot: () => 'only where one head is shown',
    run({store, captures, actions}) {
      const state = store.getState()
      const map = selectPicture(state, captures, state.activePane)?.map
      if (map?.kind === 'head') actions.findSimilar(map)
    },
  },
]
