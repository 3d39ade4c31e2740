import {attributionCopies} from '../lenses/attribute/attribution-copies.ts'
import {criticalCopies} from '../lenses/critical/critical-copies.ts'
import type {LensCopies} from '../sharing/lens-copies.ts'
import {chooseFiles} from '../sharing/open-files.ts'
import {copyLink, copyShown, type SharedText, selectShown, servedForm} from '../sharing/share.ts'
import {ATTRIBUTION_LENS} from '../store/attribution-state.ts'
import {CRITICAL_LENS} from '../store/critical-state.ts'
import {selectPane} from '../store/panes.ts'
import type {WorkbenchState} from '../store/state.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'
import {copyText} from './copy-text.ts'

/** By lens; of the others the tokens are copied. */
const LENS_COPIES: Readonly<Record<string, LensCopies>> = {
  [ATTRIBUTION_LENS]: attributionCopies,
  [CRITICAL_LENS]: criticalCopies,
}

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

/** What the lens of the active pane has of its own in place of the tokens; null where it has nothing. */
const copiesIn = (state: WorkbenchState) => LENS_COPIES[selectPane(state).lensId] ?? null
const isOfTokens = (state: WorkbenchState) => copiesIn(state) === null

const shownCommand = (
  form: SharedText,
  command: Pick<Command, 'id' | 'title' | 'plainTitle' | 'keywords' | 'detail'>
): Command => ({
  ...command,
  group: 'edit',
  when: (state, workbench) => selectShown(state, workbench) !== null,
  whyNot: () => 'nothing was run',
  run: (workbench) => void copyShown(workbench, form),
})

/** Of what the active pane shows: of its lens where that has results of its own, else of the tokens. */
const paneCommand = (
  form: 'command' | 'json',
  command: Pick<Command, 'id' | 'title' | 'keywords' | 'detail'>
): Command => {
  const ofTokens = shownCommand(form, command)
  return {
    ...ofTokens,
    when: (state, workbench) =>
      copiesIn(state)
        ? copiesIn(state)!.copiesOf(state, workbench.captures) !== null
        : ofTokens.when(state, workbench),
    whyNot: (state) => (isOfTokens(state) ? 'nothing was run' : 'nothing is there yet'),
    run: (workbench) => {
      if (isOfTokens(workbench.store.getState())) ofTokens.run(workbench)
      else void copyOfLens(workbench, form)
    },
  }
}

/** It is about the files and tables of the tokens, which are not in sight where a lens has others. */
function tokensOnly(command: Command): Command {
  return {
    ...command,
    when: (state, workbench) => isOfTokens(state) && command.when(state, workbench),
    whyNot: (state) => (isOfTokens(state) ? 'nothing was run' : 'the lens “Tokens” is not shown'),
  }
}

async function copyOfLens(workbench: Workbench, form: 'command' | 'tsv' | 'json'): Promise<void> {
  const state = workbench.store.getState()
  const copies = copiesIn(state)
  const texts = copies?.copiesOf(state, workbench.captures)
  if (!copies || !texts) return
  const names = {
    command: 'the command',
    tsv: `${copies.noun} as TSV`,
    json: `${copies.noun} as JSON`,
  }
  await copyText(workbench, texts[form](), names[form])
}

export const copyCommand = paneCommand('command', {
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
export const copyNextTsv = tokensOnly(
  shownCommand('next', {
    id: 'copy-next-tsv',
    title: 'Copy next tokens as TSV',
    detail: 'for a spreadsheet',
    keywords: 'share data table candidates',
  })
)
/** Of a lens that has results of its own. */
export const copyPaneTsv: Command = {
  id: 'copy-pane-tsv',
  title: (state) => `Copy ${copiesIn(state)?.noun ?? 'values'} as TSV`,
  plainTitle: 'Copy the values of a lens as TSV',
  group: 'edit',
  detail: 'for a spreadsheet',
  keywords: 'share data table excel attribution',
  isHiddenUnlessPossible: true,
  when: (state, {captures}) => (copiesIn(state)?.copiesOf(state, captures) ?? null) !== null,
  whyNot: () => 'the lens has no values of its own, or not yet',
  run: (workbench) => void copyOfLens(workbench, 'tsv'),
}
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
export const copyJson = paneCommand('json', {
  id: 'copy-json',
  title: 'Copy result as JSON',
  keywords: 'share data object',
})
export const copyPython = tokensOnly(
  shownCommand('python', {
    id: 'copy-python',
    title: 'Copy Python that loads the data',
    detail: 'pandas, tokens.csv',
    keywords: 'share data notebook pandas snippet',
  })
)

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
  copyPaneTsv,
  copyTsv,
  copyNextTsv,
  copyLensTsv,
  copyJson,
  copyPython,
]
