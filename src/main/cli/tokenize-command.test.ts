import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {temporaryFolder} from '../../../fixtures/broken.ts'
import {tokenizeResultSchema} from '../../shared/lenses/tokenize.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(['tokenize', ...commandArguments], connect, terminal)
  return {exitCode, ...written, ...heard}
}

test('tokenize asks with its flags in camelCase, and prints a result that its schema takes', async () => {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'parallel.json')
  await writeFile(path, '{"en": ["a"], "de": ["b"]}')
  const {exitCode, out, comparisons} = await cli(
    ...['--text', 'one two', '--tokenizers', 'gpt2, mine', '--baselines', 'bytes,words'],
    ...['--word-rule', 'uax29', '--reference', 'gpt2', '--parallel', path, '--price', '2.5'],
    ...['--reference-language', 'de', '--context-length', '4096', '--max-tokens', '7'],
    ...['--no-special-tokens', '--parse-special', '--check-engines', '--json']
  )
  await folder.remove()
  expect(exitCode).toBe(0)
  expect(comparisons).toEqual([
    {
      ...{command: 'tokenize', tokenizers: ['gpt2', 'mine'], baselines: ['bytes', 'words']},
      ...{text: 'one two', wordRule: 'uax29', reference: 'gpt2', price: 2.5, maxTokens: 7},
      ...{parallel: {en: ['a'], de: ['b']}, referenceLanguage: 'de', contextLength: 4096},
      ...{noSpecialTokens: true, parseSpecial: true, checkEngines: true},
    },
  ])
  const result = tokenizeResultSchema.parse(JSON.parse(out))
  expect(result.results[0]!.tokens.map(({text}) => text)).toEqual(['one', ' two'])
})

test('tokenize draws the tokens and a table, with what is invisible made visible', async () => {
  const {out} = await cli('--text', 'ab\u202ecd e', '--tokenizers', 'x,y')
  expect(out).not.toContain('\u202e')
  expect(out).toContain('U+202E')
  expect(out).toMatch(/^x +3 /m)
  expect(out).toMatch(/^cuts of +against +precision +recall +F1$/m)
  const hidden = await cli('--text', 'secret', '--tokenizers', 'x', '--no-prompt', '--json')
  expect(hidden.out).not.toContain('secret')
  expect(hidden.out).not.toContain(Buffer.from('secr').toString('hex'))
})

test.each([
  [['--tokenizers', 'gpt2'], 'give --text, --text-file or --parallel'],
  [['--text', 'a', '--text-file', 'b'], 'not both'],
  [['--text', 'a', '--word-rule', 'x'], '--word-rule takes'],
  [['--text', 'a', '--baselines', 'x'], '--baselines takes'],
  [['--text', 'a', '--price', '-1'], '--price takes'],
  [['--text', 'a', '--context-length', '0'], '--context-length takes'],
])('%j is wrong usage', async (flags, words) => {
  const {exitCode, error, comparisons} = await cli(...flags)
  expect([exitCode, comparisons]).toEqual([2, []])
  expect(error).toContain(words)
})
