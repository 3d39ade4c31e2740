import {beforeAll, describe, expect, test} from 'vitest'
import {textSampleOf} from '../../../shared/samples/text-samples.ts'
import type {ShelvedTokenizer} from './shelf.ts'
import {TokenizerShelf} from './shelf.ts'

// What the samples are said to show, from published tokenizers; counted by hand or with another program.
describe('texts to compare on show what they are there for', () => {
  const shelf = new TokenizerShelf(async () => Promise.reject(new Error('no models here')))
  const opened = new Map<string, ShelvedTokenizer>()
  beforeAll(async () => {
    for (const id of ['gpt2', 'cl100k', 'o200k']) opened.set(id, await shelf.open(id))
  }, 300_000)

  async function piecesOf(id: string, text: string): Promise<string[]> {
    const {tokenizer} = opened.get(id)!
    const {table} = await tokenizer.encodeTable(text, {noSpecialTokens: true})
    return Array.from(table.ids, (token) => Buffer.from(tokenizer.bytesOf(token)).toString('utf8'))
  }
  const lineOf = (id: string, line: number) => textSampleOf(id)!.text.split('\n')[line]!

  test('digits: the columns of a sum do not line up', async () => {
    const [first, second] = lineOf('numbers', 0).split('=')[0]!.split('+') as [string, string]
    expect(`${first}+${second}`).toBe('12345678+23456789')
    expect(await piecesOf('gpt2', `${first}+${second}`)).toEqual([
      ...['123', '45', '678', '+', '23', '45', '67', '89'],
    ])
    for (const id of ['cl100k', 'o200k']) {
      expect((await piecesOf(id, first)).slice(0, 3), id).toEqual(['123', '456', '78'])
    }
  })

  test('one space: a token of its own, or five', async () => {
    const [spaced, plain] = [lineOf('one-space', 0), lineOf('one-space', 1)]
    expect(spaced).toBe(' SolidGoldMagikarp')
    expect(await piecesOf('gpt2', spaced)).toHaveLength(1)
    expect(await piecesOf('cl100k', spaced)).toHaveLength(5)
    expect(await piecesOf('gpt2', plain)).toHaveLength(2)
  })

  test('the same, six times the bill', async () => {
    const counts = async (line: number) =>
      Promise.all(
        ['gpt2', 'cl100k', 'o200k'].map(
          async (id) => (await piecesOf(id, lineOf('bill', line))).length
        )
      )
    expect(await counts(0)).toEqual([30, 20, 5])
    expect(await counts(1)).toEqual([11, 10, 7])
  })
})
