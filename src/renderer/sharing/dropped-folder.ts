import type {ModelListing} from '../../shared/domain/model.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'

/** What a browser tells of a folder that was dropped: everything but where it is. */
export interface DroppedFolder {
  readonly name: string
  readonly hasConfig: boolean
  /** Bytes of each ONNX file with the files beside it that hold its weights. */
  readonly graphBytes: readonly number[]
}

/** Folders of a larger one are not looked into any further than this. */
const MOST_ENTRIES = 2000
/** Places that are looked through for a folder. */
const MOST_PLACES = 24

/** Reads names and sizes of a dropped folder and of its folder `onnx`. */
export async function readDroppedFolder(folder: FileSystemDirectoryEntry): Promise<DroppedFolder> {
  const entries = await entriesOf(folder)
  const inner = entries.find((entry) => entry.isDirectory && entry.name === 'onnx')
  const innerEntries = inner ? await entriesOf(inner as FileSystemDirectoryEntry) : []
  const groups = await Promise.all([graphBytesOf(entries), graphBytesOf(innerEntries)])
  return {
    name: folder.name,
    hasConfig: entries.some((entry) => entry.isFile && entry.name === 'config.json'),
    graphBytes: groups.flat(),
  }
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const entries: FileSystemEntry[] = []
  // A reader gives a hundred at a time, and none at the end.
  while (entries.length < MOST_ENTRIES) {
    const more = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject)
    )
    if (more.length === 0) break
    entries.push(...more)
  }
  return entries
}

async function graphBytesOf(entries: readonly FileSystemEntry[]): Promise<number[]> {
  const files = entries.filter((entry) => entry.isFile) as FileSystemFileEntry[]
  const graphs = files.filter(({name}) => /\.onnx$/i.test(name))
  return Promise.all(
    graphs.map(async (graph) => {
      const parts = files.filter(({name}) => name.startsWith(graph.name))
      const sizes = await Promise.all(parts.map(sizeOf))
      return sizes.reduce((sum, size) => sum + size, 0)
    })
  )
}

const sizeOf = (entry: FileSystemFileEntry) =>
  new Promise<number>((resolve, reject) => entry.file(({size}) => resolve(size), reject))

/** It is a model, as far as names tell. */
export const isModelFolder = ({hasConfig, graphBytes}: DroppedFolder) =>
  hasConfig && graphBytes.length > 0

/**
 * Looks for a dropped folder where models were opened before, in the home folder and in its folders.
 * `model` only where name and weights agree; `near` is where a folder of its name was seen.
 */
export async function findDroppedFolder(
  client: EngineClient,
  listings: readonly ModelListing[],
  dropped: DroppedFolder
): Promise<{readonly model: ModelListing | null; readonly near: string | null}> {
  const isIt = ({bytes}: ModelListing) => dropped.graphBytes.includes(bytes)
  const known = listings.filter(({path}) => lastName(path) === dropped.name)
  const exact = known.filter(isIt)
  if (exact[0] && exact.length === 1) return {model: exact[0], near: exact[0].path}
  const home = await client.folders.list({}).catch(() => null)
  const places = [
    ...listings.map(({path}) => parentOf(path)),
    ...(home ? [home.path, ...home.places.map(({path}) => path)] : []),
    ...(home?.entries.filter(({kind}) => kind === 'folder').map(({path}) => path) ?? []),
  ]
  const found: ModelListing[] = []
  let near: string | null = known[0]?.path ?? null
  for (const place of [...new Set(places)].slice(0, MOST_PLACES)) {
    const listing = await client.folders.list({path: place}).catch(() => null)
    const entry = listing?.entries.find(({name, kind}) => name === dropped.name && kind === 'model')
    if (!entry) continue
    near ??= entry.path
    const model = (await client.folders.list({path: entry.path}).catch(() => null))?.model
    if (model && isIt(model)) found.push(model)
  }
  const paths = new Set(found.map(({path}) => path))
  // Two alike are told apart by the person alone.
  return {model: paths.size === 1 ? found[0]! : null, near}
}

const lastName = (path: string) => path.split(/[\\/]/u).findLast((part) => part !== '') ?? path
const parentOf = (path: string) => path.replace(/[\\/][^\\/]+[\\/]?$/u, '') || '/'
