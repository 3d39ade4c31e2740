import {describe, expect, test} from 'vitest'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {bytesOfHex} from '../../../shared/domain/token.ts'
import {TokenizerShelf} from '../tokenizers/shelf.ts'
import {runEntry} from './tokenizer-entry.ts'

const shelf = new TokenizerShelf(async ({model}) => {
  throw new ProblemError({code: 'model-not-found', message: model, advice: ''})
})

async function entryOf(tokenizer: string, id: number, others: string[] = []) {
  for await (const entry of runEntry(shelf, {tokenizer, id, others})) return entry
  throw new Error('no entry')
}

const textOf = (hex: string) => new TextDecoder().decode(bytesOfHex(hex))

describe('an entry of a packaged tokenizer', () => {
  test('is built by merges whose parts concatenate to it, and has its ids elsewhere', async () => {
    // The ids that the published vocabularies give to “ lamps”: gpt2 32209, cl100k 50552; mistral has none.
    const entry = await entryOf('gpt2', 32209, ['cl100k', 'mistral'])
    expect(textOf(entry.bytesHex)).toBe(' lamps')
    const last = entry.derivation.merges.at(-1)!
    expect(textOf(last.leftHex) + textOf(last.rightHex)).toBe(' lamps')
    // Every part of a merge is a single character or what an earlier merge made.
    const made = new Set<string>()
    for (const {leftHex, rightHex} of entry.derivation.merges) {
      for (const part of [leftHex, rightHex]) expect(part.length === 2 || made.has(part)).toBe(true)
      made.add(leftHex + rightHex)
    }
    const [cl100k, mistral] = entry.elsewhere
    expect(cl100k).toEqual({tokenizer: 'cl100k', id: 50552, pieceIds: [50552]})
    expect(mistral!.id).toBeNull()
    expect(mistral!.pieceIds!.length).toBeGreaterThan(1)
  })

  test('part of a character is no text, so that nothing cuts it', async () => {
    const entry = await entryOf('gpt2', 447, ['cl100k'])
    expect(entry.bytesHex).toBe('e280')
    expect(entry.elsewhere[0]!.pieceIds).toBeNull()
  })

  test('an id that is not there is a problem that says so', async () => {
    await expect(entryOf('gpt2', 50_257)).rejects.toMatchObject({
      problem: {code: 'no-such-token', found: '50257'},
    })
  })
})
