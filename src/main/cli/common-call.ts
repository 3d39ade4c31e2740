import {checkConfig} from './check-config.ts'
import type {ModelFlags, OutputFlags} from './flag-groups.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseChoice, parseSizeBytes} from './flag-values.ts'
import {type OutFile, outFileOf} from './out-file.ts'
import {readConfigFile} from './read-input.ts'

/** What every command that opens a model is told besides its request. */
export interface CommonCall<Format extends string> {
  readonly outFiles: readonly OutFile<Format>[]
  readonly isJson: boolean
  readonly noPrompt: boolean
  readonly progress: 'json' | 'none' | 'line'
  readonly threads: number | null
  readonly maxMemoryBytes: number | undefined
}

/** The built-in model that is opened where none is named. */
export const DEFAULT_MODEL = 'micro-base'

/** Names of a config file that are the call's, not the request's. */
const HOST_NAMES = ['threads', 'maxMemory', 'progress', 'out', 'json', 'noPrompt', 'provider']

type Values = Record<string, unknown>

/** The values of `--config` for a command whose request has these names; none without the flag. */
export async function readConfig(
  flags: OutputFlags,
  command: string,
  requestNames: readonly string[]
): Promise<Values> {
  if (flags.config === undefined) return {}
  return checkConfig(await readConfigFile(flags.config), command, [...requestNames, ...HOST_NAMES])
}

/** The values of a config file that are the request's, with the model that the flags name. */
export function requestValues(
  flags: ModelFlags,
  config: Values,
  requestNames: readonly string[]
): Values {
  const values: Values = {}
  for (const name of requestNames) {
    if (config[name] !== undefined && config[name] !== null) values[name] = config[name]
  }
  values.model = flags.model ?? values.model ?? DEFAULT_MODEL
  if (flags.file !== undefined) values.file = flags.file
  return values
}

/** Reads the flags that all such commands have. Throws a UsageError, or a Problem about a folder. */
export function readCommonCall<Format extends string>(
  flags: ModelFlags & OutputFlags,
  config: Values,
  formats: readonly Format[]
): CommonCall<Format> {
  const text = (name: 'threads' | 'maxMemory' | 'progress' | 'provider') => {
    const value = flags[name] ?? config[name]
    return value === undefined ? undefined : String(value)
  }
  const provider = text('provider')
  if (provider !== undefined) parseChoice(provider, '--provider', ['cpu'])
  const threads = text('threads')
  const maxMemory = text('maxMemory')
  const progress = text('progress')
  const out = flags.out ?? (config.out === undefined ? [] : [config.out].flat().map(String))
  return {
    outFiles: out.map((path) => outFileOf(path, formats)),
    isJson: flags.json ?? config.json === true,
    noPrompt: flags.noPrompt ?? config.noPrompt === true,
    progress:
      progress === undefined ? 'line' : parseChoice(progress, '--progress', ['json', 'none']),
    threads: threads === undefined ? null : parseLimited(threads, '--threads', LIMITS.threads),
    maxMemoryBytes: maxMemory === undefined ? undefined : parseSizeBytes(maxMemory, '--max-memory'),
  }
}
