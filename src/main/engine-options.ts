import {existsSync, readFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {dirname, join} from 'node:path'
import type {EngineOptions} from './engine/options.ts'

/** What a host may choose of its engine; the rest is the same everywhere. */
export interface EngineChoices {
  /** What a host is told on its own command line wins over what a person prefers in general. */
  readonly threads?: number | null
  readonly maxMemoryBytes?: number | null
  /** Null keeps nothing between starts. */
  readonly stateFolder?: string | null
  /** What the host's page opens with; nothing is loaded before it is asked for otherwise. */
  readonly firstModel?: string | null
}

/** What stays the same when an engine is started again. */
export type EngineSettings = Omit<EngineOptions, 'startCount' | 'lastExit'>

export function engineSettings(choices: EngineChoices = {}): EngineSettings {
  const root = unpackedRoot()
  return {
    version: packageVersion(),
    builtinModelsFolder: join(root, 'assets/models'),
    tokenizersFolder: join(root, 'assets/tokenizers'),
    fontsFolder: join(root, 'assets/fonts'),
    stateFolder: choices.stateFolder === undefined ? defaultStateFolder() : choices.stateFolder,
    threads: choices.threads ?? null,
    maxMemoryBytes: choices.maxMemoryBytes ?? null,
    firstModel: choices.firstModel ?? null,
  }
}

/** The folder with package.json, `out` and `assets`, wherever this code was bundled to. */
export function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`)
    folder = parent
  }
  return folder
}

/**
 * {@link packageRoot} as the operating system sees it. An installed application lies in an archive that
 * only Electron's own file functions look into; what native code opens and what is run as a process or
 * thread of its own lies beside it (`asarUnpack` in electron-builder.yml).
 */
export function unpackedRoot(root = packageRoot()): string {
  return root.replace(/app\.asar$/, 'app.asar.unpacked')
}

export function packageVersion(): string {
  const parsed = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))
  return String(parsed.version)
}

function defaultStateFolder(): string {
  const {TOKENSCOPE_STATE_FOLDER, LOCALAPPDATA, XDG_STATE_HOME} = process.env
  if (TOKENSCOPE_STATE_FOLDER) return TOKENSCOPE_STATE_FOLDER
  switch (process.platform) {
    case 'win32':
      return join(LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'Tokenscope')
    case 'darwin':
      return join(homedir(), 'Library/Application Support/Tokenscope')
    default:
      return join(XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'tokenscope')
  }
}
