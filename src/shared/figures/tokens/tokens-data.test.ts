import {expect, test} from 'vitest'
import {tokensResultSchema} from '../../lenses/tokens.ts'
import {scriptsResult, storyResult} from './sample-result.ts'
import {tokensCsv, tokensJson} from './tokens-data.ts'

/** A reader of RFC 4180, as far as it is needed. */
function readCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [[]]
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/g)) {
    const [, cell = '', end] = match
    rows.at(-1)!.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '\r\n') rows.push([])
  }
  const [head = [], ...body] = rows.filter((row) => row.length > 0)
  return body.map((row) => Object.fromEntries(head.map((name, i) => [name, row[i] ?? ''])))
}

test('the samples are results of the schema', () => {
  for (const result of [storyResult(), scriptsResult()]) {
    expect(() => tokensResultSchema.parse(result)).not.toThrow()
  }
})

test('JSON is the result without the path and the clock', () => {
  const result = storyResult()
  const {timing, model, ...rest} = JSON.parse(JSON.stringify(result))
  expect(JSON.parse(JSON.stringify(tokensJson(result, false)))).toEqual({
    ...rest,
    model: {id: model.id, sha256: model.sha256},
  })
})

test('a model that was opened by its path goes by its id', () => {
  const result = storyResult()
  const opened = {...result, request: {...result.request, model: '/home/someone/secret'}}
  expect(JSON.stringify(tokensJson(opened, false))).not.toContain('secret')
})

test('CSV holds every token, candidate and tracked value as it is', () => {
  const result = storyResult()
  const rows = readCsv(tokensCsv(result, false))
  const ofKind = (record: string) => rows.filter((row) => row.record === record)
  expect(ofKind('token')).toHaveLength(48)
  expect(ofKind('next')).toHaveLength(10)
  expect(ofKind('rest')).toHaveLength(1)
  expect(ofKind('tracked')).toHaveLength(3 * 48)
  expect(ofKind('token')[0]).toMatchObject({position: '0', surprisalBits: '', rank: ''})
  const newline = ofKind('token')[25]!
  expect(newline).toMatchObject({text: '\n', bytesHex: '0a', isGenerated: 'false'})
  expect(ofKind('token')[44]).toMatchObject({isGenerated: 'true'})
  for (const [i, row] of ofKind('token').entries()) {
    const token = result.tokens[i]!
    expect(row.rank === '' ? null : Number(row.rank)).toBe(token.rank)
    expect(row.logprob === '' ? null : Number(row.logprob)).toBe(token.logprob)
  }
})

test('every text survives CSV', () => {
  const result = scriptsResult()
  const rows = readCsv(tokensCsv(result, false)).filter((row) => row.record === 'token')
  expect(rows.map((row) => row.text)).toEqual(result.tokens.map((token) => token.text))
})

test('without the prompt neither file says what was typed', () => {
  const result = storyResult()
  const json = JSON.stringify(tokensJson(result, true))
  const csv = tokensCsv(result, true)
  for (const text of [json, csv]) {
    for (const word of ['Mira', 'lamp', '4d697261', '"id":3', 'promptIds']) {
      expect(text).not.toContain(word)
    }
    for (const token of result.tokens) expect(text).not.toContain(`"id":${token.id},`)
  }
  expect(readCsv(csv)[16]!.surprisalBits).toBe('5.4')
  expect(tokensJson(result, true).tokens).toHaveLength(48)
})
