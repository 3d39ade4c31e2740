import {readFile, stat} from 'node:fs/promises'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'

/** The kind of a file system error (`ENOENT`, `EACCES`, …), or null where it is not one. */
export function fileErrorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null
}

/** A failed reading as a Problem; other errors are bugs and are given back as they are. */
export function problemOfFileError(error: unknown, path: string, what: string): unknown {
  const code = fileErrorCode(error)
  if (code === null) return error
  const known: Record<string, Pick<Problem, 'code' | 'found' | 'advice'>> = {
    ENOENT: {
      code: 'not-found',
      found: 'nothing by this name',
      advice: 'Check the spelling of the path, or choose another.',
    },
    ENOTDIR: {
      code: 'not-a-folder',
      found: 'a file',
      advice: 'Choose the folder that holds the file.',
    },
    EACCES: {
      code: 'no-permission',
      found: 'no permission to read it',
      advice: 'Give yourself permission to read it, or choose another.',
    },
  }
  const part = known[code === 'EPERM' ? 'EACCES' : code] ?? {
    code: 'unreadable',
    found: code,
    advice: 'Check the disk, then try again.',
  }
  return new ProblemError({
    ...part,
    message: `${what} cannot be read.`,
    file: path,
    expected: 'something that can be read',
  })
}

/** What is in the place of a file that is not there; null where there is one. */
export async function missingFile(path: string): Promise<string | null> {
  try {
    return (await stat(path)).isFile() ? null : 'a folder or a device'
  } catch (error) {
    const code = fileErrorCode(error)
    if (code === null) throw error
    return code === 'ENOENT' ? 'no such file' : code
  }
}

/** Larger than any real configuration or tokenizer; what is larger is not read into memory. */
const MAX_JSON_BYTES = 256 * 2 ** 20

/**
 * A JSON file whose top is an object; null where the file is missing. Throws a Problem on anything
 * that cannot be read or is no such JSON. `name` is the file's name for messages.
 */
export async function readJsonObject(
  path: string,
  name: string
): Promise<Readonly<Record<string, unknown>> | null> {
  const text = await readTextFile(path, name)
  if (text === null) return null
  return parseJsonObject(text, path, name)
}

/** A text file's content; null where the file is missing. */
export async function readTextFile(path: string, name: string): Promise<string | null> {
  const bytes = await readBytesOrNull(path, name)
  return bytes === null ? null : new TextDecoder().decode(bytes)
}

/** A file's bytes; null where the file is missing. Throws a Problem where it cannot be read. */
export async function readBytesOrNull(path: string, name: string): Promise<Uint8Array | null> {
  try {
    // Opening something that is no file, a named pipe say, could wait for ever.
    const found = await stat(path)
    const {size} = found
    const isFile = found.isFile()
    if (isFile && size <= MAX_JSON_BYTES) return await readFile(path)
    throw new ProblemError({
      code: isFile ? 'file-too-large' : 'not-a-file',
      message: `${name} cannot be read.`,
      file: path,
      found: isFile ? `${size} bytes` : 'a folder or a device',
      expected: isFile ? `at most ${MAX_JSON_BYTES} bytes` : 'a file',
      advice: isFile ? 'Download the file again.' : 'Put the file in its place.',
    })
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return null
    throw problemOfFileError(error, path, name)
  }
}

/** Parses JSON text whose top must be an object. Throws a Problem naming the file otherwise. */
export function parseJsonObject(
  text: string,
  path: string,
  name: string
): Readonly<Record<string, unknown>> {
  const refuse = (found: string) =>
    new ProblemError({
      code: 'not-json',
      message: `${name} is not a JSON object.`,
      file: path,
      found,
      expected: 'a JSON object',
      advice: 'Download the file again.',
    })
  if (text.startsWith('version https://git-lfs')) throw refuse('a git-LFS pointer')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : 'text that is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(Array.isArray(value) ? 'a list' : `the value ${JSON.stringify(value)}`)
  }
  return value as Readonly<Record<string, unknown>>
}
