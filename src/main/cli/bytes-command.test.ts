import {expect, test} from 'vitest'
import {bytesResultSchema} from '../../shared/lenses/bytes.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(['bytes', ...commandArguments], connect, terminal)
  return {exitCode, ...written, ...heard}
}

test('bytes asks with its flags in camelCase, and prints a result that its schema takes', async () => {
  const {exitCode, out, byteRequests} = await cli(
    ...[
      '--prompt',
      'a b',
      '--prefix-hex',
      'f09f',
      '--mode',
      'fast',
      '--no-special-tokens',
      '--json',
    ]
  )
  expect(exitCode).toBe(0)
  expect(byteRequests).toEqual([
    {
      ...{command: 'bytes', model: 'micro-base', prompt: 'a b', prefixHex: 'f09f'},
      ...{mode: 'fast', noSpecialTokens: true},
    },
  ])
  expect(bytesResultSchema.parse(JSON.parse(out)).bytes).toHaveLength(256)
})

test('bytes prints the likeliest bytes, and leaves the text out where it is told to', async () => {
  const {out} = await cli('--prompt', 'a')
  expect(out).toMatch(/^· +20 +0?\.50* +0?\.750*$/m)
  expect(out).toMatch(/^end 0\.13, leak 0\.13, total variation .* 0\.25$/m)
  const hidden = await cli('--prompt', 'secret', '--no-prompt', '--json')
  expect(hidden.out).not.toContain('secret')
  expect(hidden.out).not.toContain(Buffer.from('secret').toString('hex'))
})

test.each([
  [['--prefix-hex', 'f'], '--prefix-hex takes'],
  [['--mode', 'quick'], '--mode takes'],
  [['--prompt', 'a', '--prompt-file', 'b'], 'not both'],
])('%j is wrong usage', async (flags, words) => {
  const {exitCode, error, byteRequests} = await cli(...flags)
  expect([exitCode, byteRequests]).toEqual([2, []])
  expect(error).toContain(words)
})
