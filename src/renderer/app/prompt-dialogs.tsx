import {JumpDialog} from './prompt-jump.tsx'
import {ListImportDialog} from './prompt-list-import.tsx'

/** The dialogs around prompts, which are there wherever the panes are. */
export function PromptDialogs() {
  return (
    <>
      <JumpDialog />
      <ListImportDialog />
    </>
  )
}
