// `npm start`: the desktop window where an Electron binary and a display can be had, else the same
// workbench served to a browser.
import {spawn} from 'node:child_process'
import {join} from 'node:path'
import {buildIfStale, root} from './build-if-stale.mjs'
import {electronPackage, findElectron, hasDisplay} from './find-electron.mjs'

/** How long the first start waits for Electron's own download. */
const DOWNLOAD_MS = 8000
/** An Electron that fails this soon cannot run here, for want of a library or of its sandbox. */
const EARLY_MS = 5000

async function main() {
  await buildIfStale()
  const isDisplayed = await hasDisplay()
  let electron = findElectron()
  // Without a display the binary would be of no use.
  if (!electron && isDisplayed) electron = await fetchElectron()
  let reason = isDisplayed
    ? 'Electron’s binary is not here and could not be fetched in a few seconds'
    : 'there is no display'
  if (electron && isDisplayed) {
    const startedAt = Date.now()
    const ended = await runDesktop(electron)
    if (ended.wasTold || ended.code === 0 || Date.now() - startedAt > EARLY_MS) return ended.code
    reason = `Electron ended at its start with ${ended.signal ?? `exit code ${ended.code}`}`
  }
  console.log(`No desktop window (${reason}); serving instead.`)
  const {code} = await run(process.execPath, [
    join(root, 'out/main/serve.js'),
    ...process.argv.slice(2),
  ])
  return code
}

/** Lets the package fetch its binary, and gives up soon: a machine without the web must not wait. */
async function fetchElectron() {
  const folder = electronPackage()
  if (!folder) return null
  console.log('Fetching Electron’s binary …')
  await new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, 'install.js')], {stdio: 'ignore'})
    const timer = setTimeout(() => child.kill('SIGKILL'), DOWNLOAD_MS)
    const settle = () => {
      clearTimeout(timer)
      resolve()
    }
    child.on('error', settle)
    child.on('close', settle)
  })
  return findElectron()
}

function runDesktop(electron) {
  const environment = {...process.env}
  // Set by editors that are themselves Electron; it would make a plain Node of it.
  delete environment.ELECTRON_RUN_AS_NODE
  const isRoot = process.getuid?.() === 0
  return run(electron, [...(isRoot ? ['--no-sandbox'] : []), root], environment)
}

/** Runs it in the foreground and passes on how it ended and what this process is told. */
function run(command, commandArguments, environment = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArguments, {stdio: 'inherit', env: environment})
    let wasTold = false
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        wasTold = true
        child.kill(signal)
      })
    }
    child.on('error', (error) => {
      console.error(error.message)
      resolve({code: 1, signal: null, wasTold})
    })
    child.on('close', (code, signal) => resolve({code: code ?? 1, signal, wasTold}))
  })
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
