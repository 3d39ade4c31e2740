import {readFile, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {temporaryFolder} from '../../../fixtures/broken.ts'
import {treeResultSchema} from '../../shared/lenses/tree.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(['tree', ...commandArguments], connect, terminal)
  return {exitCode, ...written, ...heard}
}

test('tree asks with its flags in camelCase, and prints a result that its schema takes', async () => {
  const {exitCode, out, trees} = await cli(
    ...['--prompt', 'Tom has', '--strategy', 'specinfer', '--draft', 'self:2', '--json'],
    ...['--nodes', '9', '--depth', '3', '--width', '2', '--max-children', '4', '--beams', '5'],
    ...['--length-penalty', '-0.5', '--branching', '2,2', '--paths', '3', '--samples', '7'],
    ...['--draft-length', '4', '--branch-length', '6', '--joint-threshold', '0.01'],
    ...['--draft-threshold', '0.1', '--top-k', '8', '--top-p', '0.9', '--min-p', '0.05'],
    ...['--temperature', '0', '--draft-temperature', '0.7', '--draft-top-p', '0.8', '--steps', '3'],
    ...['--max-new-tokens', '11', '--distribution', 'raw', '--seed', '12']
  )
  expect(exitCode).toBe(0)
  expect(trees).toEqual([
    {
      ...{command: 'tree', model: 'micro-base', prompt: 'Tom has', strategy: 'specinfer'},
      ...{draft: 'self:2', nodes: 9, depth: 3, width: 2, maxChildren: 4, beams: 5},
      ...{lengthPenalty: -0.5, branching: [2, 2], paths: 3, samples: 7, draftLength: 4},
      ...{branchLength: 6, jointThreshold: 0.01, draftThreshold: 0.1, topK: 8, topP: 0.9},
      ...{minP: 0.05, temperature: 0, draftTemperature: 0.7, draftTopP: 0.8, steps: 3},
      ...{maxNewTokens: 11, distribution: 'raw', seed: 12},
    },
  ])
  expect(treeResultSchema.parse(JSON.parse(out)).request).toMatchObject(trees[0]!)
})

test('tree prints an outline, writes files, and opens what it wrote', async () => {
  const folder = await temporaryFolder()
  const [json, csv] = [join(folder.path, 'a.json'), join(folder.path, 'a.csv')]
  const grown = await cli('--prompt', 'Tom has')
  expect(grown.out).toContain('all others')
  expect(grown.out).toMatch(/micro-base, \d+ tokens, best-first, \d+ nodes/)
  await cli('--prompt', 'Tom has', '--out', json, '--out', csv)
  const result = treeResultSchema.parse(JSON.parse(await readFile(json, 'utf8')))
  const rows = (await readFile(csv, 'utf8')).trimEnd().split('\r\n')
  // How it was made, the names of the columns, and one row a node.
  expect(rows).toHaveLength(2 + result.nodes.length)
  expect(JSON.parse(rows[0]!.slice(2))).toMatchObject({figure: 'tree', model: {id: 'micro-base'}})
  const opened = await cli('--open', json)
  expect(opened).toMatchObject({exitCode: 0, trees: [], out: grown.out})
  expect(opened.opened).toMatchObject([{model: 'micro-base', sha256: result.model.sha256}])
  const hidden = await cli('--prompt', 'Tom has', '--no-prompt', '--json')
  expect(hidden.out).not.toContain('Tom')
  expect(hidden.out).not.toContain('bytesHex')
  await folder.remove()
})

test('tree opens what logitloom saved, and says what it left out', async () => {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'a.ll.json')
  const token = (text: string, children: unknown[] = []) => ({
    ...{id: text, text, logprob: -1, prob: 0.37, branchFinished: false, children},
  })
  await writeFile(
    path,
    JSON.stringify({
      ...{isLogitLoomTreeVersion: 'logit-loom-tree-v1', modelName: 'other'},
      modelSettings: {kind: 'base', prompt: 'Tom'},
      roots: [token(' has', [token(' a')]), token('xyzzy')],
    })
  )
  const {exitCode, out, error} = await cli('--open', path)
  expect(exitCode).toBe(0)
  expect(out).toContain('has')
  expect(error).toContain('1 of 3 nodes are left out')
  expect(error).toContain('that logitloom saved of other')
  await folder.remove()
})

test('tree refuses a file of 100 MB and one that is no tree', async () => {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'big.json')
  await writeFile(path, '{')
  expect(await cli('--open', path)).toMatchObject({
    exitCode: 1,
    error: expect.stringContaining('holds no tree'),
  })
  await truncate(path, 100 * 2 ** 20)
  expect(await cli('--open', path)).toMatchObject({
    exitCode: 1,
    error: expect.stringContaining('too large'),
  })
  await folder.remove()
})

test.each([
  [['--strategy', 'guess'], '--strategy takes best-first, top-k'],
  [['--branching', '2;2'], '--branching takes whole numbers'],
  [['--temperature', '-1'], '--temperature takes a number from 0 to 100'],
  [['--draft-top-p', '2'], '--draft-top-p takes a number above 0, up to 1'],
  [['--nodes', '0'], '--nodes takes a whole number from 1 to 100000'],
  [['--figure-width', '5 miles'], '--figure-width takes a length in px, mm, cm or in'],
  [['--theme', 'neon'], '--theme takes light, dark, print or grey'],
])('%j is wrong usage', async (flags, words) => {
  const {exitCode, error, trees} = await cli('--prompt', 'a', ...flags)
  expect([exitCode, trees]).toEqual([2, []])
  expect(error).toContain(words)
})
