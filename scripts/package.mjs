// `npm run package [-- TARGET …]`: makes the installers that this machine can make and says in one line
// each what it cannot, and why. Without targets: all of this platform. Exits with 0 when all that were
// asked for were made, 2 when one cannot be made here, 1 when making one failed.
import {spawn} from 'node:child_process'
import {createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {basename, delimiter, dirname, join} from 'node:path'
import {buildIfStale, root} from './build-if-stale.mjs'
import {electronPackage, findElectron} from './find-electron.mjs'
import {makeIcons} from './make-icons.mjs'

const OUTPUT = join(root, 'dist/installers')
const REACH_MS = 4000
const NAMES = {linux: 'Linux', darwin: 'macOS', win32: 'Windows'}

/** What can be asked for. `tool`: what electron-builder fetches once for it, as its cache names it. */
export const TARGETS = [
  {name: 'dir', platform: null, tool: null, what: 'the application in a folder, not an installer'},
  {name: 'AppImage', platform: 'linux', tool: 'appimage', variable: 'APPIMAGE_TOOLS_PATH'},
  {name: 'deb', platform: 'linux', tool: 'fpm', variable: 'CUSTOM_FPM_PATH', program: 'fpm'},
  {name: 'dmg', platform: 'darwin', tool: 'dmg-builder', variable: 'CUSTOM_DMGBUILD_PATH'},
  {name: 'nsis', platform: 'win32', tool: 'nsis'},
]

/** Why a target cannot be made with what is here, in words; null where it can. */
export function obstacle(target, facts) {
  const {platform, arch, missingLibraries, electron, isWebReachable} = facts
  if (target.platform && target.platform !== platform) {
    return `it is made on ${NAMES[target.platform]}, and this is ${NAMES[platform] ?? platform}`
  }
  if (missingLibraries.length > 0) {
    return `${missingLibraries.join(' and ')} ${missingLibraries.length > 1 ? 'have' : 'has'} no library for ${platform} ${arch}`
  }
  if (!electron && !isWebReachable) {
    return `there is no Electron ${facts.electronVersion} for ${platform} ${arch} on this machine, and the web that it is fetched from cannot be reached`
  }
  if (target.tool && !facts.tools.includes(target.tool) && !isWebReachable) {
    return `${target.tool}, which makes it, is not on this machine, and the web that it is fetched from cannot be reached`
  }
  return null
}

/** What there is on this machine to make installers with. */
async function readFacts(environment = process.env) {
  const {platform, arch} = process
  const electronVersion = JSON.parse(
    readFileSync(join(electronPackage() ?? root, 'package.json'), 'utf8')
  ).version
  const zip = `electron-v${electronVersion}-${platform}-${arch}.zip`
  return {
    platform,
    arch,
    electronVersion,
    missingLibraries: missingLibraries(platform, arch),
    electron: electronFolder() ?? findFile(electronCache(environment), zip),
    tools: TARGETS.filter((target) => target.tool && hasTool(target, environment)).map(
      ({tool}) => tool
    ),
    isWebReachable: await isWebReachable(environment),
  }
}

/** Packages that have libraries of their own, and none for this platform. */
function missingLibraries(platform, arch) {
  const at = (...path) => join(root, 'node_modules', ...path)
  const holds = (folder, pattern) =>
    existsSync(folder) && readdirSync(folder).some((name) => pattern.test(name))
  const libraries = {
    'onnxruntime-node': existsSync(at('onnxruntime-node/bin/napi-v6', platform, arch)),
    tokenizers: holds(at('tokenizers'), new RegExp(`^tokenizers\\.${platform}-${arch}.*\\.node$`)),
    '@resvg/resvg-js': holds(at('@resvg'), new RegExp(`^resvg-js-${platform}-${arch}`)),
  }
  return Object.keys(libraries).filter((name) => !libraries[name])
}

/** The folder of the Electron that was fetched for `npm start`, to be copied as it is. */
function electronFolder() {
  const binary = findElectron()
  if (!binary) return null
  return process.platform === 'darwin'
    ? dirname(dirname(dirname(dirname(binary))))
    : dirname(binary)
}

function electronCache({ELECTRON_CACHE, electron_config_cache, XDG_CACHE_HOME, LOCALAPPDATA}) {
  const named = ELECTRON_CACHE ?? electron_config_cache
  if (named) return named
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/electron')
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? homedir(), 'electron/Cache')
  return join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'electron')
}

function builderCache({ELECTRON_BUILDER_CACHE, XDG_CACHE_HOME, LOCALAPPDATA}) {
  if (ELECTRON_BUILDER_CACHE) return ELECTRON_BUILDER_CACHE
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/electron-builder')
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? homedir(), 'electron-builder/Cache')
  return join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'electron-builder')
}

function findFile(folder, name) {
  if (!existsSync(folder)) return null
  const found = readdirSync(folder, {recursive: true}).find((path) => basename(path) === name)
  return found ? join(folder, found) : null
}

function hasTool({tool, variable, program}, environment) {
  if (variable && existsSync(environment[variable] ?? '')) return true
  if (program && programPath(program, environment)) return true
  const folder = builderCache(environment)
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(tool))
}

function programPath(program, {PATH = ''}) {
  return PATH.split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path))
}

async function isWebReachable({ELECTRON_MIRROR, HTTPS_PROXY, https_proxy}) {
  // Node's own fetch does not ask a proxy; electron-builder does, and says so where it fails.
  if (HTTPS_PROXY || https_proxy) return true
  try {
    const address = ELECTRON_MIRROR ?? 'https://github.com/electron/electron/releases'
    await fetch(address, {method: 'HEAD', signal: AbortSignal.timeout(REACH_MS)})
    return true
  } catch {
    return false
  }
}

async function main(asked) {
  const unknown = asked.filter((name) => !TARGETS.some((target) => target.name === name))
  if (unknown.length > 0) {
    const known = TARGETS.map(({name}) => name).join(', ')
    console.error(`There is no target ${unknown.join(', ')}. Ask for: ${known}.`)
    return 2
  }
  const facts = await readFacts()
  const wanted = TARGETS.filter(({name, platform}) =>
    asked.length > 0 ? asked.includes(name) : platform === facts.platform
  )
  const possible = wanted.filter((target) => obstacle(target, facts) === null)
  for (const target of wanted.filter((each) => !possible.includes(each))) {
    console.log(`${target.name}: cannot be made here: ${obstacle(target, facts)}.`)
  }
  if (asked.length === 0) {
    const others = TARGETS.filter(({platform}) => platform && platform !== facts.platform)
    for (const {name, platform} of others) console.log(`${name}: is made on ${NAMES[platform]}.`)
  }
  if (possible.length === 0) return 2

  await buildIfStale()
  makeIcons()
  mkdirSync(OUTPUT, {recursive: true})
  // Packed once; each installer is made of the same folder, so that one that fails stops no other.
  const packed = await packFolder(facts)
  if (!packed) return 1
  let isFailed = false
  for (const {name} of possible) {
    const isMade = name === 'dir' || (await builder(name, ['--prepackaged', packed], facts))
    if (isMade) console.log(`${name}: made in ${OUTPUT}.`)
    else isFailed = true
  }
  if (isFailed) return 1
  return possible.length === wanted.length ? 0 : 2
}

async function packFolder(facts) {
  if (!(await builder('dir', [], facts))) return null
  const folder = readdirSync(OUTPUT).find((name) => /-unpacked$|^mac(-\w+)?$/.test(name))
  if (!folder) return null
  if (facts.platform !== 'darwin') return join(OUTPUT, folder)
  return join(OUTPUT, folder, 'Tokenscope.app')
}

/** Runs electron-builder for one target; what it says goes to a log, of which a failure tells the end. */
async function builder(target, more, {platform, arch, electron}) {
  const log = join(OUTPUT, `${target}.log`)
  const platformFlag = {linux: '--linux', darwin: '--mac', win32: '--win'}[platform]
  const builderArguments = [
    join(root, 'node_modules/electron-builder/cli.js'),
    platformFlag,
    target,
    `--${arch}`,
    '--publish',
    'never',
    ...more,
    ...(electron ? [`-c.electronDist=${electron}`] : []),
  ]
  const environment = {...process.env, NO_COLOR: '1'}
  if (target === 'deb' && programPath('fpm', process.env)) environment.USE_SYSTEM_FPM = 'true'
  const code = await new Promise((resolve) => {
    const stream = createWriteStream(log)
    const child = spawn(process.execPath, builderArguments, {cwd: root, env: environment})
    child.stdout.pipe(stream)
    child.stderr.pipe(stream)
    child.on('error', (error) => {
      stream.write(String(error))
      resolve(1)
    })
    child.on('close', (exitCode) => stream.end(() => resolve(exitCode ?? 1)))
  })
  if (code === 0) return true
  console.log(`${target}: failed: ${lastError(readFileSync(log, 'utf8'))} (all of it: ${log})`)
  return false
}

/** What electron-builder complained of, without its stack. */
export function lastError(text) {
  const lines = text.split('\n').map((line) => line.trim())
  const error = lines.findLast((line) => /^⨯|\bError:/.test(line)) ?? lines.findLast(Boolean)
  return (error ?? 'it said nothing')
    .replace(/^⨯\s*/, '')
    .replace(/\s+failedTask=.*$/, '')
    .slice(0, 300)
}

if (process.argv[1] === import.meta.filename) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
