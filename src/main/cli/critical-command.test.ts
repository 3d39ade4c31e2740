import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {temporaryFolder} from '../../../fixtures/broken.ts'
import {criticalResultSchema} from '../../shared/lenses/critical.ts'
import {parseChecker} from './critical-command.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(['critical', ...commandArguments], connect, terminal)
  return {exitCode, ...written, ...heard}
}

test('critical asks with its flags in camelCase, and prints a result that its schema takes', async () => {
  const {exitCode, out, criticals} = await cli(
    ...['--prompt', 'Kai has 38', '--response', 'a b c d', '--answer', '31', '--seed', '9'],
    ...['--checker', 'number:Answer:', '--method', 'both', '--rollouts', '16', '--tolerance', '2'],
    ...['--temperature', '.7', '--top-p', '.9', '--max-new-tokens', '40', '--mode', 'exhaustive'],
    ...['--positive', 'p', '--negative', 'n', '--beta', '2.5', '--counterfactual', '--json']
  )
  expect(exitCode).toBe(0)
  expect(criticals).toEqual([
    {
      ...{command: 'critical', model: 'micro-base', prompt: 'Kai has 38', response: 'a b c d'},
      ...{answer: '31', checker: {kind: 'number', marker: 'Answer:'}, method: 'both', seed: 9},
      ...{rollouts: 16, tolerance: 2, temperature: 0.7, topP: 0.9, maxNewTokens: 40},
      ...{mode: 'exhaustive', positive: 'p', negative: 'n', beta: 2.5, counterfactual: true},
    },
  ])
  const result = criticalResultSchema.parse(JSON.parse(out))
  expect(result.request).toEqual(criticals[0])
  expect(result.critical).toEqual([
    {method: 'rollout', rule: 'released', position: result.responseStart + 2},
  ])
})

test('critical prints a line a response token, and leaves the prompt out where it is told', async () => {
  const asked = ['--prompt', 'secret', '--response', 'hidden b c d', '--checker', 'text']
  const {out} = await cli(...asked)
  expect(out).toMatch(/from the prompt alone 12 of 16/)
  expect(out).toMatch(/11 of 16/)
  expect(out).toMatch(/0 of 16 .* released/)
  for (const flags of [['--no-prompt'], ['--no-prompt', '--json']]) {
    const bare = await cli(...asked, ...flags)
    expect(bare.out).not.toMatch(/secret|hidden/)
  }
})

test('critical writes its scores as a table', async () => {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'scores.csv')
  const {exitCode} = await cli(
    '--prompt',
    'a',
    '--response',
    'b c d e',
    '--checker',
    'text',
    '--out',
    path
  )
  expect(exitCode).toBe(0)
  const [made, head, ...lines] = (await readFile(path, 'utf8')).trim().split('\r\n')
  expect(JSON.parse(made!.slice(2)).request).toMatchObject({prompt: 'a', response: 'b c d e'})
  expect(head).toBe('position,method,value,successCount,sampleCount,low,high,rules,id,bytesHex')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatch(/^\d+,rollout,0\.6875,11,16,/)
  await folder.remove()
})

test('checkers are written as kind and what it needs', async () => {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'check.js')
  await writeFile(path, '(r, a) => r.endsWith(a)')
  expect(parseChecker('number:Answer:')).toEqual({kind: 'number', marker: 'Answer:'})
  expect(parseChecker('text')).toEqual({kind: 'text'})
  expect(parseChecker('one-of:yes,no')).toEqual({kind: 'one-of', options: ['yes', 'no']})
  expect(parseChecker('regex:a:b')).toEqual({kind: 'regex', pattern: 'a:b'})
  expect(parseChecker(`script:${path}`)).toEqual({
    kind: 'script',
    source: '(r, a) => r.endsWith(a)',
    file: path,
  })
  for (const bad of ['number', 'one-of:yes', 'regex:', 'sum:3', '']) {
    expect(() => parseChecker(bad)).toThrow('--checker takes')
  }
  await folder.remove()
})

test.each([
  [['--response', 'a', '--sample-response'], 'give one of --response and --sample-response'],
  [['--rollouts', '0'], '--rollouts takes'],
  [['--method', 'guess'], '--method takes'],
  [['--checker', 'sum'], '--checker takes'],
])('%j is wrong usage', async (flags, message) => {
  const {exitCode, error} = await cli('--prompt', 'a', ...flags)
  expect(exitCode).toBe(2)
  expect(error).toContain(message)
})
