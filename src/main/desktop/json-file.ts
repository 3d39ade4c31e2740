import {randomUUID} from 'node:crypto'
import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs'
import {basename, dirname, join} from 'node:path'
import type {z} from 'zod'

/** A small file of the desktop host's own in the user's data folder. */
export interface JsonFile<Value> {
  readonly path: string
  /** What the file holds. A damaged file is set aside under another name and the fallback returned. */
  read(): Value
  /** Replaces it in one step; answers whether it could be written. */
  write(value: Value): boolean
}

/**
 * @param path absolute
 * @param fallback what is used where there is no file, or a damaged one
 * @param tell a sentence for a person: what was set aside, or why nothing is remembered
 */
export function createJsonFile<Value>({
  path,
  schema,
  fallback,
  tell,
}: {
  path: string
  schema: z.ZodType<Value>
  fallback: Value
  tell: (sentence: string) => void
}): JsonFile<Value> {
  let hasToldFailure = false
  return {
    path,
    read() {
      let text: string
      try {
        text = readFileSync(path, 'utf8')
      } catch (error) {
        const {code} = error as NodeJS.ErrnoException
        if (code !== 'ENOENT') tell(`${path} could not be read (${code}); it starts anew.`)
        return fallback
      }
      const parsed = schema.safeParse(parseJson(text))
      if (parsed.success) return parsed.data
      tell(setAside(path))
      return fallback
    },
    // Written while a window closes or the application quits, so it does not wait for anything.
    write(value) {
      const draft = `${path}.${randomUUID()}.tmp`
      try {
        mkdirSync(dirname(path), {recursive: true})
        writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`)
        renameSync(draft, path)
        return true
      } catch (error) {
        if (!hasToldFailure) {
          tell(`${path} could not be written: ${(error as Error).message}. It is not remembered.`)
        }
        hasToldFailure = true
        return false
      }
    },
  }
}

function setAside(path: string): string {
  const name = basename(path, '.json')
  const aside = join(dirname(path), `${name}.damaged-${Date.now()}.json`)
  try {
    renameSync(path, aside)
    return `${path} was damaged. It was kept as ${aside}; it starts anew.`
  } catch (error) {
    return `${path} is damaged and could not be set aside: ${(error as Error).message}.`
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
