import {randomUUID} from 'node:crypto'
import {mkdir, readFile, rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {z} from 'zod'
import type {Warning} from '../../../shared/domain/problem.ts'
import {fileErrorCode, problemOfFileError} from './file-problems.ts'

const MAX_RECENT_COUNT = 12
const recentsSchema = z.object({version: z.literal(1), folders: z.array(z.string().min(1))})

/** Folders of models that were opened, the last first, and what was wrong with the list. */
export interface RecentFolders {
  readonly folders: readonly string[]
  readonly warning: Warning | null
}

/** The recent folders kept in `stateFolder`; null keeps nothing between two starts of the engine. */
export class Recents {
  private unsaved: readonly string[] = []
  private writing: Promise<unknown> = Promise.resolve()

  constructor(private readonly stateFolder: string | null) {}

  /** A damaged list is set aside under another name, which the warning says. */
  async read(): Promise<RecentFolders> {
    if (this.stateFolder === null) return {folders: this.unsaved, warning: null}
    const path = join(this.stateFolder, 'recents.json')
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if (fileErrorCode(error) === 'ENOENT') return {folders: [], warning: null}
      throw problemOfFileError(error, path, 'The list of recent models')
    }
    const parsed = recentsSchema.safeParse(parseJson(text))
    if (parsed.success) return {folders: parsed.data.folders, warning: null}
    const aside = join(this.stateFolder, `recents.damaged-${Date.now()}.json`)
    await rename(path, aside)
    return {
      folders: [],
      warning: {
        code: 'recents-damaged',
        message: `The list of recent models could not be read. It was kept as ${aside}; the list starts anew.`,
      },
    }
  }

  /** Puts a folder first. Changes are made one after another, so that none undoes another. */
  add(folder: string): Promise<RecentFolders> {
    return this.change((folders) =>
      [folder, ...folders.filter((other) => other !== folder)].slice(0, MAX_RECENT_COUNT)
    )
  }

  /** Takes a folder off the list; nothing where it is not on it. */
  remove(folder: string): Promise<RecentFolders> {
    return this.change((folders) => folders.filter((other) => other !== folder))
  }

  private change(
    nextOf: (folders: readonly string[]) => readonly string[]
  ): Promise<RecentFolders> {
    const next = this.writing.then(() => this.changeNow(nextOf))
    this.writing = next.catch(() => {})
    return next
  }

  private async changeNow(
    nextOf: (folders: readonly string[]) => readonly string[]
  ): Promise<RecentFolders> {
    const {folders, warning} = await this.read()
    const next = nextOf(folders)
    if (this.stateFolder === null) {
      this.unsaved = next
    } else {
      await mkdir(this.stateFolder, {recursive: true})
      const path = join(this.stateFolder, 'recents.json')
      // Renaming is one step, so a reader sees the old list or the new one, never half of one.
      const draft = `${path}.${randomUUID()}.tmp`
      await writeFile(draft, `${JSON.stringify({version: 1, folders: next}, null, 2)}\n`)
      await rename(draft, path)
    }
    return {folders: next, warning}
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
