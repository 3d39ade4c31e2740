import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {temporaryFolder} from '../../../fixtures/broken.ts'
import {sampleResult, sampleRow} from '../../shared/figures/attribution/sample-result.ts'
import {attributeResultSchema} from '../../shared/lenses/attribute.ts'
import {attributeText, unnamedTargets} from './attribute-text.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(['attribute', ...commandArguments], connect, terminal)
  return {exitCode, ...written, ...heard}
}

test('attribute asks with its flags in camelCase, and prints a result that its schema takes', async () => {
  const {exitCode, out, attributions} = await cli(
    ...['--prompt', 'Mira keeps coins', '--contrast', '5,6', '--generate', '2', '--seed', '9'],
    ...['--method', 'reagent', '--sampler', 'uniform', '--mlm', 'other', '--preset', 'token'],
    ...['--ratio', '.2', '--keep', '0.4', '--overlap', '0', '--stop-k', '5', '--max-steps', '70'],
    ...['--probes', '4', '--test-every', '3', '--compare-exact', '--faithfulness', '--draws', '2'],
    ...['--curves', '--json']
  )
  expect(exitCode).toBe(0)
  expect(attributions).toEqual([
    {
      ...{command: 'attribute', model: 'micro-base', prompt: 'Mira keeps coins'},
      ...{contrast: [5, 6], generate: 2, seed: 9, method: 'reagent', sampler: 'uniform'},
      ...{mlm: 'other', preset: 'token', ratio: 0.2, keep: 0.4, overlap: 0, stopK: 5},
      ...{maxSteps: 70, probes: 4, testEvery: 3, compareExact: true, faithfulness: true},
      ...{draws: 2, curves: true},
    },
  ])
  const result = attributeResultSchema.parse(JSON.parse(out))
  expect(result.request).toEqual(attributions[0])
  expect(result.values!.map(({position}) => position)).toEqual(
    result.tokens.filter(({isSpecial}) => !isSpecial).map(({position}) => position)
  )
})

test('each target is asked for by its flag', async () => {
  const asked = async (...flags: string[]) => (await cli('--prompt', 'a', ...flags)).attributions[0]
  expect(await asked('--target-position', '3')).toMatchObject({targetPosition: 3})
  expect(await asked('--target-token', '7')).toMatchObject({targetToken: 7})
  expect(await asked('--target-span', '2:4')).toMatchObject({targetSpan: [2, 4]})
  expect(await asked('--all-generated', '--generate', '3')).toMatchObject({allGenerated: true})
})

test('attribute prints values with their intervals, the rationale and what converged', async () => {
  const {out} = await cli('--prompt', 'Mira keeps coins')
  expect(out).toMatch(/micro-base, \d+ tokens, reagent, replacements: uniform, seed 0/)
  expect(out).toMatch(/^ +3 +\S+ +0?\.545 +0?\.445 +0?\.645 +0?\.\d+ +\*$/m)
  expect(out).toMatch(/4 of 4 probes stopped \(converged\), after 4 9 14 30 steps/)
  const secret = await cli('--prompt', 'secret', '--no-prompt', '--json')
  expect(secret.out).not.toContain('secret')
  expect(JSON.parse(secret.out).target).not.toHaveProperty('tokenIds')
  expect((await cli('--prompt', 'secret', '--no-prompt')).out).not.toContain('secret')
})

test('attribute writes its values as a table', async () => {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'values.csv')
  await cli('--prompt', 'Mira keeps coins', '--out', path)
  const [head, ...lines] = (await readFile(path, 'utf8')).trim().split('\n')
  await folder.remove()
  expect(head).toBe('targetPosition,position,value,low,high,released,isRationale,id,bytesHex')
  expect(lines[0]!.split(',')).toHaveLength(9)
  expect(lines.map((line) => Number(line.split(',')[1]))).toEqual(lines.map((_, i) => i + 1))
})

test('interrupted it prints the estimate that it had, as a part', async () => {
  const {connect} = testEngine()
  const {terminal, written, interrupt} = testTerminal()
  const running = runCli(['attribute', '--prompt', 'slow', '--json'], connect, terminal)
  await new Promise((resolve) => setTimeout(resolve, 50))
  interrupt()
  expect(await running).toBe(130)
  const result = attributeResultSchema.parse(JSON.parse(written.out))
  expect([result.status, result.stopReason]).toEqual(['cancelled', 'cancelled'])
  expect(result.values!.length).toBeGreaterThan(0)
  expect(written.error).toContain('Interrupted')
})

test.each([
  [['--method', 'gradient'], '--method takes reagent, occlusion-mask'],
  [['--sampler', 'roberta'], '--sampler takes mlm, mlm-prefix, pos, uniform or self'],
  [['--preset', 'mine'], '--preset takes ours, paper, inseq or token'],
  [['--target-span', '4:2'], '--target-span takes a stretch'],
  [['--target-position', '0'], '--target-position takes a whole number from 1'],
  [['--target-token', '1', '--contrast', '1,2'], 'give one of --target-token and --contrast'],
  [['--contrast', '5'], '--contrast takes two different token ids'],
  [['--contrast', '5,5'], '--contrast takes two different token ids'],
  [['--ratio', '1'], '--ratio takes a number above 0, up to 0.99'],
  [['--keep', '0'], '--keep takes a number above 0'],
  [['--probes', '0'], '--probes takes a whole number from 1 to 256'],
])('%j is wrong usage', async (flags, words) => {
  const {exitCode, error, attributions} = await cli('--prompt', 'a', ...flags)
  expect([exitCode, attributions]).toEqual([2, []])
  expect(error).toContain(words)
})

test('a target that stands nowhere in the text is printed by its text', async () => {
  const row = sampleRow([0.1, 0.3, 0.9, 0.2, 0.05, 0.15], {
    target: {positions: [7], tokenIds: [9], contrastId: 8, prob: 0.6, contrastProb: 0.2},
  })
  const result = sampleResult(row)
  expect(unnamedTargets(result)).toEqual([9, 8])
  const names = new Map([
    [9, '·lamps'],
    [8, '·coins'],
  ])
  expect(attributeText(result, false, names)).toMatch(
    /target ·lamps at position 7, p 0?\.60* rather than ·coins, p 0?\.20*$/mu
  )
  expect(attributeText(result, false)).toContain('target id 9 at position 7')
  expect(attributeText(result, true, names)).not.toContain('lamps')
  const {out} = await cli('--prompt', 'Mira keeps coins')
  expect(out).not.toContain('target id')
})

test('what is kept is a share or whole tokens', async () => {
  const refused = await cli('--prompt', 'a', '--keep', '1.4')
  expect(refused.exitCode).toBe(2)
  expect(refused.error).toContain('keep')
  expect((await cli('--prompt', 'a', '--keep', '4')).attributions[0]).toMatchObject({keep: 4})
})
