import {readFileSync} from 'node:fs'
import {ProblemError} from '../../shared/domain/problem.ts'

/** A file's bytes, or standard input's for `-`; throws a Problem where it cannot be read. */
export function readInputBytes(path: string): Uint8Array {
  try {
    return readFileSync(path === '-' ? 0 : path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ProblemError({
      code: 'file-not-readable',
      message: path === '-' ? 'Standard input cannot be read.' : 'The file cannot be read.',
      ...(path === '-' ? {} : {file: path}),
      found: reason,
      expected: 'a file that may be read',
      advice: 'Check the path and its permissions.',
    })
  }
}

/** The text of a file as it is, byte order mark and line ends included; bytes that are no UTF-8 are a Problem. */
export function readInputText(path: string): string {
  return decodeText(readInputBytes(path), path)
}

/** Decodes UTF-8; throws a Problem that names the offset of the first byte that is none. */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)
  } catch {
    const offset = firstInvalidOffset(bytes)
    throw new ProblemError({
      code: 'not-utf-8',
      message: 'The text is not UTF-8.',
      file: path === '-' ? 'standard input' : path,
      field: `byte ${offset}`,
      found: `0x${(bytes[offset] ?? 0).toString(16).padStart(2, '0')}`,
      expected: 'UTF-8 without gaps',
      advice: 'Save the file as UTF-8, or remove the byte.',
    })
  }
}

/** Where the first byte stands that is not part of a whole UTF-8 character. */
function firstInvalidOffset(bytes: Uint8Array): number {
  // What a decoder takes of a prefix it keeps; halving finds the first prefix it refuses.
  const isValid = (end: number) => {
    try {
      new TextDecoder('utf-8', {fatal: true}).decode(bytes.subarray(0, end), {stream: true})
      return true
    } catch {
      return false
    }
  }
  let valid = 0
  let refused = bytes.length + 1
  while (refused - valid > 1) {
    const middle = (valid + refused) >> 1
    if (middle <= bytes.length && isValid(middle)) valid = middle
    else refused = middle
  }
  // The refused byte may end a character that began earlier and is not whole.
  let start = Math.min(valid, bytes.length)
  for (let back = 1; back <= 3 && start - back >= 0; back++) {
    const byte = bytes[start - back]!
    if (byte < 0x80) break
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      if (back < length) start -= back
      break
    }
  }
  return Math.min(start, bytes.length - 1)
}

/** JSON or YAML, by the file's extension; throws a Problem that names the place. */
export async function readConfigFile(path: string): Promise<unknown> {
  const text = readInputText(path)
  try {
    if (!/\.ya?ml$/i.test(path)) return JSON.parse(text)
    const {parse} = await import('yaml')
    return parse(text)
  } catch (error) {
    throw new ProblemError({
      code: 'config-not-readable',
      message: 'The file is neither JSON nor YAML.',
      file: path,
      found: error instanceof Error ? error.message.split('\n')[0]! : String(error),
      expected:
        'an object with the names of the flags in camelCase, as `request` of a result has them',
      advice: 'Correct the place that is named, or write a new file from a result’s `request`.',
    })
  }
}
