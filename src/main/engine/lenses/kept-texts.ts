import {appendFile, mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {ProblemError} from '../../../shared/domain/problem.ts'

/** Texts that are kept at once; an older one goes when a further one comes. */
const MAX_KEPT = 4

/**
 * Texts that came without a path, as from a browser, part by part: so that a text of any size is read from a
 * file, and neither side ever holds it whole. They lie in the system's folder for what is temporary.
 */
export class KeptTexts {
  private readonly paths: string[] = []

  /**
   * Adds a part to a text, or begins one where `path` is null; answers the path that it goes by. Throws a
   * Problem for a path that is none of a kept text.
   */
  async add(part: {
    readonly name: string
    readonly path: string | null
    readonly bytes: Uint8Array
  }): Promise<{path: string}> {
    const path = part.path ?? (await this.begin(part.name))
    if (!this.paths.includes(path)) throw notKept(path)
    await appendFile(path, part.bytes)
    return {path}
  }

  /** Removes what is kept: what a person opened is not left behind. */
  async close(): Promise<void> {
    await this.keepOnly(0)
  }

  private async begin(name: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tokenscope-text-'))
    const own = basename(name).replace(/[^\p{L}\p{N}._-]+/gu, '-')
    const path = join(folder, own === '' || /^\.+$/.test(own) ? 'text' : own)
    this.paths.push(path)
    await this.keepOnly(MAX_KEPT)
    return path
  }

  private async keepOnly(count: number): Promise<void> {
    while (this.paths.length > count) {
      await rm(dirname(this.paths.shift()!), {recursive: true, force: true})
    }
  }
}

function notKept(path: string): ProblemError {
  return new ProblemError({
    code: 'text-not-kept',
    message: 'The text that this is a part of is not kept any more.',
    file: path,
    found: 'no text that came here in parts',
    expected: 'the path that the first part was answered with',
    advice: 'Open the file again.',
  })
}
