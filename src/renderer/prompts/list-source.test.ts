import {expect, test} from 'vitest'
import {parseList} from '../../shared/prompts/parse-list.ts'
import type {ParseChoices} from '../../shared/prompts/parsed-list.ts'
import {sourceOf} from './list-source.ts'

const read = (text: string, name: string, choices: ParseChoices = {}) =>
  sourceOf(parseList({text, badLines: new Map()}, name, choices), name)

test('of a table: its format, the columns that were taken, and the lines that were not', () => {
  const source = read('id,question,expected,note\n1,2 + 2 =,4,a\n\n2,3 + 3 =,6\n', 'sums.csv')
  expect(source).toMatchObject({
    name: 'sums.csv',
    format: 'CSV, with a header',
    columns: 'prompt “question”, answer “expected”; 2 of 4',
    rowCount: 1,
    skippedCount: 2,
  })
  expect(read('a;b\nc;d\n', 'x.csv').format).toBe('CSV by “;”, no header')
  expect(read('prompt\tanswer\na\tb\n', 'x.tsv').format).toBe('TSV, with a header')
})

test('what has no columns names none', () => {
  expect(read('one\ntwo\n', 'pasted text')).toMatchObject({
    format: 'text, a prompt a line',
    columns: null,
  })
  expect(read('{"prompt": "a"}\n', 'x.jsonl').format).toBe('JSONL, a value a line')
  expect(read('one\n\ntwo', 'x', {format: 'paragraphs'}).format).toContain('blank lines')
})
