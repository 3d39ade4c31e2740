// A Chromium-based browser for the browser tests: one that is here, or one that can be had.
import {spawnSync} from 'node:child_process'
import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {root} from './build-if-stale.mjs'

const DOWNLOAD_MS = 180_000
const APT_MS = 600_000

const PLACES = {
  linux: [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/usr/bin/google-chrome-stable',
    '/opt/google/chrome/chrome',
    '/usr/bin/microsoft-edge',
    '/snap/bin/chromium',
  ],
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA]
    .filter(Boolean)
    .flatMap((folder) => [
      join(folder, 'Google/Chrome/Application/chrome.exe'),
      join(folder, 'Microsoft/Edge/Application/msedge.exe'),
    ]),
}

/** Path of a browser that is on this machine, or null. `TOKENSCOPE_CHROMIUM` goes before all others. */
export async function findChromium() {
  const {TOKENSCOPE_CHROMIUM} = process.env
  if (TOKENSCOPE_CHROMIUM) return existsSync(TOKENSCOPE_CHROMIUM) ? TOKENSCOPE_CHROMIUM : null
  const {chromium} = await import('playwright')
  const places = [chromium.executablePath(), ...(PLACES[process.platform] ?? [])]
  return places.find((path) => path && existsSync(path)) ?? null
}

/** The same, after getting one where there is none: Playwright's own, else Debian's. */
export async function findOrGetChromium() {
  let found = await findChromium()
  if (found || process.env.TOKENSCOPE_CHROMIUM) return found
  console.error('No Chromium-based browser found; fetching Playwright’s …')
  const cli = join(root, 'node_modules/playwright/cli.js')
  run(process.execPath, [cli, 'install', 'chromium'], DOWNLOAD_MS)
  found = await findChromium()
  if (found || process.platform !== 'linux' || process.getuid() !== 0) return found
  console.error('It could not be fetched; installing Debian’s …')
  const environment = {...process.env, DEBIAN_FRONTEND: 'noninteractive'}
  run('apt-get', ['update', '-qq'], APT_MS, environment)
  run(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', 'chromium'],
    APT_MS,
    environment
  )
  return findChromium()
}

function run(command, commandArguments, timeout, env = process.env) {
  spawnSync(command, commandArguments, {stdio: ['ignore', 'ignore', 'inherit'], timeout, env})
}
