import {chooseFiles, openPromptFile} from '../sharing/open-files.ts'
import {clearRecentFiles, MOST_RECENT_FILES, readRecentFiles} from '../sharing/recent-files.ts'
import type {Command} from './command.ts'

// Outside of a page, as in tests, nothing was opened before.
const storage = () => (typeof localStorage === 'undefined' ? NOTHING_KEPT : localStorage)
const NOTHING_KEPT = {getItem: () => null, setItem: () => undefined}
const recentAt = (index: number) => readRecentFiles(storage())[index]

/** Prompt files that were opened before; a long one has to be chosen again. */
const RECENT_FILE_COMMANDS = Array.from(
  {length: MOST_RECENT_FILES},
  (_, index): Command => ({
    id: `recent-file-${index + 1}`,
    title: () => `Open ${recentAt(index)?.name ?? 'a recent prompt file'} again`,
    plainTitle: `Open recent prompt file ${index + 1} again`,
    group: 'file',
    detail: 'recent prompt file',
    isHiddenUnlessPossible: true,
    keywords: 'recent last file prompt',
    when: () => recentAt(index) !== undefined,
    whyNot: () => 'no such file was opened',
    run(workbench) {
      const file = recentAt(index)
      if (!file) return
      if (file.text !== null) openPromptFile(workbench, file.name, file.text)
      else {
        workbench.actions.notify(`${file.name} was too long to be kept: choose it again`)
        chooseFiles(workbench)
      }
    },
  })
)

const clearRecent: Command = {
  id: 'clear-recent-files',
  title: 'Forget recent prompt files',
  group: 'file',
  keywords: 'recent clear remove',
  isHiddenUnlessPossible: true,
  when: () => recentAt(0) !== undefined,
  whyNot: () => 'none were opened',
  run(workbench) {
    clearRecentFiles(storage())
    workbench.actions.notify('recent prompt files are forgotten')
  },
}

export const RECENT_FILES: readonly Command[] = [...RECENT_FILE_COMMANDS, clearRecent]
