import {open, stat} from 'node:fs/promises'
import {ProblemError} from '../../../shared/domain/problem.ts'
import type {TokenizeRequest} from '../../../shared/lenses/tokenize.ts'
import {problemOfFileError} from '../model-folder/file-problems.ts'
import {isWellFormed} from '../tokenizers/encoding-table.ts'
import {LenientDecoder} from '../tokenizers/lenient-utf8.ts'

/** A text that comes in parts: a request's own, or a file's. */
export interface TextSource {
  /** Bytes of all of it. */
  readonly totalBytes: number
  /** What of it is no UTF-8; grows while it is read. */
  readonly decoder: LenientDecoder
  /** Parts of about `READ_BYTES`, none ending within a character. */
  parts(): AsyncGenerator<string>
}

const READ_BYTES = 2 ** 20

/** Throws a Problem where there is no text, or two, or the file cannot be read. */
export async function openText({text, textFile}: TokenizeRequest): Promise<TextSource> {
  if (text !== undefined && textFile !== undefined) throw twoTexts()
  const decoder = new LenientDecoder()
  if (textFile === undefined) {
    const whole = text ?? ''
    return {
      totalBytes: Buffer.byteLength(whole),
      decoder,
      async *parts() {
        yield isWellFormed(whole) ? whole : Buffer.from(whole).toString()
      },
    }
  }
  const {size} = await statFile(textFile)
  return {totalBytes: size, decoder, parts: () => fileParts(textFile, decoder)}
}

async function statFile(path: string): Promise<{size: number}> {
  try {
    const found = await stat(path)
    if (found.isFile()) return found
  } catch (error) {
    throw problemOfFileError(error, path, 'The text')
  }
  throw new ProblemError({
    code: 'not-a-file',
    message: 'The text cannot be read.',
    file: path,
    found: 'a folder or a device',
    expected: 'a file',
    advice: 'Choose a file.',
  })
}

async function* fileParts(path: string, decoder: LenientDecoder): AsyncGenerator<string> {
  const file = await open(path).catch((error) => {
    throw problemOfFileError(error, path, 'The text')
  })
  try {
    for (;;) {
      const buffer = new Uint8Array(READ_BYTES)
      const {bytesRead} = await file.read(buffer, 0, READ_BYTES)
      const text = decoder.push(buffer.subarray(0, bytesRead), bytesRead === 0)
      if (text !== '') yield text
      if (bytesRead === 0) return
    }
  } finally {
    await file.close()
  }
}

function twoTexts(): ProblemError {
  return new ProblemError({
    code: 'two-texts',
    message: 'There are two texts to cut.',
    field: 'textFile',
    found: 'a text and a file',
    expected: 'one of them',
    advice: 'Leave one out.',
  })
}
