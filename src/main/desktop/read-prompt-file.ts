import {constants} from 'node:fs'
import {open} from 'node:fs/promises'
import {basename, extname} from 'node:path'
import {type Problem, ProblemError} from '../../shared/domain/problem.ts'

/** What prompts are read from; the page knows what to do with each. */
export const PROMPT_EXTENSIONS = ['.txt', '.csv', '.jsonl', '.json', '.md']
export const MAX_PROMPT_FILE_BYTES = 16 * 2 ** 20

/** A prompt file's name and text. */
export interface PromptFile {
  readonly name: string
  readonly text: string
}

export function isPromptFile(path: string): boolean {
  return PROMPT_EXTENSIONS.includes(extname(path).toLowerCase())
}

/**
 * Reads a text of at most 16 MiB in UTF-8, without its byte order mark.
 * @throws ProblemError where it is something else, or cannot be read
 */
export async function readPromptFile(path: string): Promise<PromptFile> {
  // Opening a pipe to read would wait for whoever writes to it.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (error: unknown) => {
      throw new ProblemError(unreadable(path, error))
    }
  )
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new ProblemError(notAFile(path))
    if (stats.size > MAX_PROMPT_FILE_BYTES) throw new ProblemError(tooLong(path, stats.size))
    const bytes = await file.readFile()
    // It may have grown since.
    if (bytes.byteLength > MAX_PROMPT_FILE_BYTES) {
      throw new ProblemError(tooLong(path, bytes.byteLength))
    }
    return {name: basename(path), text: decode(path, bytes)}
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw new ProblemError(unreadable(path, error))
  } finally {
    await file.close()
  }
}

function decode(path: string, bytes: Buffer): string {
  const zeroAt = bytes.indexOf(0)
  if (zeroAt >= 0) throw new ProblemError(notText(path, `a zero byte at byte ${zeroAt}`))
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch {
    throw new ProblemError(notText(path, 'bytes that are not UTF-8'))
  }
}

function unreadable(path: string, error: unknown): Problem {
  const {code = 'unknown'} = error as NodeJS.ErrnoException
  const isMissing = code === 'ENOENT'
  return {
    code: isMissing ? 'file-missing' : 'file-unreadable',
    message: isMissing ? 'The file is not there.' : 'The file could not be read.',
    file: path,
    found: isMissing ? 'nothing at this path' : `the system answered ${code}`,
    expected: 'a file that you may read',
    advice: isMissing
      ? 'Open it from where it is now.'
      : 'Check its permissions, or copy it to a folder of yours.',
  }
}

function notAFile(path: string): Problem {
  return {
    code: 'not-a-file',
    message: 'This cannot be opened as prompts.',
    file: path,
    found: 'a folder, a device or a pipe',
    expected: `a file (${PROMPT_EXTENSIONS.join(', ')})`,
    advice: 'Open a file.',
  }
}

function tooLong(path: string, byteCount: number): Problem {
  return {
    code: 'file-too-long',
    message: 'The file is too long to be opened as prompts.',
    file: path,
    found: `${(byteCount / 2 ** 20).toFixed(1)} MiB`,
    expected: `at most ${MAX_PROMPT_FILE_BYTES / 2 ** 20} MiB`,
    advice: 'Split it and open the parts one after another.',
  }
}

function notText(path: string, found: string): Problem {
  return {
    code: 'file-not-text',
    message: 'The file is not a text in UTF-8.',
    file: path,
    found,
    expected: 'text in UTF-8',
    advice: 'Save it as UTF-8 and open it again.',
  }
}
