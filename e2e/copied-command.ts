import {execFile} from 'node:child_process'
import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {root} from './served-host.ts'

/** Runs a copied command as a person would paste it, with the built command in its name's place. */
export async function runCopied(command: string, folder: string): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin, {recursive: true})
  const path = join(bin, 'tokenscope')
  await writeFile(
    path,
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'out/main/cli.js')}" "$@"\n`
  )
  await chmod(path, 0o755)
  const env = {...process.env, PATH: `${bin}:${process.env.PATH}`, TOKENSCOPE_STATE_FOLDER: folder}
  const {stdout} = await promisify(execFile)('sh', ['-c', command], {
    env,
    cwd: folder,
    maxBuffer: 64 * 2 ** 20,
  })
  return stdout
}
