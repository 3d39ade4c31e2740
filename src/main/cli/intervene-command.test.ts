import {expect, test} from 'vitest'
import {interveneResultSchema} from '../../shared/lenses/intervene.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(['intervene', ...commandArguments], connect, terminal)
  return {exitCode, ...written, ...heard}
}

test('intervene asks with its flags in camelCase, and prints a result that its schema takes', async () => {
  const {exitCode, out, interventions} = await cli(
    ...['--prompt', 'a b', '--mask-keys', '1,2', '--delete-tokens', '0', '--top-k', '3'],
    ...['--cut-edges', '2.0:9>3,2.*:8>4', '--heads-off', '1.5,2.0', '--head-value', 'zero'],
    ...['--scale-embeddings', '-0.5', '--exit-layer', '4', '--position', '1', '--json']
  )
  expect(exitCode).toBe(0)
  expect(interventions).toEqual([
    {
      ...{command: 'intervene', model: 'micro-base', prompt: 'a b', headValue: 'zero'},
      ...{maskKeys: [1, 2], deleteTokens: [0], topK: 3, position: 1},
      cutEdges: [
        {layer: 2, head: 0, query: 9, key: 3},
        {layer: 2, head: 'all', query: 8, key: 4},
      ],
      headsOff: [
        {layer: 1, head: 5},
        {layer: 2, head: 0},
      ],
      ...{scaleEmbeddings: -0.5, exitLayer: 4},
    },
  ])
  expect(interveneResultSchema.parse(JSON.parse(out)).request).toEqual(interventions[0])
})

test('intervene prints both tables and how far they are apart', async () => {
  const {out} = await cli('--prompt', 'a')
  expect(out).toMatch(/^a +0?\.5\d* +b +0?\.5\d*$/m)
  expect(out).toMatch(/^all others +0?\.25\d* +all others +0?\.25\d*$/m)
  expect(out).toMatch(/divergence before‖after 0?\.25\d* bits, total variation 0?\.25/)
  expect((await cli('--prompt', 'secret', '--no-prompt', '--json')).out).not.toContain('secret')
})

test.each([
  [['--cut-edges', '2:9>3'], '--cut-edges takes edges such as 2.0:9>3'],
  [['--heads-off', '2'], '--heads-off takes heads such as 2.0,3.1'],
  [['--head-value', 'mean'], '--head-value takes zero'],
  [['--scale-embeddings', 'x'], '--scale-embeddings takes a number'],
  [['--mask-keys', 'a'], '--mask-keys takes whole numbers'],
])('%j is wrong usage', async (flags, words) => {
  const {exitCode, error, interventions} = await cli('--prompt', 'a', ...flags)
  expect([exitCode, interventions]).toEqual([2, []])
  expect(error).toContain(words)
})
