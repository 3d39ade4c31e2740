import {canGoBack, canGoForward} from '../store/views.ts'
import type {Command} from './command.ts'

/** The same pages that the browser's own buttons and a mouse's fourth and fifth walk. */
export const goBack: Command = {
  id: 'go-back',
  title: 'Back to the last view',
  group: 'go',
  keywords: 'history previous view',
  shortcut: {key: 'ArrowLeft', alt: true, on: 'others'},
  otherShortcuts: [{key: '[', mod: true, on: 'mac'}],
  worksInText: true,
  when: canGoBack,
  whyNot: () => 'this is the first view',
  run: ({actions}) => actions.goBack(),
}

export const goForward: Command = {
  id: 'go-forward',
  title: 'Forward to the next view',
  group: 'go',
  keywords: 'history view',
  shortcut: {key: 'ArrowRight', alt: true, on: 'others'},
  otherShortcuts: [{key: ']', mod: true, on: 'mac'}],
  worksInText: true,
  when: canGoForward,
  whyNot: () => 'this is the last view',
  run: ({actions}) => actions.goForward(),
}
