import {expect, test} from 'vitest'
import {longResult, storyResult} from '../../shared/figures/tokens/sample-result.ts'
import {nextTsv, tokensTsv} from './tokens-tsv.ts'

/** Reads what spreadsheets read: tabs between cells, quotes around those that hold one. */
function readTsv(text: string): string[][] {
  const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^\t\n]*)([\t\n])/g)]
  const rows: string[][] = [[]]
  for (const [, cell = '', end] of cells) {
    rows.at(-1)!.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end === '\n') rows.push([])
  }
  return rows.slice(0, -1)
}

test('every token has its row, whatever its text holds', () => {
  const result = longResult(6)
  const strange = ['a\tb', 'say "x"', 'two\nlines', '', '=1+1', '"']
  const tokens = result.tokens.slice(0, 6).map((token, i) => ({...token, text: strange[i]!}))
  const [head, ...rows] = readTsv(tokensTsv({...result, tokens}))
  const column = (name: string) => rows.map((row) => row[head!.indexOf(name)])
  expect(column('text')).toEqual(strange)
  expect(column('logprob')).toEqual(
    tokens.map(({logprob}) => (logprob === null ? '' : String(logprob)))
  )
  expect(column('position')).toEqual(['0', '1', '2', '3', '4', '5'])
})

test('the next tokens and the rest sum to what the table sums to', () => {
  const result = storyResult()
  const [head, ...rows] = readTsv(nextTsv(result))
  expect(rows).toHaveLength(result.next.length + 1)
  const sum = rows.reduce((total, row) => total + Number(row[head!.indexOf('prob')]), 0)
  expect(sum).toBeCloseTo(1, 9)
})
