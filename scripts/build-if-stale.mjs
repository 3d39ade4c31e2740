// Builds what the sources say when they have changed since the last build, and nothing otherwise.
// `node scripts/build-if-stale.mjs`, or `buildIfStale()` from another script; `--always` builds in any case.
import {spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {
  closeSync,
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

/**
 * Builds when anything changed, one process at a time. Returns whether it did. An installed package has
 * no sources and is never built. Messages go to standard error only. An aborted `signal` stops it.
 */
export async function buildIfStale({
  quiet = false,
  folder = root,
  build = buildAll,
  signal,
  isAlways = false,
} = {}) {
  if (!existsSync(join(folder, 'src')) || (!isAlways && isFresh(folder))) return false
  mkdirSync(join(folder, 'out'), {recursive: true})
  const lock = join(folder, 'out/.lock')
  await takeLock(lock, signal)
  try {
    // Somebody else may have built it while this one waited.
    if (!isAlways && isFresh(folder)) return false
    if (!quiet) console.error('Building what changed …')
    // Taken before the build, so that what changes during it is built next time.
    const stamp = stampOfInputs(folder)
    rmSync(join(folder, 'out/.stamp'), {force: true})
    await build(folder, signal)
    writeFileSync(join(folder, 'out/.stamp'), stamp)
    return true
  } finally {
    rmSync(lock, {force: true})
  }
}

const buildAll = (folder, signal) =>
  run(
    process.execPath,
    [
      join(folder, 'node_modules/electron-vite/bin/electron-vite.js'),
      'build',
      '--logLevel',
      'warn',
    ],
    folder,
    signal
  )

function isFresh(folder) {
  try {
    return readFileSync(join(folder, 'out/.stamp'), 'utf8') === stampOfInputs(folder)
  } catch {
    return false
  }
}

/** Names, sizes and times of everything that the build reads, as one hash. */
function stampOfInputs(folder) {
  const hash = createHash('sha256')
  const visit = (path) => {
    const stats = statSync(join(folder, path), {throwIfNoEntry: false})
    if (!stats) return
    if (stats.isDirectory()) {
      for (const name of readdirSync(join(folder, path)).sort()) visit(`${path}/${name}`)
    } else if (!IGNORED.test(path)) {
      hash.update(`${path}\0${stats.size}\0${stats.mtimeMs}\n`)
    }
  }
  for (const input of INPUTS) visit(input)
  return hash.digest('hex')
}

/** Waits for the lock; one whose owner is gone counts for nothing. */
async function takeLock(lock, signal) {
  const deadline = Date.now() + LOCK_WAIT_MS
  for (;;) {
    try {
      const file = openSync(lock, 'wx')
      writeSync(file, String(process.pid))
      closeSync(file)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isOwnerAlive(lock)) rmSync(lock, {force: true})
    else if (Date.now() > deadline) throw new Error(`another build holds ${lock}`)
    else await sleep(50, undefined, {signal})
  }
}

function isOwnerAlive(lock) {
  try {
    const owner = Number(readFileSync(lock, 'utf8'))
    // Created and not yet written: it has just begun.
    if (!owner) return true
    process.kill(owner, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function run(command, commandArguments, cwd, signal) {
  return new Promise((resolvePromise, reject) => {
    const child = spawn(command, commandArguments, {
      cwd,
      signal,
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
    await buildIfStale({isAlways: process.argv.includes('--always')})
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
