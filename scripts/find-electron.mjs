// Is there an Electron binary, and a display to show it on? Nothing here requires the package
// `electron`, because that starts its download.
import {accessSync, constants, existsSync, readFileSync, statSync} from 'node:fs'
import {createRequire} from 'node:module'
import {connect} from 'node:net'
import {dirname, join} from 'node:path'

const require = createRequire(import.meta.url)

/** The folder of the npm package, or null where it is not installed. */
export function electronPackage() {
  try {
    return dirname(require.resolve('electron/package.json'))
  } catch {
    return null
  }
}

/** Absolute path of an Electron that can be run, or null. Takes 2 to 4 ms and downloads nothing. */
export function findElectron(folder = electronPackage(), environment = process.env) {
  if (!folder) return null
  const override = environment.ELECTRON_OVERRIDE_DIST_PATH
  try {
    // The package writes path.txt last, so that half an extraction is not taken for an Electron.
    const name = override ? binaryName() : readFileSync(join(folder, 'path.txt'), 'utf8').trim()
    const path = join(override || join(folder, 'dist'), name)
    accessSync(path, constants.X_OK)
    return statSync(path).isFile() ? path : null
  } catch {
    return null
  }
}

function binaryName() {
  switch (process.platform) {
    case 'darwin':
      return 'Electron.app/Contents/MacOS/Electron'
    case 'win32':
      return 'electron.exe'
    default:
      return 'electron'
  }
}

/** A window could be shown here. A display that is named but gone does not count. */
export async function hasDisplay(environment = process.env) {
  if (process.platform !== 'linux') return true
  const {WAYLAND_DISPLAY, XDG_RUNTIME_DIR, DISPLAY} = environment
  if (WAYLAND_DISPLAY) {
    const path = WAYLAND_DISPLAY.startsWith('/')
      ? WAYLAND_DISPLAY
      : XDG_RUNTIME_DIR && join(XDG_RUNTIME_DIR, WAYLAND_DISPLAY)
    if (path && (await answers({path}))) return true
  }
  const [, host, number] = /^([^:]*):(\d+)/.exec(DISPLAY ?? '') ?? []
  if (number === undefined) return false
  if (host && host !== 'unix') return answers({host, port: 6000 + Number(number)})
  const path = `/tmp/.X11-unix/X${number}`
  return existsSync(path) && answers({path})
}

function answers(address) {
  return new Promise((resolve) => {
    const socket = connect(address)
    const settle = (isThere) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.setTimeout(1000, () => settle(false))
    socket.on('connect', () => settle(true))
    socket.on('error', () => settle(false))
  })
}
