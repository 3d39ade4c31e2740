import type {Workbench} from '../store/workbench.ts'

const MOST_SHOWN = 60

/** Puts a text on the clipboard and says so, or why not. */
export async function copyText(
  {actions}: Pick<Workbench, 'actions'>,
  text: string,
  /** What is named instead of a text that may be long. */
  what?: string
): Promise<void> {
  const short = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
  try {
    await navigator.clipboard.writeText(text)
    actions.notify(`copied ${what ?? short}`)
  } catch {
    actions.notify('the browser did not allow copying')
  }
}
