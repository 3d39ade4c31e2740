import {chooseFiles} from '../sharing/open-files.ts'
import {copyLink, copyShown, type SharedText, selectShown, servedForm} from '../sharing/share.ts'
import type {Command} from './command.ts'

export const copyLinkCommand: Command = {
  id: 'copy-link',
  title: 'Copy link',
  group: 'file',
  detail: 'model, prompt, lens and selection',
  keywords: 'share url address view',
  shortcut: {key: 'l', mod: true, shift: true},
  worksInText: true,
  when: () => true,
  run: (workbench) => void copyLink(workbench, servedForm() ?? {kind: 'desktop'}),
}

export const copyDesktopLink: Command = {
  id: 'copy-desktop-link',
  title: 'Copy link for the desktop app',
  group: 'file',
  detail: 'tokenscope://',
  keywords: 'share url address view',
  when: () => servedForm() !== null,
  whyNot: () => '“Copy link” is one',
  run: (workbench) => void copyLink(workbench, {kind: 'desktop'}),
}

const shownCommand = (
  form: SharedText,
  command: Pick<Command, 'id' | 'title' | 'keywords' | 'detail'>
): Command => ({
  ...command,
  group: 'edit',
  when: (state, workbench) => selectShown(state, workbench) !== null,
  whyNot: () => 'nothing was run',
  run: (workbench) => void copyShown(workbench, form),
})

export const copyCommand = shownCommand('command', {
  id: 'copy-cli-command',
  title: 'Copy as CLI command',
  detail: 'for a terminal',
  keywords: 'share shell terminal batch command line',
})
export const copyTsv = shownCommand('tsv', {
  id: 'copy-tsv',
  title: 'Copy tokens as TSV',
  detail: 'for a spreadsheet',
  keywords: 'share data table excel statistics',
})
export const copyNextTsv = shownCommand('next', {
  id: 'copy-next-tsv',
  title: 'Copy next tokens as TSV',
  detail: 'for a spreadsheet',
  keywords: 'share data table candidates',
})
export const copyLensTsv: Command = {
  ...shownCommand('lens', {
    id: 'copy-lens-tsv',
    title: 'Copy logit lens as TSV',
    detail: 'for a spreadsheet',
    keywords: 'share data table layers',
  }),
  when: (state, workbench) => selectShown(state, workbench)?.result.logitLens !== undefined,
  whyNot: () => 'the view “Logit lens” is not shown',
}
export const copyJson = shownCommand('json', {
  id: 'copy-json',
  title: 'Copy result as JSON',
  keywords: 'share data object',
})
export const copyPython = shownCommand('python', {
  id: 'copy-python',
  title: 'Copy Python that loads the data',
  detail: 'pandas, tokens.csv',
  keywords: 'share data notebook pandas snippet',
})

export const openLink: Command = {
  id: 'open-link',
  title: 'Open a link…',
  group: 'file',
  keywords: 'paste url address tokenscope',
  worksInText: true,
  when: () => true,
  run: ({actions}) => actions.openDialog('link'),
}

export const openFile: Command = {
  id: 'open-file',
  title: 'Open a prompt file…',
  group: 'file',
  detail: 'text, CSV, JSON or JSONL',
  keywords: 'load import list txt',
  when: () => true,
  run: (workbench) => chooseFiles(workbench),
}

/** What the menu beside Export offers. */
export const COPY_COMMANDS: readonly Command[] = [
  copyLinkCommand,
  copyDesktopLink,
  copyCommand,
  copyTsv,
  copyNextTsv,
  copyLensTsv,
  copyJson,
  copyPython,
]
