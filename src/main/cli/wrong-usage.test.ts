import {describe, expect, test} from 'vitest'
import {cli, fileIn, testFolder} from './test-run-cli.ts'

const folder = testFolder()
const fileOf = (name: string, content: string | Uint8Array) => fileIn(folder, name, content)

describe('wrong usage exits with 2 and says what is right', () => {
  test.each([
    [['compare'], 'compare does not exist yet'],
    [
      ['nonsense'],
      'tokens, models, inspect, attention, intervene, attribute, critical, tokenize, vocabulary, tree, bytes, serve and schema',
    ],
    [[], 'give a command'],
    [['tokens'], '--prompt'],
    [['tokens', '--prompt', 'a', '--promt', 'b'], '--promt'],
    [['tokens', '--prompt', 'a', '--prompt-file', 'b'], 'one of'],
    [['tokens', '--prompt', 'a', '--out', 'a.pdf'], '.svg, .png, .json or .csv'],
    [['tokens', '--prompt', 'a', '--top-k', '0'], '--top-k'],
    [['tokens', '--prompt', 'a', '--top-k', 'ten'], '--top-k takes a whole number'],
    [['tokens', '--prompt', 'a', '--top-p', '1.5'], '--top-p'],
    [['tokens', '--prompt', 'a', '--temperature', '0'], '--temperature'],
    [['tokens', '--prompt', 'a', '--theme', 'pink'], 'light, dark, print or grey'],
    [['tokens', '--prompt', 'a', '--width', '5furlongs'], 'px, mm, cm or in'],
    [['tokens', '--prompt', 'a', '--width', '1px'], '--width'],
    [['tokens', '--prompt', 'a', '--view', 'heat'], '--view takes lines'],
    [['tokens', '--prompt', 'a', '--provider', 'webgpu'], 'cpu'],
    [['tokens', '--prompt', 'a', '--tracks', 'rank,loss'], 'p-end'],
    [['tokens', '--prompt', 'a', '--progress', 'bar'], 'json or none'],
    [['tokens', '--prompt', 'a', '--position', '-1'], '--position'],
    [
      ['schema', 'compare'],
      'intervene, attribute, critical, tokenize, vocabulary, tree, bytes or serve',
    ],
    [['tokens', '--prompt', 'Mira', 'has', 'a', 'lamp', '--json'], 'not take “has” “a” “lamp”'],
    [['tokens', '--prompt', 'Mira', 'has'], 'in quotes: --prompt "…"'],
    [['tokens', 'Mira'], 'a prompt is given as --prompt "…"'],
    [['models', 'extra'], 'models does not take “extra”'],
    [['schema', 'tokens', 'models'], 'schema does not take “models”'],
    [['serve', 'extra'], 'serve does not take “extra”'],
    [['models', '--seed', '3'], '--seed means nothing to models'],
    [['models', '--no-special-tokens'], '--no-special-tokens means nothing to models'],
    [['models', '--out', 'a.svg'], '.json or .csv'],
    [['models', '--progress', 'bar'], 'json or none'],
    [['tokens', '--prompt', 'a', '--top-k', '1642'], '--top-k takes a whole number from 1 to 1000'],
    [['tokens', '--prompt', 'a', '--top-p', '0'], '--top-p takes a number above 0, up to 1'],
    [['tokens', '--prompt', 'a', '--temperature', '-1'], 'takes a number above 0, up to 100'],
    [['tokens', '--prompt', 'a', '--seed', '1.5'], '--seed takes a whole number from 0'],
    [['tokens', '--prompt', 'a', '--scale', '9'], '--scale takes a number from 0.1 to 8'],
    [['tokens', '--prompt', 'a', '--track', '1,x'], '--track takes whole numbers'],
    [['tokens', '--prompt', 'a', '--unit', 'words'], '--unit takes token, byte, word, sentence'],
    [['tokens', '--prompt', 'a', '--unit', 'spans:5-2'], 'spans:0-5,9:12, not “spans:5-2”'],
    [['tokens', '--prompt', 'a', '--unit', 'regex:'], '--unit takes'],
    [['tokens', '--prompt', 'a', '--pin', '1,x'], '--pin takes whole numbers'],
    [['tokens', '--prompt', 'a', '--palette', 'viridis'], 'ember, ocean or grey'],
    [
      ['tokens', '--prompt', 'a', '--pin', Array(65).fill('1').join(',')],
      '--pin takes up to 64 positions',
    ],
    [
      ['tokens', '--prompt', 'a', '--track', Array(65).fill('1').join(',')],
      '--track takes up to 64 token ids',
    ],
    ...['0', '-1', '1.5', 'two', '1e3'].map((text): [string[], string] => [
      ['tokens', '--prompt', 'a', '--threads', text],
      `--threads takes a whole number from 1 to 1024, not “${text}”`,
    ]),
  ])('%j', async (commandArguments, words) => {
    const {exitCode, error, out, requests} = await cli(...commandArguments)
    expect(error).toContain(words)
    expect(exitCode).toBe(2)
    // The words of the validator are for programmers.
    expect(error).not.toMatch(/expected|Too |Invalid/)
    expect(out).toBe('')
    expect(requests).toEqual([])
  })

  test('what a config file has wrong is said by flag, in words', async () => {
    for (const [values, words] of [
      [{topK: 1642}, '--top-k takes a whole number from 1 to 1000, not “1642”'],
      [{chat: 'yes'}, '--chat takes true or false, not “yes”'],
      [{model: 3}, '--model takes text, not “3”'],
      [{threads: 0}, '--threads takes a whole number from 1 to 1024, not “0”'],
    ] as const) {
      const path = fileOf('wrong.json', JSON.stringify({prompt: 'a', ...values}))
      const {exitCode, error} = await cli('tokens', '--config', path)
      expect([exitCode, error]).toEqual([2, `${words}\n`])
    }
  })

  test('a config file may not have what nobody reads', async () => {
    const path = fileOf('typo.json', '{"prompt": "a", "topk": 3}')
    const {exitCode, error} = await cli('tokens', '--config', path)
    expect([exitCode, error]).toEqual([2, expect.stringContaining('“topk”')])
  })
})
