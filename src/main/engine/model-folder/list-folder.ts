import type {Dirent} from 'node:fs'
import {readdir, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {basename, dirname, join, resolve} from 'node:path'
import type {FolderListing} from '../../../shared/contract/contract.ts'
import {problemOfFileError} from './file-problems.ts'
import {expandHome, hubCacheFolder} from './hub-cache.ts'
import {readModelListing} from './read-model-folder.ts'

type FolderEntry = FolderListing['entries'][number]

/** A folder of ten thousand entries is still listed, but not looked into for models. */
const MAX_PROBED_COUNT = 1000
const collator = new Intl.Collator('en', {numeric: true, sensitivity: 'base'})

/**
 * What a folder of this machine holds, for a chooser: folders first, then files, hidden ones left out.
 * The home folder where no path is given. Throws a Problem where the folder cannot be read.
 */
export async function listFolder(
  path: string | undefined,
  options: {readonly recents: readonly string[]; readonly cacheFolder?: string}
): Promise<FolderListing> {
  const folder = resolve(path === undefined || path === '' ? homedir() : expandHome(path))
  let found: Dirent[]
  try {
    found = await readdir(folder, {withFileTypes: true})
  } catch (error) {
    throw problemOfFileError(error, folder, 'The folder')
  }
  const visible = found.filter((entry) => !entry.name.startsWith('.'))
  const canProbe = visible.length <= MAX_PROBED_COUNT
  const entries = await Promise.all(visible.map((entry) => describeEntry(folder, entry, canProbe)))
  const parent = dirname(folder)
  return {
    path: folder,
    parent: parent === folder ? null : parent,
    places: await listPlaces(options),
    entries: entries.filter((entry) => entry !== null).sort(compareEntries),
    model: (await isModelFolder(folder))
      ? await readModelListing(folder, {id: basename(folder), source: 'folder'})
      : null,
  }
}

async function describeEntry(
  folder: string,
  entry: Dirent,
  canProbe: boolean
): Promise<FolderEntry | null> {
  const path = join(folder, entry.name)
  let isFolder = entry.isDirectory()
  if (entry.isSymbolicLink()) {
    const target = await stat(path).catch(() => null)
    if (!target) return null
    isFolder = target.isDirectory()
  }
  if (!isFolder) return {name: entry.name, path, kind: 'file'}
  const kind = canProbe && (await isModelFolder(path)) ? 'model' : 'folder'
  return {name: entry.name, path, kind}
}

/** A folder with a configuration and an ONNX file, whatever may be wrong with them. */
async function isModelFolder(folder: string): Promise<boolean> {
  const names = await namesIn(folder)
  if (!names.includes('config.json')) return false
  const isGraph = (name: string) => /\.onnx$/i.test(name)
  if (names.some(isGraph)) return true
  return names.includes('onnx') && (await namesIn(join(folder, 'onnx'))).some(isGraph)
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}

function compareEntries(a: FolderEntry, b: FolderEntry): number {
  const isFile = (entry: FolderEntry) => Number(entry.kind === 'file')
  return isFile(a) - isFile(b) || collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1)
}

async function listPlaces(options: {
  readonly recents: readonly string[]
  readonly cacheFolder?: string
}): Promise<FolderListing['places']> {
  const candidates = [
    {name: 'Home', path: homedir()},
    {name: 'Hugging Face cache', path: options.cacheFolder ?? hubCacheFolder()},
    ...options.recents.map((path) => ({name: basename(path), path})),
  ]
  const isThere = await Promise.all(
    candidates.map(({path}) =>
      stat(path).then(
        (found) => found.isDirectory(),
        () => false
      )
    )
  )
  return candidates.filter((_, i) => isThere[i])
}
