import {selectInspected} from '../store/selection.ts'
import {selectRunData} from '../store/selectors.ts'
import type {Command} from './command.ts'

const hasTokens: Command['when'] = (state, {captures}) =>
  (selectRunData(state, captures)?.tokens.length ?? 0) > 0

export const nextToken: Command = {
  id: 'next-token',
  title: 'Next token',
  group: 'go',
  shortcut: {key: 'ArrowRight'},
  when: hasTokens,
  run: ({actions}) => actions.walk(1),
}

export const previousToken: Command = {
  id: 'previous-token',
  title: 'Previous token',
  group: 'go',
  shortcut: {key: 'ArrowLeft'},
  when: hasTokens,
  run: ({actions}) => actions.walk(-1),
}

export const firstToken: Command = {
  id: 'first-token',
  title: 'First token',
  group: 'go',
  shortcut: {key: 'Home'},
  when: hasTokens,
  run: ({actions}) => actions.walkTo('first'),
}

export const lastToken: Command = {
  id: 'last-token',
  title: 'Last token',
  group: 'go',
  shortcut: {key: 'End'},
  when: hasTokens,
  run: ({actions}) => actions.walkTo('last'),
}

export const releaseToken: Command = {
  id: 'release-token',
  title: 'Let the token go',
  group: 'go',
  shortcut: {key: 'Escape'},
  when: (state, {captures}) => selectInspected(state, captures) !== null,
  run: ({actions}) => actions.release(),
}
