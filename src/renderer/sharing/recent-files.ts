import type {KeyValueStorage} from '../store/context.ts'

/** A prompt file that was opened. A browser gives no way back to a file, so what is short is kept. */
export interface RecentFile {
  readonly name: string
  /** Null where it was too long to be kept: it has to be chosen again. */
  readonly text: string | null
}

const KEY = 'tokenscope.recent-files'
export const MOST_RECENT_FILES = 5
/** Longer files are kept by their name alone. */
export const MAX_KEPT_BYTES = 64_000

/** The last first. */
export function readRecentFiles(storage: Pick<KeyValueStorage, 'getItem'>): RecentFile[] {
  try {
    const parsed: unknown = JSON.parse(storage.getItem(KEY) ?? '[]')
    return Array.isArray(parsed) ? parsed.filter(isRecentFile).slice(0, MOST_RECENT_FILES) : []
  } catch {
    return []
  }
}

function isRecentFile(value: unknown): value is RecentFile {
  if (typeof value !== 'object' || value === null) return false
  const {name, text} = value as Partial<Record<keyof RecentFile, unknown>>
  return typeof name === 'string' && (text === null || typeof text === 'string')
}

export function keepRecentFile(storage: KeyValueStorage, {name, text}: RecentFile): void {
  const kept: RecentFile = {name, text: text !== null && text.length > MAX_KEPT_BYTES ? null : text}
  const others = readRecentFiles(storage).filter((other) => other.name !== name)
  writeRecentFiles(storage, [kept, ...others])
}

export function clearRecentFiles(storage: KeyValueStorage): void {
  writeRecentFiles(storage, [])
}

function writeRecentFiles(storage: KeyValueStorage, files: readonly RecentFile[]): void {
  try {
    storage.setItem(KEY, JSON.stringify(files.slice(0, MOST_RECENT_FILES)))
  } catch {
    // Remembering is a convenience; a full storage must not stop a file from being opened.
  }
}
