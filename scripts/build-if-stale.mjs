// Builds what the sources say when they have changed since the last build, and nothing otherwise.
// `node scripts/build-if-stale.mjs`, or `buildIfStale()` from another script.
import {spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import {join, resolve} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

export const root = resolve(import.meta.dirname, '..')
const STAMP = join(root, 'out/.stamp')
const LOCK = join(root, 'out/.lock')
const INPUTS = [
  'src',
  'electron.vite.config.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]
// What tests alone read does not end in the bundles.
const IGNORED = /\.test\.tsx?$/
const LOCK_WAIT_MS = 180_000

/** A checkout has sources; an installed package has only what was built from them. */
export const isCheckout = existsSync(join(root, 'src/main/engine/engine.ts'))

/** Builds when anything changed. Returns whether it did. Messages go to standard error only. */
export async function buildIfStale({quiet = false} = {}) {
  if (!isCheckout || isFresh()) return false
  mkdirSync(join(root, 'out'), {recursive: true})
  await takeLock()
  try {
    // Somebody else may have built it while this one waited.
    if (isFresh()) return false
    if (!quiet) console.error('Building what changed …')
    const stamp = stampOfInputs()
    await run(process.execPath, [
      join(root, 'node_modules/electron-vite/bin/electron-vite.js'),
      'build',
      '--logLevel',
      'warn',
    ])
    writeFileSync(STAMP, stamp)
    return true
  } finally {
    rmSync(LOCK, {force: true})
  }
}

function isFresh() {
  try {
    return readFileSync(STAMP, 'utf8') === stampOfInputs()
  } catch {
    return false
  }
}

/** Names, sizes and times of everything that the build reads. */
export function stampOfInputs() {
  const hash = createHash('sha256')
  const visit = (path) => {
    const stats = statSync(join(root, path), {throwIfNoEntry: false})
    if (!stats) return
    if (stats.isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) visit(`${path}/${name}`)
    } else if (!IGNORED.test(path)) {
      hash.update(`${path}\0${stats.size}\0${stats.mtimeMs}\n`)
    }
  }
  for (const input of INPUTS) visit(input)
  return hash.digest('hex')
}

/** One build at a time; a lock whose owner is gone counts for nothing. */
async function takeLock() {
  const deadline = Date.now() + LOCK_WAIT_MS
  for (;;) {
    try {
      const file = openSync(LOCK, 'wx')
      writeSync(file, String(process.pid))
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isOwnerAlive()) rmSync(LOCK, {force: true})
    else if (Date.now() > deadline) throw new Error(`another build holds ${LOCK}`)
    else await sleep(100)
  }
}

function isOwnerAlive() {
  try {
    const owner = Number(readFileSync(LOCK, 'utf8'))
    // Created and not yet written: it has just begun.
    if (!owner) return true
    process.kill(owner, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function run(command, commandArguments) {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(command, commandArguments, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {...process.env, NO_COLOR: '1'},
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolvePromise()
      else reject(new Error(`the build failed:\n${output}`))
    })
  })
}

if (process.argv[1] === import.meta.filename) {
  try {
    await buildIfStale()
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
