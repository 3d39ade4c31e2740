import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {FIGURES} from '../src/shared/figures/registry.tsx'

const root = join(import.meta.dirname, '..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** Names of the files in a folder that are lenses: no tests, and nothing that only serves one. */
const lensFiles = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => /^[a-z]+(\.ts)?$/.test(name) && name !== 'registry.ts' && name !== 'lens.ts')
    .map((name) => name.replace('.ts', ''))

test('every folder that the README maps is there, and every folder of the tree is mapped', () => {
  const mapped = [...readme.matchAll(/^\| `([\w/.-]+)` \|/gm)].map((match) => match[1]!)
  for (const folder of mapped) expect(existsSync(join(root, folder)), folder).toBe(true)
  const top = readdirSync(root, {withFileTypes: true})
    .filter(
      (entry) =>
        entry.isDirectory() && !/^(\.|node_modules|out|dist|test-results|src)/.test(entry.name)
    )
    .map((entry) => entry.name)
  const shared = readdirSync(join(root, 'src/shared')).map((name) => `src/shared/${name}`)
  expect(mapped).toEqual(expect.arrayContaining([...top, ...shared]))
})

test('every link of the README and CONTRIBUTING leads to a file', () => {
  for (const file of ['README.md', 'CONTRIBUTING.md']) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const [, target] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      if (!/^https?:/.test(target!)) expect(existsSync(join(root, target!)), target).toBe(true)
    }
  }
})

/** Lenses that have no page yet: what the engine and the command line give, pictures will draw. */
const WITHOUT_PAGE = ['inspect', 'intervene', 'bytes', 'vocabulary']

test('every lens has a request, an engine, a figure, a panel, a command, a picture and a row', () => {
  const lenses = lensFiles('src/shared/lenses')
  expect(lenses).not.toHaveLength(0)
  const commands = readFileSync(join(root, 'src/main/cli/run-cli.ts'), 'utf8')
  const panels = readFileSync(join(root, 'src/renderer/lenses/registry.ts'), 'utf8')
  for (const lens of lenses) {
    expect(lensFiles('src/main/engine/lenses'), lens).toContain(lens)
    expect(commands, lens).toContain(`command('${lens}')`)
    expect(readme, lens).toContain(`\`tokenscope ${lens}\``)
    if (WITHOUT_PAGE.includes(lens)) {
      expect(existsSync(join(root, 'src/renderer/lenses', lens)), lens).toBe(false)
      continue
    }
    expect(Object.keys(FIGURES), lens).toContain(lens)
    expect(existsSync(join(root, 'src/renderer/lenses', lens)), lens).toBe(true)
    expect(panels, lens).toContain(`./${lens}/`)
    expect(existsSync(join(root, `docs/${lens}-light.png`)), lens).toBe(true)
  }
})
