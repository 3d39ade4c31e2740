import {
  selectShownMaps,
  shownCommand,
  shownHeadsText,
  shownImportanceText,
  shownJson,
  shownPruningText,
  shownPython,
  shownRowText,
} from '../lenses/attention/copy-shown.ts'
import {ATTENTION_LENS} from '../store/attention-state.ts'
import {selectPane} from '../store/panes.ts'
import {selectLock} from '../store/selection.ts'
import type {Workbench} from '../store/workbench.ts'
import type {Command} from './command.ts'
import {copyText} from './copy-text.ts'
import {copyDesktopLink, copyLinkCommand} from './sharing.ts'

/** Copies a text of what is shown, which may have to be asked for first. */
async function copyShownText(
  workbench: Workbench,
  what: string,
  textOf: (workbench: Workbench) => Promise<string | null> | string | null
): Promise<void> {
  let text: string | null
  try {
    text = await textOf(workbench)
  } catch (error) {
    workbench.actions.notify(error instanceof Error ? error.message : 'it could not be copied')
    return
  }
  if (text !== null) await copyText(workbench, text, what)
}

interface Copy extends Pick<Command, 'id' | 'title' | 'keywords' | 'detail'> {
  /** What was copied, in words. */
  readonly what: string
  readonly isThere: (workbench: Workbench) => boolean
  readonly whyNotThere: string
  readonly textOf: (workbench: Workbench) => Promise<string | null> | string | null
}

const copyOf = ({what, isThere, whyNotThere, textOf, ...command}: Copy): Command => ({
  ...command,
  group: 'edit',
  lens: ATTENTION_LENS,
  when: (state, workbench) => selectPane(state).lensId === ATTENTION_LENS && isThere(workbench),
  whyNot: (state) =>
    selectPane(state).lensId === ATTENTION_LENS ? whyNotThere : 'the attention lens is not shown',
  run: (workbench) => void copyShownText(workbench, what, textOf),
})

const hasMaps = ({store, captures}: Workbench) =>
  selectShownMaps(store.getState(), captures).length > 0
const hasRow = (workbench: Workbench) => {
  const {store, captures} = workbench
  const state = store.getState()
  return hasMaps(workbench) && selectLock(state, captures, selectPane(state).runId) !== null
}

const ATTENTION_DATA: readonly Command[] = [
  copyOf({
    id: 'copy-attention-command',
    title: 'Copy attention as CLI command',
    detail: 'for a terminal',
    keywords: 'share shell terminal batch npz',
    what: 'the command',
    isThere: (workbench) => shownCommand(workbench) !== null,
    whyNotThere: 'nothing is captured',
    textOf: shownCommand,
  }),
  copyOf({
    id: 'copy-attention-row',
    title: 'Copy the selected row as TSV',
    detail: 'what it reads, for a spreadsheet',
    keywords: 'share data table weights',
    what: 'the row as TSV',
    isThere: hasRow,
    whyNotThere: 'no token is selected in a view of heads',
    textOf: shownRowText,
  }),
  copyOf({
    id: 'copy-attention-heads',
    title: 'Copy the table of heads as TSV',
    detail: 'scores, chance and labels',
    keywords: 'share data statistics',
    what: 'the table of heads as TSV',
    isThere: (workbench) => shownHeadsText(workbench) !== null,
    whyNotThere: 'heads are not scored yet',
    textOf: shownHeadsText,
  }),
  copyOf({
    id: 'copy-attention-importance',
    title: 'Copy importances as TSV',
    detail: 'of every token',
    keywords: 'share data pagerank rollout flow',
    what: 'the importances as TSV',
    isThere: (workbench) => shownImportanceText(workbench) !== null,
    whyNotThere: 'only in the graph',
    textOf: shownImportanceText,
  }),
  copyOf({
    id: 'copy-attention-pruning',
    title: 'Copy what stays and goes as TSV',
    detail: 'of every token',
    keywords: 'share data pruning',
    what: 'the pruning as TSV',
    isThere: (workbench) => shownPruningText(workbench) !== null,
    whyNotThere: 'only in the view “Pruning”',
    textOf: shownPruningText,
  }),
  copyOf({
    id: 'copy-attention-json',
    title: 'Copy attention as JSON',
    detail: 'what the view draws',
    keywords: 'share data object',
    what: 'the attention as JSON',
    isThere: (workbench) => shownCommand(workbench) !== null,
    whyNotThere: 'nothing is captured',
    textOf: shownJson,
  }),
  copyOf({
    id: 'copy-attention-python',
    title: 'Copy Python that loads the weights',
    detail: 'numpy and pandas, attention.npz',
    keywords: 'share data notebook snippet',
    what: 'Python that loads attention.npz; its first lines say what writes that',
    isThere: (workbench) => shownPython(workbench) !== null,
    whyNotThere: 'only in a view of heads',
    textOf: shownPython,
  }),
]

export {ATTENTION_DATA}

/** What the menu beside Export offers in the attention lens. */
export const ATTENTION_COPIES: readonly Command[] = [
  copyLinkCommand,
  copyDesktopLink,
  ...ATTENTION_DATA,
]
