import {execFile, execFileSync} from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import {createRequire} from 'node:module'
import {tmpdir} from 'node:os'
import {dirname, join, sep} from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {parse} from 'yaml'
import {unpackedRoot} from '../src/main/engine-options.ts'
import {appleIcon, iconPng, windowsIcon} from './make-icons.mjs'
import {lastError, obstacle, TARGETS} from './package.mjs'

const root = join(import.meta.dirname, '..')
const require = createRequire(join(root, 'package.json'))
const config = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8'))
const exec = promisify(execFile)

test('the configuration is one that electron-builder accepts', async () => {
  const builder = createRequire(require.resolve('electron-builder/package.json'))
  const {validateConfiguration} = builder('app-builder-lib/out/util/config/config.js')
  const {DebugLogger} = builder('builder-util')
  const check = (given: object) => validateConfiguration(given, new DebugLogger(false))
  await check(structuredClone(config))
  await expect(check({...config, asarUnpacked: []})).rejects.toThrow(/Invalid configuration/)
  await expect(check({...config, linux: {target: ['deb'], icons: 'x'}})).rejects.toThrow(/linux/)
  expect(existsSync(join(root, config.nsis.include))).toBe(true)
  const targets = [config.linux, config.mac, config.win].flatMap(({target}) => target)
  const {entry, desktopActions} = config.linux.desktop
  expect(entry.Actions).toBe(
    Object.keys(desktopActions)
      .map((name) => `${name};`)
      .join('')
  )
  expect(targets).toEqual(TARGETS.filter(({platform}) => platform).map(({name}) => name))
})

test('no file’s default program is replaced', () => {
  expect(config.fileAssociations).toBeUndefined()
  for (const type of config.mac.extendInfo.CFBundleDocumentTypes) {
    expect(type.LSHandlerRank).toBe('Alternate')
  }
  const script = readFileSync(join(root, config.nsis.include), 'utf8')
  // The value without a name of an extension's key is its default program.
  expect(script).not.toMatch(/WriteRegStr \w+ "Software\\Classes\\\.\w+" /)
  expect(script.match(/OpenWithProgids/g)).toHaveLength(6)
})

test('what stands in the archive and what beside it is found from either', () => {
  expect(unpackedRoot('/opt/Tokenscope/resources/app.asar')).toBe(
    '/opt/Tokenscope/resources/app.asar.unpacked'
  )
  for (const folder of ['/opt/x/resources/app.asar.unpacked', '/home/me/app.asar.d', root]) {
    expect(unpackedRoot(folder)).toBe(folder)
  }
})

/** An Electron as far as the packager looks at one: a binary with the mark of its fuses. */
function makeFakeElectron(folder: string): void {
  mkdirSync(join(folder, 'resources'), {recursive: true})
  const fuses = Buffer.concat([
    Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
    Buffer.from([1, 9]),
    Buffer.from('1'.repeat(9)),
  ])
  writeFileSync(join(folder, 'electron'), fuses)
  chmodSync(join(folder, 'electron'), 0o755)
  for (const name of ['version', 'LICENSE', 'LICENSES.chromium.html']) {
    writeFileSync(join(folder, name), '')
  }
}

/** Folders of the packages that are installed with this one, by name. */
function installedWith(name: string, from: string, found = new Map<string, string>()) {
  let folder: string
  try {
    folder = packageFolder(name, from)
  } catch {
    // An optional one of another platform.
    return found
  }
  if (found.has(name)) return found
  found.set(name, folder)
  const {dependencies, optionalDependencies} = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8')
  )
  for (const each of Object.keys({...dependencies, ...optionalDependencies})) {
    installedWith(each, folder, found)
  }
  return found
}

function packageFolder(name: string, from: string): string {
  let folder = from
  for (;;) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return candidate
    if (dirname(folder) === folder) throw new Error(`${name} is not installed`)
    folder = dirname(folder)
  }
}

const filesOf = (folder: string) =>
  readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.split(sep).join('/'))

// The layout is the same on every platform; Linux's is made without signing anything.
describe.skipIf(process.platform !== 'linux')('what is packed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenscope-package-'))
  const unpacked = join(folder, 'made/linux-unpacked/resources/app.asar.unpacked')
  let packed: string[] = []

  beforeAll(async () => {
    expect(existsSync(join(root, 'out/main/engine.js')), 'npm run build').toBe(true)
    makeFakeElectron(join(folder, 'electron'))
    await exec(
      process.execPath,
      [
        require.resolve('electron-builder/cli.js'),
        '--linux',
        'dir',
        '--publish=never',
        `-c.electronDist=${join(folder, 'electron')}`,
        `-c.directories.output=${join(folder, 'made')}`,
      ],
      {cwd: root}
    )
    const asar = await import(require.resolve('@electron/asar'))
    const archive = join(folder, 'made/linux-unpacked/resources/app.asar')
    packed = (asar.listPackage(archive, {isPack: false}) as string[]).map((path) => path.slice(1))
  }, 120_000)
  afterAll(() => rmSync(folder, {recursive: true, force: true}))

  test('the archive holds what was built and nothing that makes it', () => {
    for (const path of [
      'package.json',
      'out/main/index.js',
      'out/preload/index.cjs',
      'out/renderer/index.html',
    ]) {
      expect(packed).toContain(path)
    }
    const tops = new Set(packed.map((path) => path.split('/')[0]))
    expect([...tops].sort()).toEqual(['LICENSE', 'assets', 'node_modules', 'out', 'package.json'])
    expect(packed.filter((path) => /\.map$|^assets\/training|\.test\./.test(path))).toEqual([])
    const {main, type, devDependencies} = JSON.parse(
      readFileSync(join(unpacked, 'package.json'), 'utf8')
    )
    expect({main, type, devDependencies}).toEqual({main: 'out/main/index.js', type: 'module'})
  })

  test('every package with a native library lies beside the archive, for this platform alone', () => {
    const {dependencies} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const found = new Map<string, string>()
    for (const name of Object.keys(dependencies)) installedWith(name, root, found)
    const native = [...found].filter(([, path]) =>
      filesOf(path).some((file) => file.endsWith('.node'))
    )
    expect(native.map(([name]) => name)).toEqual(
      expect.arrayContaining(['onnxruntime-node', 'tokenizers'])
    )
    for (const [name] of native) {
      const files = filesOf(join(unpacked, 'node_modules', name))
      expect(files.filter((file) => file.endsWith('.node')).length, name).toBeGreaterThan(0)
    }
    const libraries = filesOf(join(unpacked, 'node_modules')).filter((file) =>
      /\.(node|so|dylib|dll)(\.\d+)*$/.test(file)
    )
    expect(libraries.filter((file) => !file.includes(process.arch))).toEqual([])
    expect(libraries.filter((file) => /win32|darwin|android|musl/.test(file))).toEqual([])
  })

  test('the engine starts there, runs its model in its thread and draws with its fonts', () => {
    // Where the operating system sees it, with no checkout around it to fall back on.
    const cli = (...given: string[]) =>
      execFileSync(process.execPath, [join(unpacked, 'out/main/cli.js'), ...given], {
        cwd: folder,
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          TOKENSCOPE_STATE_FOLDER: join(folder, 'state'),
        },
      })
    const tokens = JSON.parse(
      cli('tokens', '--model', 'micro-base', '--prompt', 'Mira has a lamp.', '--json')
    )
    expect(JSON.stringify(tokens)).toContain('lamp')
    const figure = join(folder, 'figure.png')
    cli('tokens', '--model', 'micro-base', '--prompt', 'Mira has a lamp.', '--out', figure)
    expect(readFileSync(figure).subarray(1, 4).toString('latin1')).toBe('PNG')
  }, 60_000)

  test('the fuses of the binary are set', () => {
    const binary = readFileSync(join(folder, 'made/linux-unpacked/tokenscope-desktop'), 'latin1')
    const wire = binary.slice(binary.indexOf('dL7pKGdn') + 34)
    // In the order of Electron's fuses: run as Node, cookies, NODE_OPTIONS, --inspect, integrity,
    // archive only, own snapshot, rights of file://.
    expect(wire.slice(0, 8)).toBe('01001110')
  })
})

describe('what can be made here', () => {
  const all = {
    platform: 'linux',
    arch: 'x64',
    electronVersion: '45.4.1',
    missingLibraries: [],
    electron: '/electron',
    tools: ['appimage', 'fpm', 'dmg-builder', 'nsis'],
    isWebReachable: false,
  }
  const target = (name: string) => TARGETS.find((each) => each.name === name)!

  test('each obstacle is said, in the order in which it can be removed', () => {
    expect(obstacle(target('deb'), all)).toBe(null)
    expect(obstacle(target('dmg'), all)).toMatch(/made on macOS, and this is Linux/)
    expect(obstacle(target('nsis'), all)).toMatch(/made on Windows/)
    expect(obstacle(target('deb'), {...all, tools: []})).toMatch(/^fpm, which makes it, is not/)
    expect(obstacle(target('dir'), {...all, tools: []})).toBe(null)
    expect(obstacle(target('AppImage'), {...all, electron: null})).toMatch(
      /no Electron 45\.4\.1 for linux x64/
    )
    const bare = {...all, electron: null, tools: [], isWebReachable: true}
    expect(obstacle(target('AppImage'), bare)).toBe(null)
    const mac = {...all, platform: 'darwin', missingLibraries: ['onnxruntime-node']}
    expect(obstacle(target('dmg'), mac)).toBe('onnxruntime-node has no library for darwin x64')
  })

  test('what another platform makes is said in a line, fast and without a stack', async () => {
    const run = (...given: string[]) =>
      exec(process.execPath, [join(root, 'scripts/package.mjs'), ...given]).catch(
        (error: {code: number; stdout: string; stderr: string}) => error
      )
    const foreign = process.platform === 'win32' ? 'dmg' : 'nsis'
    const ended = await run(foreign)
    expect(ended).toMatchObject({code: 2, stderr: ''})
    expect(ended.stdout).toMatch(new RegExp(`^${foreign}: cannot be made here: [^\n]+\\.\n$`))
    expect(await run('rpm')).toMatchObject({
      code: 2,
      stderr: 'There is no target rpm. Ask for: dir, AppImage, deb, dmg, nsis.\n',
    })
  })

  test('of a failure the reason is told, not the stack', () => {
    const log = [
      '  • packaging       platform=linux',
      '  ⨯ cannot find it  failedTask=build stackTrace=Error: cannot find it',
      '    at LinuxPackager.pack (platformPackager.ts:167:5)',
    ]
    expect(lastError(log.join('\n'))).toBe('cannot find it')
    expect(lastError('')).toBe('it said nothing')
  })
})

test('icons have every size, and the one in the tree is the drawn one', () => {
  const kept = readFileSync(join(root, 'assets/icons/tokenscope-512.png'))
  expect(kept.equals(iconPng(512))).toBe(true)
  const sideOf = (png: Buffer) => [png.readUInt32BE(16), png.readUInt32BE(20)]

  const ico = windowsIcon()
  const sides: number[] = []
  for (let index = 0; index < ico.readUInt16LE(4); index++) {
    const at = 6 + 16 * index
    const png = ico.subarray(ico.readUInt32LE(at + 12))
    expect(sideOf(png)).toEqual([ico[at] || 256, ico[at + 1] || 256])
    sides.push(ico[at] || 256)
  }
  expect(sides).toEqual([16, 24, 32, 48, 64, 128, 256])

  const icns = appleIcon()
  expect(icns.readUInt32BE(4)).toBe(icns.length)
  const types = new Map<string, number>()
  for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
    types.set(icns.toString('latin1', at, at + 4), sideOf(icns.subarray(at + 8))[0]!)
  }
  expect(Object.fromEntries(types)).toMatchObject({ic07: 128, ic08: 256, ic09: 512, ic10: 1024})
})
