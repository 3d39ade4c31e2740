import {isAbsolute, join} from 'node:path'
import {app} from 'electron'
import {z} from 'zod'
import {createJsonFile} from './json-file.ts'
import type {Pages} from './pages.ts'

const MAX_RECENT = 12
const MAX_PATH_LENGTH = 4096
const recentSchema = z.object({version: z.literal(1), paths: z.array(z.string().min(1))})

/** Folders and files that were opened, the last first. */
export interface RecentPaths {
  paths(): readonly string[]
  clear(): void
  onChange(listener: () => void): void
}

/** Remembers what pages say they opened, for the menu and for the platform's own list. */
export function keepRecentPaths(pages: Pages): RecentPaths {
  const file = createJsonFile({
    path: join(app.getPath('userData'), 'recent.json'),
    schema: recentSchema,
    fallback: {version: 1 as const, paths: []},
    tell: pages.announce,
  })
  let paths = file.read().paths.slice(0, MAX_RECENT)
  const listeners: (() => void)[] = []
  const set = (next: string[]) => {
    paths = next
    file.write({version: 1, paths})
    for (const listener of listeners) listener()
  }

  pages.on('opened', ({path}) => {
    if (!isAbsolute(path) || path.length > MAX_PATH_LENGTH || path.includes('\0')) {
      console.error('A path was not remembered: it is not absolute, or longer than a path can be.')
      return
    }
    app.addRecentDocument(path)
    if (paths[0] === path) return
    set([path, ...paths.filter((other) => other !== path)].slice(0, MAX_RECENT))
  })

  return {
    paths: () => paths,
    clear() {
      app.clearRecentDocuments()
      set([])
    },
    onChange: (listener) => void listeners.push(listener),
  }
}
