import type {Workbench} from '../store/workbench.ts'

/** Shows what a file holds as a prompt list, before any of it is imported. */
export function openPromptList(workbench: Workbench, name: string, text: string): boolean {
  workbench.actions.showList(true)
  workbench.actions.openImport({name, text})
  return true
}
