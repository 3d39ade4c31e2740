import {createHash} from 'node:crypto'
import {mkdir, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {ProblemError} from '../../../shared/domain/problem.ts'

/** The largest tokenizer.json that is known has a third of this. */
const MAX_BYTES = 128 * 2 ** 20

/**
 * Writes a tokenizer.json that came without a path, as from a browser, where it is found again: in a folder
 * named by its content. Whether it can be read is told by whoever opens it.
 */
export async function keepTokenizerFile(
  stateFolder: string | null,
  {name, bytes}: {readonly name: string; readonly bytes: Uint8Array}
): Promise<{path: string}> {
  if (bytes.length > MAX_BYTES) {
    throw new ProblemError({
      code: 'tokenizer-file-too-long',
      message: 'The file is too long to be a tokenizer.',
      file: name,
      found: `${(bytes.length / 2 ** 20).toFixed(1)} MiB`,
      expected: `at most ${MAX_BYTES / 2 ** 20} MiB`,
      advice: 'Give the path of the file on the machine that the engine runs on.',
    })
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const stem = basename(name)
    .replace(/\.json$/iu, '')
    .replace(/[^\w.-]+/gu, '-')
    .slice(0, 40)
  const folder = join(
    stateFolder ?? tmpdir(),
    'tokenizers',
    `${stem || 'tokenizer'}-${sha256.slice(0, 12)}`
  )
  const path = join(folder, 'tokenizer.json')
  await mkdir(folder, {recursive: true})
  await writeFile(path, bytes)
  return {path}
}
