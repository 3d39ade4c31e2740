import type {Problem} from '../../shared/domain/problem.ts'
import {shownProblem} from '../store/context.ts'
import {selectAreTokenizersShown} from '../store/tokenizers.ts'
import type {Workbench} from '../store/workbench.ts'
import {findDroppedFolder, isModelFolder, readDroppedFolder} from './dropped-folder.ts'
import {
  kindOfFile,
  problemOfCount,
  problemOfName,
  problemOfSize,
  readPromptText,
} from './dropped-kind.ts'
import {isTokenizerFile, keptTokenizer} from './kept-tokenizer.ts'
import {keepRecentFile, MAX_KEPT_BYTES} from './recent-files.ts'

/** Something that was dropped, before its handles go with the event. */
export interface Dropped {
  readonly name: string
  readonly file: File | null
  /** Of a folder, where a browser gives it. */
  readonly folder: FileSystemDirectoryEntry | null
  /** Where it lies; empty in a browser. */
  readonly path: string
}

/** What is being dropped; has to be called while the event is handled. */
export function readDrop(transfer: DataTransfer, workbench: Workbench): Dropped[] {
  const {host} = workbench
  return [...transfer.items]
    .filter((item) => item.kind === 'file')
    .flatMap((item): Dropped[] => {
      const entry = item.webkitGetAsEntry()
      const file = item.getAsFile()
      if (!entry && !file) return []
      const isFolder = entry?.isDirectory ?? false
      return [
        {
          name: entry?.name ?? file!.name,
          file: isFolder ? null : file,
          folder: isFolder ? (entry as FileSystemDirectoryEntry) : null,
          path: (file && host?.pathOf(file)) || '',
        },
      ]
    })
}

/** Opens what was dropped, or says why it cannot be. */
export async function openDropped(workbench: Workbench, items: readonly Dropped[]): Promise<void> {
  const {actions} = workbench
  const problem = problemOfCount(items.map(({name}) => name))
  const [item] = items
  if (problem || !item) {
    if (problem) actions.showOpenProblem(problem)
  } else if (item.folder) await openDroppedFolder(workbench, item)
  else if (item.file && (await isComparedFile(workbench, item.file))) {
    await compareTokenizer(workbench, item.file)
  } else if (item.path !== '' && kindOfFile(item.name) === 'model-part') {
    await openFolderAt(workbench, modelFolderOf(item.path))
  } else if (item.file) await openFile(workbench, item.file)
}

/** Where tokenizers are compared, a tokenizer is one more of them; elsewhere it stands for its model. */
async function isComparedFile({store}: Workbench, file: File): Promise<boolean> {
  return selectAreTokenizersShown(store.getState()) && (await isTokenizerFile(file))
}

async function compareTokenizer(workbench: Workbench, file: File): Promise<void> {
  const {actions, store} = workbench
  try {
    if (await actions.addTokenizer(await keptTokenizer(workbench, file))) return
    const {addProblem} = store.getState()
    actions.forgetAddProblem()
    if (addProblem) actions.showOpenProblem(addProblem)
  } catch (error) {
    actions.showOpenProblem(shownProblem(error))
  }
}

/** The folder of a model that one of its files stands for. */
function modelFolderOf(path: string): string {
  const parent = path.replace(/[\\/][^\\/]+$/u, '')
  return /[\\/]onnx$/u.test(parent) ? parent.replace(/[\\/]onnx$/u, '') : parent
}

/** Opens the model of a folder; shows the folder in the chooser where it is none. */
export async function openFolderAt({client, actions}: Workbench, path: string): Promise<void> {
  const listing = await client.folders.list({path}).catch(() => null)
  if (listing?.model) {
    await actions.openListing(listing.model)
    return
  }
  const name = path.split(/[\\/]/u).findLast((part) => part !== '') ?? path
  actions.openDialog(
    'folder',
    `“${name}” holds no model that can be opened. What it needs is said below.`
  )
  await actions.readFolder(path)
}

async function openDroppedFolder(workbench: Workbench, item: Dropped): Promise<void> {
  const {client, store, actions} = workbench
  if (item.path !== '') return openFolderAt(workbench, item.path)
  const folder = await readDroppedFolder(item.folder!).catch(() => null)
  if (folder && !isModelFolder(folder)) {
    actions.showOpenProblem(notAModel(folder.name, folder.hasConfig))
    return
  }
  const {model, near} = folder
    ? await findDroppedFolder(client, store.getState().listings, folder)
    : {model: null, near: null}
  if (model) {
    await actions.openListing(model)
    actions.notify(`opened ${model.path}`)
    return
  }
  actions.openDialog(
    'folder',
    `A browser does not tell where “${item.name}” is. Choose it here${near ? '; one of its name is below' : ''}.`
  )
  if (near) await actions.readFolder(near)
}

const notAModel = (name: string, hasConfig: boolean): Problem => ({
  code: 'not-a-model-folder',
  message: 'The folder holds no model that can be opened.',
  file: name,
  found: hasConfig ? 'config.json and no ONNX file' : 'no config.json',
  expected: 'config.json, tokenizer.json and an ONNX file, in it or in its folder onnx',
  advice: 'Drop the folder that has them.',
})

/** How far into a file it is looked for what it says that it is. */
const HEAD_BYTES = 4096
/** A saved tree, of ours or of logitloom. */
const TREE_HEAD = /"schema"\s*:\s*"tokenscope\/tree@|"isLogitLoomTreeVersion"/u

async function isTree(file: File): Promise<boolean> {
  if (!/\.json$/iu.test(file.name)) return false
  const head = await file
    .slice(0, HEAD_BYTES)
    .text()
    .catch(() => '')
  return TREE_HEAD.test(head)
}

/** Opens a prompt file by its kind, or a saved tree. */
export async function openFile(workbench: Workbench, file: File): Promise<void> {
  if (await isTree(file)) {
    await workbench.actions.openTreeText(file.name, file)
    return
  }
  const isList = kindOfFile(file.name) === 'prompt-list'
  const problem =
    problemOfName(file.name) ??
    (isList && file.size > 0 ? null : problemOfSize(file.name, file.size))
  if (problem) {
    workbench.actions.showOpenProblem(problem)
    return
  }
  if (isList) {
    // The import names what is wrong with it line by line, and has limits of its own.
    workbench.actions.openImport({name: file.name, text: file})
    keepRecentFile(localStorage, {name: file.name, text: await shortText(file)})
    return
  }
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(await file.arrayBuffer())
  } catch (error) {
    workbench.actions.showOpenProblem({
      code: 'file-unreadable',
      message: 'The file could not be read.',
      file: file.name,
      found: error instanceof Error ? error.message : String(error),
      expected: 'a file that you may read',
      advice: 'Check its permissions, or copy it to a folder of yours.',
    })
    return
  }
  const text = readPromptText(file.name, bytes)
  if (typeof text === 'string') openPromptFile(workbench, file.name, text)
  else workbench.actions.showOpenProblem(text)
}

/** The text of a file that is short enough to be kept for another time. */
async function shortText(file: File): Promise<string | null> {
  return file.size > MAX_KEPT_BYTES ? null : file.text().catch(() => null)
}

/** Opens the text of a prompt file: as the prompt, or as a prompt list. */
export function openPromptFile(workbench: Workbench, name: string, text: string): void {
  const withoutMark = text.replace(/^\ufeff/u, '')
  if (kindOfFile(name) === 'prompt-list') workbench.actions.openImport({name, text: withoutMark})
  else {
    workbench.actions.setPrompt({promptText: withoutMark, isChat: false}, 'open a file')
    workbench.actions.notify(`opened ${name}`, {title: 'Undo', run: () => workbench.actions.undo()})
  }
  keepRecentFile(localStorage, {name, text: withoutMark})
}

/** Has the person choose a file. */
export function chooseFiles(workbench: Workbench): void {
  const input = document.createElement('input')
  input.type = 'file'
  input.accept = '.txt,.text,.md,.csv,.tsv,.json,.jsonl,.ndjson'
  input.addEventListener('change', () => {
    const [file] = input.files ?? []
    if (file) void openFile(workbench, file)
  })
  input.click()
}
