import {ProblemError} from '../../shared/domain/problem.ts'
import {tokensJson} from '../../shared/figures/tokens/tokens-data.ts'
import {formatLink, type LinkForm} from '../../shared/links/link-text.ts'
import {copyText} from '../commands/copy-text.ts'
import {selectLink} from '../store/links.ts'
import {selectActiveRun} from '../store/run-records.ts'
import {selectResult} from '../store/selectors.ts'
import type {WorkbenchState} from '../store/state.ts'
import {selectUnitChoice} from '../store/unit.ts'
import type {Workbench} from '../store/workbench.ts'
import {cliCommand, type ShownTokens} from './cli-command.ts'
import {pythonSnippet} from './python-snippet.ts'
import {lensTsv, nextTsv, tokensTsv} from './tokens-tsv.ts'

/** Longer ones are cut on their way through a command line of Windows. */
const LONGEST_DESKTOP_LINK = 32_000

/** What the active pane shows, as far as a command or a file can say it; null where nothing was run. */
export function selectShown(
  state: WorkbenchState,
  {captures}: Pick<Workbench, 'captures'>
): ShownTokens | null {
  const run = selectActiveRun(state)
  const result = selectResult(state, captures)
  if (!run || !result || result.tokens.length === 0) return null
  return {
    result,
    asked: run.request,
    unit: selectUnitChoice(state, run.id),
    tracks: [...state.parameters.tracks],
  }
}

/** The address of a served page; the desktop's page has none. */
export function servedForm(): LinkForm | null {
  return globalThis.location?.protocol.startsWith('http')
    ? {kind: 'served', origin: location.origin}
    : null
}

/** Copies a link to the view that is shown. */
export async function copyLink(workbench: Workbench, form: LinkForm): Promise<void> {
  const {store, captures, actions} = workbench
  let link: string
  try {
    link = formatLink(selectLink(store.getState(), captures), form)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const {message, found, expected, advice} = error.problem
    actions.notify(`${message} It would be ${found}, ${expected}. ${advice}`)
    return
  }
  const isLong = form.kind === 'desktop' && link.length > LONGEST_DESKTOP_LINK
  const where = isLong
    ? 'too long for the desktop to take by itself: paste it into “Open a link…”'
    : form.kind === 'served'
      ? 'it opens in this browser while this Tokenscope runs; elsewhere paste it into “Open a link…”'
      : 'it opens in the desktop app, or pasted into “Open a link…”'
  await copyText(workbench, link, `a link of ${link.length} characters: ${where}`)
}

const TEXTS = {
  command: {what: 'the command', textOf: (shown: ShownTokens) => cliCommand(shown)},
  tsv: {what: 'the tokens as TSV', textOf: ({result}: ShownTokens) => tokensTsv(result)},
  next: {what: 'the next tokens as TSV', textOf: ({result}: ShownTokens) => nextTsv(result)},
  lens: {
    what: 'the logit lens as TSV',
    textOf: ({result}: ShownTokens) => lensTsv(result),
  },
  json: {
    what: 'the result as JSON',
    textOf: ({result}: ShownTokens) => `${JSON.stringify(tokensJson(result, false), null, 2)}\n`,
  },
  python: {
    what: 'Python that loads tokens.csv: export the data as CSV beside it',
    textOf: ({result}: ShownTokens) => pythonSnippet(result),
  },
} as const
export type SharedText = keyof typeof TEXTS

/** Copies the command that writes a figure or its data as the export dialog would. */
export async function copyFileCommand(
  workbench: Workbench,
  file: NonNullable<ShownTokens['file']>
): Promise<void> {
  const shown = selectShown(workbench.store.getState(), workbench)
  if (shown) await copyText(workbench, cliCommand({...shown, file}), TEXTS.command.what)
}

/** Copies what is shown in one of its forms. */
export async function copyShown(workbench: Workbench, form: SharedText): Promise<void> {
  const shown = selectShown(workbench.store.getState(), workbench)
  if (shown) await copyText(workbench, TEXTS[form].textOf(shown), TEXTS[form].what)
}
