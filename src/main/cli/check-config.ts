import {z} from 'zod'
import {UsageError} from './usage-error.ts'

/** The values of a config file, which may have no name that its command does not read. */
export function checkConfig(
  value: unknown,
  command: string,
  names: readonly string[]
): Record<string, unknown> {
  const parsed = z.record(z.string(), z.unknown()).safeParse(value)
  if (!parsed.success) throw new UsageError('--config takes a file with one object')
  const config = parsed.data
  if (config.command !== undefined && config.command !== command) {
    throw new UsageError(`the config file is of the command “${config.command}”, not ${command}`)
  }
  for (const name of Object.keys(config)) {
    if (name !== 'command' && !names.includes(name)) {
      throw new UsageError(`the config file has “${name}”, which ${command} does not know`)
    }
  }
  return config
}
