import {stat} from 'node:fs/promises'
import {basename, dirname, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import {app} from 'electron'
import {type Problem, ProblemError} from '../../shared/domain/problem.ts'
import type {HostMessage} from '../../shared/host/host-bridge.ts'
import {isLink, parseLink} from './links.ts'
import {problemLine} from './problem-line.ts'
import {isPromptFile, PROMPT_EXTENSIONS, readPromptFile} from './read-prompt-file.ts'
import type {Windows} from './windows.ts'

/** Nobody means to open more with one gesture. */
const MAX_ARGUMENTS = 32
const MAX_PATH_LENGTH = 4096

/** What the platform asks the application to open. */
export interface OpenRequests {
  /** Opens a folder, a file or a link in the window in use, one after another. */
  open(target: string): void
  /** From now on there are windows: what came before is opened, then what this start was given. */
  start(windows: Windows): void
}

/**
 * Takes what is to be opened from the command line, from further starts, from the dock and from links,
 * from the moment it is called. What arrives before there is a window waits.
 */
export function receiveOpenRequests(): OpenRequests {
  let windows: Windows | null = null
  const waiting: string[] = []
  let previous: Promise<void> = Promise.resolve()

  const open = (target: string) => {
    if (!windows) {
      waiting.push(target)
      return
    }
    const {tell} = windows
    // In the order of arrival, however long each takes to be read.
    previous = previous.then(async () => tell(await messageFor(target))).catch(console.error)
  }

  app.on('open-file', (event, path) => {
    event.preventDefault()
    open(path)
  })
  app.on('open-url', (event, url) => {
    event.preventDefault()
    open(url)
  })
  app.on('second-instance', (_, argv, workingDirectory) => {
    if (!windows) return
    const {targets, isNewWindow} = readArguments(argv, workingDirectory)
    if (isNewWindow) windows.open()
    else windows.show()
    for (const target of targets) open(target)
  })
  // The dock's icon was clicked while no window was open.
  app.on('activate', () => void windows?.show())

  return {
    open,
    start(opened) {
      windows = opened
      opened.open()
      const {targets} = readArguments(process.argv, process.cwd())
      for (const target of [...waiting.splice(0), ...targets]) open(target)
    },
  }
}

/** Paths (absolute) and links among the arguments of a start, without the switches of Chromium. */
export function readArguments(
  argv: readonly string[],
  workingDirectory: string
): {targets: string[]; isNewWindow: boolean} {
  const given = argv.slice(1)
  const targets = given
    .filter((argument) => argument !== '' && !argument.startsWith('-'))
    .map((argument) => targetOf(argument, workingDirectory))
    // A checkout is started with its own folder as the first argument.
    .filter((target) => target !== resolve(app.getAppPath()))
    .slice(0, MAX_ARGUMENTS)
  return {targets, isNewWindow: given.includes('--new-window')}
}

function targetOf(argument: string, workingDirectory: string): string {
  if (isLink(argument)) return argument
  if (argument.startsWith('file://')) {
    try {
      return fileURLToPath(argument)
    } catch {
      return argument
    }
  }
  return resolve(workingDirectory, argument)
}

/** What the page is told about a target; what cannot be opened becomes a notice that says why. */
export async function messageFor(target: string): Promise<HostMessage> {
  try {
    if (isLink(target)) return {kind: 'open-link', url: parseLink(target)}
    return await messageForPath(target)
  } catch (error) {
    if (error instanceof ProblemError) return {kind: 'notice', text: problemLine(error.problem)}
    console.error(error)
    return {kind: 'notice', text: `“${basename(target)}” could not be opened: ${String(error)}.`}
  }
}

async function messageForPath(path: string): Promise<HostMessage> {
  if (path.length > MAX_PATH_LENGTH || path.includes('\0')) {
    throw new ProblemError(unknownKind(path.slice(0, 60), 'a path that no file can have'))
  }
  const stats = await stat(path).catch(() => null)
  if (stats?.isDirectory()) return {kind: 'open-folder', path}
  const folder = modelFolderOf(path)
  if (stats?.isFile() && folder) return {kind: 'open-folder', path: folder}
  // A path that is gone has its own words.
  if (isPromptFile(path) || !stats) return {kind: 'open-file', ...(await readPromptFile(path))}
  throw new ProblemError(unknownKind(path, `“${basename(path)}”`))
}

/** The model folder that a file of it stands for; null for any other file. */
function modelFolderOf(path: string): string | null {
  if (basename(path) === 'config.json') return dirname(path)
  if (!/\.onnx$/i.test(path)) return null
  const folder = dirname(path)
  return basename(folder) === 'onnx' ? dirname(folder) : folder
}

function unknownKind(file: string, found: string): Problem {
  return {
    code: 'unknown-kind-of-file',
    message: 'Tokenscope does not know this kind of file.',
    file,
    found,
    expected: `a model folder, or prompts in a file (${PROMPT_EXTENSIONS.join(', ')})`,
    advice: 'Open the folder with the model’s config.json, or a text file.',
  }
}
