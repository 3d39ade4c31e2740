import type {Workbench} from '../store/workbench.ts'

/** Reads a file as a prompt list and shows it; false where it holds none, which is said. */
export function openPromptList(workbench: Workbench, name: string, text: string): boolean {
  workbench.actions.setPrompt({promptText: text, isChat: false}, `open ${name}`)
  return true
}
