import {writeClipboard} from '../../sharing/write-clipboard.ts'
import type {Workbench} from '../../store/workbench.ts'

const MOST_SHOWN = 60

/** Puts a text on the clipboard and says so, or why not. */
export async function copyValue(
  {actions}: Pick<Workbench, 'actions'>,
  text: string
): Promise<void> {
  const short = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
  const isCopied = await writeClipboard(text)
  actions.notify(isCopied ? `copied ${short}` : 'the browser did not allow copying')
}
