import {open, readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {problemOfFileError} from './file-problems.ts'

/** A model card: what its makers say of a model. */
export interface ModelCard {
  readonly path: string
  /** Markdown, as it stands in the file. */
  readonly text: string
}

/** More than any card; what follows is of no use to a reader. */
const MAX_CARD_BYTES = 512 * 1024

/**
 * The card of a model folder: its `README.md`, however that is written. Throws a Problem where there is
 * none or it cannot be read. A longer one is cut, between two characters.
 */
export async function readModelCard(folder: string): Promise<ModelCard> {
  const name = await readdir(folder).then(
    (names) => names.find((entry) => /^(?:readme|model_?card)\.md$/iu.test(entry)),
    (error) => {
      throw problemOfFileError(error, folder, 'The model folder')
    }
  )
  if (name === undefined) {
    throw new ProblemError({
      code: 'no-model-card',
      message: 'The model has no card.',
      file: folder,
      found: 'no README.md',
      expected: 'a README.md beside config.json, as model hubs have it',
      advice: 'Put the README.md of where the model comes from into the folder.',
    })
  }
  const path = join(folder, name)
  // Opening what is no file, a named pipe say, could wait for ever.
  if (!(await stat(path)).isFile()) throw notAFile(path)
  const file = await open(path).catch((error) => {
    throw problemOfFileError(error, path, 'The model card')
  })
  try {
    const {buffer, bytesRead} = await file.read(Buffer.alloc(MAX_CARD_BYTES), 0, MAX_CARD_BYTES, 0)
    // With `stream` a character that is cut at the end is left out.
    return {path, text: new TextDecoder().decode(buffer.subarray(0, bytesRead), {stream: true})}
  } catch (error) {
    throw problemOfFileError(error, path, 'The model card')
  } finally {
    await file.close()
  }
}

function notAFile(path: string): ProblemError {
  return new ProblemError({
    code: 'not-a-file',
    message: 'The model card cannot be read.',
    file: path,
    found: 'a folder or a device',
    expected: 'a file',
    advice: 'Put the file in its place.',
  })
}
