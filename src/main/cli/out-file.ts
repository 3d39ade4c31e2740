import {existsSync} from 'node:fs'
import {dirname, extname, resolve} from 'node:path'
import {ProblemError} from '../../shared/domain/problem.ts'
import {inWords} from './flag-values.ts'
import {UsageError} from './usage-error.ts'

/** A file to be written: its format comes from its extension. */
export interface OutFile<Format extends string> {
  readonly path: string
  readonly format: Format
}

/** What `--out` names; throws a UsageError for another format, a Problem for a folder that is not there. */
export function outFileOf<Format extends string>(
  path: string,
  formats: readonly Format[]
): OutFile<Format> {
  const format = formats.find((candidate) => candidate === extname(path).slice(1).toLowerCase())
  if (!format) {
    const names = inWords(formats.map((name) => `.${name}`))
    throw new UsageError(`--out writes ${names} so far, not “${path}”`)
  }
  const folder = dirname(resolve(path))
  if (!existsSync(folder)) {
    throw new ProblemError({
      code: 'no-such-folder',
      message: 'The folder to write to does not exist.',
      file: path,
      found: folder,
      expected: 'a folder that exists',
      advice: 'Make the folder first, or choose another.',
    })
  }
  return {path, format}
}
