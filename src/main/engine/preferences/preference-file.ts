import {randomUUID} from 'node:crypto'
import {constants} from 'node:fs'
import {
  copyFile,
  lstat,
  mkdir,
  open,
  readFile,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {
  DEFAULT_PREFERENCES,
  type Preferences,
  type PreferencesChange,
  preferencesSchema,
} from '../../../shared/domain/preferences.ts'
import type {Problem} from '../../../shared/domain/problem.ts'
import {fileErrorCode} from '../model-folder/file-problems.ts'

export const PREFERENCES_FILE = 'preferences.json'
/** Far more than all preferences take. */
const MAX_BYTES = 1 << 20
/** A lock is held for milliseconds; one this old was left by a process that was killed. */
const STALE_LOCK_MS = 2000
const LOCK_PATIENCE_MS = 4000
const LOCK_RETRY_MS = 15

type Json = Readonly<Record<string, unknown>>

/** A field that cannot be used. */
export interface WrongField {
  readonly name: keyof Preferences
  readonly value: unknown
}

/** A preferences file as it was read. Fields that are missing or wrong have their defaults. */
export interface ParsedPreferences {
  readonly preferences: Preferences
  /** Everything in the file but the wrong fields: those of other versions stay as they are. */
  readonly fields: Json
  readonly wrong: readonly WrongField[]
  /** What stands there instead of a JSON object; null where there is one, or no file. */
  readonly damage: string | null
}

const EMPTY: ParsedPreferences = {
  preferences: DEFAULT_PREFERENCES,
  fields: {},
  wrong: [],
  damage: null,
}

/** Reads a file's text field by field, so that one wrong field costs no other. */
export function parsePreferences(text: string): ParsedPreferences {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    const found = text.trim() === '' ? 'an empty file' : 'text that is not JSON'
    return {...EMPTY, damage: found}
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return {...EMPTY, damage: Array.isArray(json) ? 'a list' : `the value ${shortJson(json)}`}
  }
  const fields: Record<string, unknown> = {...json}
  const preferences: Record<string, unknown> = {...DEFAULT_PREFERENCES}
  const wrong: WrongField[] = []
  for (const name of Object.keys(DEFAULT_PREFERENCES) as (keyof Preferences)[]) {
    if (!Object.hasOwn(fields, name)) continue
    const parsed = preferencesSchema.shape[name].safeParse(fields[name])
    if (parsed.success) {
      preferences[name] = parsed.data
    } else {
      wrong.push({name, value: fields[name]})
      delete fields[name]
    }
  }
  return {preferences: preferencesSchema.parse(preferences), fields, wrong, damage: null}
}

/** Reads the file; one that is missing is an empty one. Throws what the file system throws. */
export async function readPreferenceFile(path: string): Promise<ParsedPreferences> {
  try {
    const found = await stat(path)
    // Opening something that is no file, a named pipe say, could wait for ever.
    if (!found.isFile()) return {...EMPTY, damage: 'a folder or a device'}
    if (found.size > MAX_BYTES) return {...EMPTY, damage: `${found.size} bytes`}
    return parsePreferences(await readFile(path, 'utf8'))
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return EMPTY
    throw error
  }
}

/**
 * Sets some fields and keeps the others as they are on disk now, so that of several engines on one
 * folder each field has its last writer. What was damaged is set aside first. Readers see the old file
 * or the new one, never half of one. Throws what the file system throws.
 */
export async function updatePreferenceFile(
  path: string,
  change: PreferencesChange
): Promise<{preferences: Preferences; problem: Problem | null}> {
  await mkdir(dirname(path), {recursive: true})
  return locked(`${path}.lock`, async () => {
    const parsed = await readPreferenceFile(path)
    const problem = await setAside(path, parsed)
    const hasChange = Object.keys(change).length > 0
    const fields = {...parsed.fields, ...change}
    if (hasChange || parsed.wrong.length > 0) {
      const draft = `${path}.${randomUUID()}.tmp`
      await writeFile(draft, `${JSON.stringify(fields, null, 2)}\n`)
      await rename(draft, path)
    }
    return {preferences: {...parsed.preferences, ...change}, problem}
  })
}

/** Keeps what is damaged under another name, and says so; null where nothing is. */
async function setAside(path: string, {wrong, damage}: ParsedPreferences): Promise<Problem | null> {
  if (damage !== null) {
    const aside = await freeName(path)
    await rename(path, aside)
    return damagedProblem(path, aside, damage)
  }
  if (wrong.length === 0) return null
  const aside = await freeName(path)
  await copyFile(path, aside, constants.COPYFILE_EXCL)
  return repairedProblem(path, aside, wrong)
}

async function freeName(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = join(dirname(path), `preferences.damaged-${n}.json`)
    const isFree = await lstat(name).then(
      () => false,
      (error) => fileErrorCode(error) === 'ENOENT'
    )
    if (isFree) return name
  }
}

/** Runs `task` while no other engine changes the file; without a lock where none can be made. */
async function locked<Result>(lockPath: string, task: () => Promise<Result>): Promise<Result> {
  const isLocked = await takeLock(lockPath)
  try {
    return await task()
  } finally {
    if (isLocked) await unlink(lockPath).catch(() => undefined)
  }
}

async function takeLock(lockPath: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < LOCK_PATIENCE_MS; waitedMs += LOCK_RETRY_MS) {
    try {
      await (await open(lockPath, 'wx')).close()
      return true
    } catch (error) {
      // A folder that takes no lock takes no file either, which is told when it is written.
      if (fileErrorCode(error) !== 'EEXIST') return false
    }
    const found = await stat(lockPath).catch(() => null)
    if (found && Date.now() - found.mtimeMs > STALE_LOCK_MS) {
      await unlink(lockPath).catch(() => undefined)
    } else {
      await sleep(LOCK_RETRY_MS)
    }
  }
  return false
}

const EXPECTED: Readonly<Record<keyof Preferences, string>> = {
  theme: 'system, light or dark',
  textSizePx: 'a number from 11 to 26',
  tokenFont: 'jetbrains-mono or dejavu-sans-mono',
  colors: 'ember, ocean or grey',
  maxMemoryBytes: 'a whole number of at least 67108864, or null',
  threads: 'a whole number from 1 to 256, or null',
}

function damagedProblem(path: string, aside: string, found: string): Problem {
  return {
    code: 'preferences-damaged',
    message: 'The preferences could not be read and are back at their defaults.',
    file: path,
    found,
    expected: 'a JSON object with preferences',
    advice: `Set them again; the damaged file is kept beside it as ${basename(aside)}.`,
  }
}

function repairedProblem(path: string, aside: string, wrong: readonly WrongField[]): Problem {
  const names = wrong.map(({name}) => name).join(', ')
  return {
    code: 'preferences-repaired',
    message:
      wrong.length === 1
        ? `The preference ${names} could not be used and is back at its default.`
        : `The preferences ${names} could not be used and are back at their defaults.`,
    file: path,
    field: names,
    found: wrong.map(({name, value}) => `${name}: ${shortJson(value)}`).join('; '),
    expected: wrong.map(({name}) => `${name}: ${EXPECTED[name]}`).join('; '),
    advice: `Set them again; the file as it was is kept beside it as ${basename(aside)}.`,
  }
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
