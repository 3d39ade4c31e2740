import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, expect, test} from 'vitest'
import {attentionResultSchema} from '../../shared/lenses/attention.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenscope-attention-'))
afterAll(() => rmSync(folder, {recursive: true}))

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(['attention', ...commandArguments], connect, terminal)
  return {exitCode, ...written, ...heard}
}

test('attention asks with its flags in camelCase, and prints a result that its schema takes', async () => {
  const {exitCode, out, captures, wishes} = await cli(
    ...['--model', 'some/model', '--prompt', 'a b', '--layers', '5,0-2', '--heads', '1'],
    ...['--queries', '1:3', '--capture', 'weights', '--generate', '4', '--max-memory', '1G'],
    ...['--no-special-tokens', '--json']
  )
  expect(exitCode).toBe(0)
  expect(captures).toEqual([
    {
      ...{command: 'attention', model: 'some/model', prompt: 'a b', noSpecialTokens: true},
      ...{layers: [0, 1, 2, 5], heads: [1], queries: [1, 3], capture: 'weights', generate: 4},
    },
  ])
  expect(wishes).toEqual([{threads: null, maxMemoryBytes: 2 ** 30}])
  const result = attentionResultSchema.parse(JSON.parse(out))
  expect(result.shape).toEqual([4, 1, 2, result.tokens.length])
  expect(result.status).toBe('completed')
})

test('attention counts heads, importance, what is hidden and the probe, as its flags say', async () => {
  const {exitCode, out, captures, importances, probes} = await cli(
    ...['--prompt', 'a b a b', '--heads', '2', '--aggregate', 'mean', '--drop-sink'],
    ...['--threshold', '0.1', '--top-k', '3', '--mass', '0.7', '--repeat-probe', '12,2,5'],
    ...['--importance', 'attention-rollout', '--query', '2', '--json']
  )
  expect(exitCode).toBe(0)
  expect(captures).toMatchObject([
    {
      ...{aggregate: 'mean', dropSink: true, threshold: 0.1, topK: 3, mass: 0.7},
      ...{importance: 'attention-rollout', query: 2},
      repeatProbe: {length: 12, repeats: 2, seeds: 5},
    },
  ])
  const result = attentionResultSchema.parse(JSON.parse(out))
  expect(importances).toMatchObject([{method: 'attention-rollout', query: 2}])
  expect(probes).toMatchObject([{model: 'micro-base', length: 12, repeats: 2, seeds: 5}])
  expect(result.heads?.every(({head}) => head === 2)).toBe(true)
  expect(result.heads).toHaveLength(result.layers.length)
  expect(result.importance).toMatchObject({method: 'attention-rollout', query: 2})
  expect(result.repeatProbe?.heads.flatMap(({names}) => names)).toEqual(['previous-token'])
  // Without key 0 nothing is left of the first row.
  expect(result.mass?.rowCount).toBe(result.tokens.length - 1)
  // One matrix a layer.
  expect(result.shape[1]).toBe(1)
})

test('attention ranks tokens by itself where all layers are chosen, and takes NaN for null', async () => {
  const all = JSON.parse((await cli('--prompt', 'a b', '--json')).out)
  expect(all.importance).toMatchObject({method: 'wpr', variant: 'position-corrected'})
  expect(all.importance.values[0]).toBeNull()
  expect(all.importance.values[1]).toBe(1)
  expect(all.mass).toBeUndefined()
  const some = await cli('--prompt', 'a b', '--layers', '1', '--json')
  expect(JSON.parse(some.out).importance).toBeUndefined()
  expect(some.importances).toEqual([])
  const asked = await cli('--prompt', 'a b', '--layers', '1', '--variant', 'plain', '--json')
  expect(JSON.parse(asked.out).importance.variant).toBe('plain')
  // For an archive alone nothing is counted.
  const path = join(folder, 'alone.npz')
  expect((await cli('--prompt', 'a b', '--out', path)).importances).toEqual([])
})

test('attention says in words what it counted', async () => {
  const {out} = await cli('--prompt', 'a b a b', '--repeat-probe', '12,2,5', '--mass', '0.5')
  expect(out).toMatch(/^L1\.H2 +previous-token +0\.97 \(/m)
  expect(out).toMatch(/^L0\.H0 +[\d.]+ +1\.00 /m)
  expect(out).toContain('Importance: Weighted PageRank, position-corrected')
  expect(out).toContain('test it by masking')
  expect(out).toMatch(
    /Of the mean of the heads, \d+\.\d % is hidden; \d+ of \d+ rows keep only key 0/
  )
})

test('attention writes an archive of the same text, without generating once more', async () => {
  const path = join(folder, 'weights.npz')
  const {exitCode, out, archives} = await cli('--prompt', 'a b', '--out', path)
  expect([exitCode, out]).toEqual([0, ''])
  expect([...readFileSync(path)]).toEqual([80, 75, 3, 4])
  expect(archives).toMatchObject([{prompt: 'a b', generate: 0, withTokenIds: true}])
  expect((await cli('--prompt', 'a', '--no-prompt', '--out', path)).archives).toMatchObject([
    {withTokenIds: false},
  ])
})

test('attention warns once of value-weighted weights that depend on a basis, whatever it writes', async () => {
  const weighted = ['--prompt', 'a b', '--aggregate', 'value-weighted']
  const npz = join(folder, 'weighted.npz')
  const warning = /^warning \(basis-dependent\): .*the output projection was not found/gm
  const own = ['--model', 'basis/model', ...weighted]
  for (const to of [[], ['--out', npz], ['--json', '--out', npz]]) {
    const {exitCode, out, error} = await cli(...own, ...to)
    expect(exitCode).toBe(0)
    const inJson = to.includes('--json') ? JSON.parse(out).warnings : []
    const codes = inJson.map(({code}: {code: string}) => code)
    expect([...(error.match(warning) ?? []), ...codes]).toHaveLength(1)
  }
  expect((await cli(...weighted)).error).not.toMatch(warning)
})

test('attention leaves no half archive, and what was there before', async () => {
  const path = join(folder, 'kept.npz')
  writeFileSync(path, 'before')
  const {exitCode, error} = await cli('--prompt', 'break', '--out', path)
  expect([exitCode, error]).toEqual([1, expect.stringContaining('It broke.')])
  expect(readFileSync(path, 'utf8')).toBe('before')
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
})

test('attention says a row a layer, or without its prompt', async () => {
  const {out} = await cli('--prompt', 'secret words', '--layers', '1')
  expect(out).toMatch(/^ *1 +queries-keys +8 +8 +float32$/m)
  expect(out.replaceAll(' ', '')).toContain('secret')
  expect(
    (await cli('--prompt', 'secret words', '--no-prompt')).out.replaceAll(' ', '')
  ).not.toContain('secret')
  const json = (await cli('--prompt', 'secret words', '--no-prompt', '--json')).out
  expect(json).not.toContain('secret')
  expect(json).not.toContain('bytesHex')
})

test('attention interrupted says which file was not written', async () => {
  const {connect} = testEngine()
  const {terminal, written, interrupt} = testTerminal()
  const path = join(folder, 'interrupted.npz')
  const running = runCli(['attention', '--prompt', 'slow', '--out', path], connect, terminal)
  setTimeout(interrupt, 20)
  expect(await running).toBe(130)
  expect(written.error).toContain(`Interrupted: ${path} was not written.`)
  expect(existsSync(path)).toBe(false)
})

test('attention interrupted gives what it has, and 130', async () => {
  const {connect} = testEngine()
  const {terminal, written, interrupt} = testTerminal()
  const running = runCli(['attention', '--prompt', 'slow', '--json'], connect, terminal)
  setTimeout(interrupt, 20)
  expect(await running).toBe(130)
  expect(JSON.parse(written.out).status).toBe('cancelled')
  expect(existsSync(join(folder, 'x.npz'))).toBe(false)
})

test.each([
  [['--prompt', 'a', '--layers', '3-1'], '--layers takes numbers and stretches such as 0-3,5'],
  [['--prompt', 'a', '--layers', 'all'], '--layers takes'],
  [['--prompt', 'a', '--heads', '0-99999'], '--heads takes'],
  [['--prompt', 'a', '--queries', '3:3'], '--queries takes a stretch such as 3:7'],
  [['--prompt', 'a', '--capture', 'keys'], '--capture takes qk or weights'],
  [['--prompt', 'a', '--aggregate', 'sum'], '--aggregate takes mean, max, value-weighted or'],
  [['--prompt', 'a', '--aggregate', 'attention-rollout', '--heads', '1'], 'leave --heads out'],
  [['--prompt', 'a', '--importance', 'rank'], '--importance takes wpr'],
  [['--prompt', 'a', '--importance', 'attention-flow', '--variant', 'plain'], '--variant is of'],
  [['--prompt', 'a', '--query', '3'], '--query is of --importance attention-rollout'],
  [['--prompt', 'a', '--mass', '1.5'], '--mass takes a number above 0, up to 1'],
  [['--prompt', 'a', '--top-k', '0'], '--top-k takes a whole number from 1'],
  [['--prompt', 'a', '--threshold', '-1'], '--threshold takes a number from 0'],
  [['--prompt', 'a', '--repeat-probe', '50,2'], '--repeat-probe takes length, repeats and seeds'],
  [['--prompt', 'a', '--repeat-probe', '50,1,5'], '--repeat-probe takes length (2 to 2000)'],
  [['--prompt', 'a', '--out', 'x.pdf'], '--out writes .npz, .json, .svg, .png or .csv so far'],
  [[], 'give a prompt with'],
  [['two', 'words'], 'a prompt is given as --prompt'],
])('%j is wrong usage', async (flags, words) => {
  const {exitCode, error, captures} = await cli(...flags)
  expect([exitCode, captures]).toEqual([2, []])
  expect(error).toContain(words)
})

test('a matrix is of one head: several are wrong usage, and so is a view that does not exist', async () => {
  const several = await cli('--prompt', 'a b', '--layers', '0', '--out', join(folder, 'a.svg'))
  expect(several.exitCode).toBe(2)
  expect(several.error).toContain('a matrix is of one head')
  const strange = await cli('--prompt', 'a b', '--view', 'cube', '--out', join(folder, 'a.svg'))
  expect(strange.exitCode).toBe(2)
  expect(strange.error).toContain('--view')
  const minus = await cli('--prompt', 'a b', '--minus', 'four', '--out', join(folder, 'a.svg'))
  expect(minus.error).toContain('layer.head')
})

test.each([
  ['matrix', ['--layers', '1', '--heads', '2']],
  ['lines', ['--layers', '1', '--heads', '0-2', '--range', '0.5']],
  ['overview', ['--mark', '1.2']],
  ['two-heads', ['--layers', '1', '--heads', '2', '--other', '3.5']],
  ['graph', ['--edges', '4']],
  ['pruning', ['--keep', '3']],
  ['importance', ['--variant', 'plain']],
])('attention draws %s: the same bytes twice', async (view, flags) => {
  const path = join(folder, `${view}.svg`)
  const draw = async () => {
    const {exitCode, error} = await cli(
      ...['--prompt', 'a b c a b', '--view', view, ...flags, '--out', path]
    )
    expect([exitCode, error]).toEqual([0, ''])
    return readFileSync(path)
  }
  const first = await draw()
  expect(first.toString()).toContain(`view&quot;:&quot;${view}&quot;`)
  expect(first.equals(await draw())).toBe(true)
})

test.each([
  [['--view', 'lines'], 'lines are of 1 to 8 heads'],
  [['--view', 'two-heads', '--layers', '1', '--heads', '2'], 'two heads need --other'],
  [['--view', 'two-heads', '--other', '1.2'], 'one of --layers and --heads with one each'],
  [['--view', 'pruning', '--keep', '77'], '--keep takes 2 to'],
  [['--view', 'overview', '--mark', '4'], '--mark takes layer.head'],
])('attention %j is wrong usage', async (flags, words) => {
  const {exitCode, error} = await cli('--prompt', 'a b', ...flags, '--out', join(folder, 'b.svg'))
  expect(exitCode).toBe(2)
  expect(error).toContain(words)
})
