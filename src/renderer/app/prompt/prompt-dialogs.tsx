import {ListImportDialog} from '../prompt-list/prompt-list-import.tsx'
import {JumpDialog} from './prompt-jump.tsx'

/** The dialogs around prompts, which are there wherever the panes are. */
export function PromptDialogs() {
  return (
    <>
      <JumpDialog />
      <ListImportDialog />
    </>
  )
}
