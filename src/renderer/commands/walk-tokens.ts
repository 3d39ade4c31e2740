import {selectRunData} from '../store/selectors.ts'
import type {Command} from './command.ts'

const hasTokens: Command['isEnabled'] = (state, {captures}) =>
  (selectRunData(state, captures)?.tokens.length ?? 0) > 0

export const nextToken: Command = {
  id: 'next-token',
  label: 'Next token',
  shortcut: {key: 'ArrowRight'},
  isEnabled: hasTokens,
  run: ({actions}) => actions.walk(1),
}

export const previousToken: Command = {
  id: 'previous-token',
  label: 'Previous token',
  shortcut: {key: 'ArrowLeft'},
  isEnabled: hasTokens,
  run: ({actions}) => actions.walk(-1),
}

export const firstToken: Command = {
  id: 'first-token',
  label: 'First token',
  shortcut: {key: 'Home'},
  isEnabled: hasTokens,
  run: ({actions}) => actions.walkTo('first'),
}

export const lastToken: Command = {
  id: 'last-token',
  label: 'Last token',
  shortcut: {key: 'End'},
  isEnabled: hasTokens,
  run: ({actions}) => actions.walkTo('last'),
}

export const releaseToken: Command = {
  id: 'release-token',
  label: 'Let the token go',
  shortcut: {key: 'Escape'},
  isEnabled: (state) => state.locked !== null || state.hovered !== null,
  run: ({actions}) => actions.release(),
}
