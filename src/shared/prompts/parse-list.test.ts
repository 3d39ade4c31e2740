import {expect, test} from 'vitest'
import {decodeText} from './decode-text.ts'
import {guessFormat, parseList} from './parse-list.ts'
import {MOST_ROWS} from './parsed-list.ts'

const parse = (text: string, name = 'pasted', choices = {}) =>
  parseList({text, badLines: new Map()}, name, choices)

test('one prompt a line; empty lines are named, the end of the last line is none', () => {
  const list = parse('Mira has\n\n  Tom has\r\nAna has\r')
  expect(list.rows.map(({prompt, line}) => [line, prompt])).toEqual([
    [1, 'Mira has'],
    [3, '  Tom has'],
    [4, 'Ana has'],
  ])
  expect(list.skipped).toEqual([{line: 2, reason: 'is empty'}])
  expect(list.lineCount).toBe(4)
})

test('paragraphs keep their lines together and begin where they begin', () => {
  const list = parse('a\nb\n\n\nc\n', 'x', {format: 'paragraphs'})
  expect(list.rows.map(({prompt, line}) => [line, prompt])).toEqual([
    [1, 'a\nb'],
    [5, 'c'],
  ])
})

test('CSV: columns by name, quoted line ends, bad lines named with their lines', () => {
  const list = parse(
    'id,prompt,answer\n1,"one\ntwo",x\n\n2,three\n3,,y\n4,four,"a ""b"""\n5,five,\n',
    'list.csv'
  )
  expect(list.columns).toEqual({prompt: 1, answer: 2, system: null})
  expect(list.answersFrom).toBe('column “answer”')
  expect(list.rows.map(({line, prompt, answer}) => [line, prompt, answer])).toEqual([
    [2, 'one\ntwo', 'x'],
    [7, 'four', 'a "b"'],
    [8, 'five', null],
  ])
  expect(list.skipped).toEqual([
    {line: 4, reason: 'is empty'},
    {line: 5, reason: 'has 2 fields in place of 3'},
    {line: 6, reason: 'has an empty prompt'},
  ])
})

test('CSV: a quote that is never closed costs its own line alone', () => {
  const list = parse('prompt,answer\na,1\n"b,2\nc,3\nd,4\n', 'list.csv')
  expect(list.rows.map(({line, prompt, answer}) => [line, prompt, answer])).toEqual([
    [2, 'a', '1'],
    [4, 'c', '3'],
    [5, 'd', '4'],
  ])
  expect(list.skipped).toEqual([{line: 3, reason: 'has a quote that is never closed'}])
})

test('CSV: nor does it where later lines have quotes of their own', () => {
  const good = Array.from({length: 8}, (_, i) => `row ${i},${i}`)
  const text = [
    'prompt,answer',
    'a,1',
    '"never closed,4',
    ...good,
    '"quoted, one",6',
    '"two',
    'lines",7',
  ]
  const list = parse(text.join('\n'), 'list.csv')
  expect(list.rows.map(({line, prompt}) => [line, prompt])).toEqual([
    [2, 'a'],
    ...good.map((_, i) => [4 + i, `row ${i}`]),
    [12, 'quoted, one'],
    [13, 'two\nlines'],
  ])
  expect(list.skipped).toEqual([{line: 3, reason: 'has a quote that is never closed'}])
})

test('CSV: semicolons, no header, columns chosen, a system column makes chats', () => {
  expect(parse('a;b\nc;d\n', 'x.csv').rows.map(({prompt, answer}) => [prompt, answer])).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
  const chosen = parse('a;b\n', 'x.csv', {columns: {prompt: 1, answer: 0, system: null}})
  expect(chosen.rows[0]).toMatchObject({prompt: 'b', answer: 'a'})
  const chat = parse('system\tprompt\nBe brief.\tHi\n\tHo\n', 'x.tsv')
  expect(chat.rows.map(({messages}) => messages)).toEqual([
    [
      {role: 'system', content: 'Be brief.'},
      {role: 'user', content: 'Hi'},
    ],
    null,
  ])
})

test('JSONL: prompts, chats and answers; each bad line has its reason', () => {
  const lines = [
    '{"prompt": "a", "answer": 7}',
    '{"messages": [{"role": "user", "content": "b"}]}',
    'not json',
    '[1]',
    '{"answer": "x"}',
    '{"prompt": "c", "answer": {}}',
    '{"messages": [{"role": "user"}]}',
    '{"text": ""}',
    '"d"',
  ]
  const list = parse(lines.join('\n'))
  expect(list.format).toBe('jsonl')
  expect(list.rows.map(({line, prompt, answer}) => [line, prompt, answer])).toEqual([
    [1, 'a', '7'],
    [2, 'b', null],
    [9, 'd', null],
  ])
  expect(list.skipped.map(({line, reason}) => `${line} ${reason}`)).toEqual([
    '3 is not JSON',
    '4 is not an object',
    '5 has no “prompt”, “text” or “messages”',
    '6 has a “answer” that is no text',
    '7 has a turn 1 without a role and a text',
    '8 has an empty prompt',
  ])
})

test('JSON: a list, or an object with one; entries are named by their lines', () => {
  const entries = `[
  {"prompt": "a [1, {", "answer": "x"},
  "b \\" c", {"answer": 1},

  {"messages": [
    {"role": "user", "content": "d"}
  ]}
]`
  const list = parse(entries)
  expect(list.format).toBe('json')
  expect(list.rows.map(({line, prompt}) => [line, prompt])).toEqual([
    [2, 'a [1, {'],
    [3, 'b " c'],
    [5, 'd'],
  ])
  expect(list.skipped).toEqual([{line: 3, reason: 'has no “prompt”, “text” or “messages”'}])
  expect(parse(`{"schema": "tokenscope/prompt-list@1", "rows": ${entries}}`).rowCount).toBe(3)
})

test('JSON that is broken makes no prompt, and its line is named', () => {
  const list = parse('[\n {"prompt": "a"},\n {"prompt": "b"\n]', 'a.json')
  expect(list.rows).toEqual([])
  expect(list.skipped).toEqual([{line: 4, reason: 'ends what can be read as JSON'}])
})

test.each([
  ['prompt,answer\n1,2', 'pasted', 'csv'],
  ['one, two\nthree', 'pasted', 'lines'],
  ['{"a": 1}\n', 'pasted', 'jsonl'],
  ['x', 'a.csv', 'csv'],
  ['x', 'a.ndjson', 'jsonl'],
  ['x', 'a.json', 'json'],
  ['["a", "b"]', 'pasted', 'json'],
  ['[ ] a list of things to do', 'pasted', 'lines'],
  ['', 'pasted', 'lines'],
])('%j named %s is read as %s', (text, name, format) => {
  expect(guessFormat(text, name)).toBe(format)
})

test('rows over the limit are counted, duplicates are kept', () => {
  const list = parse('same\n'.repeat(MOST_ROWS + 3))
  expect(list.rowCount).toBe(MOST_ROWS)
  expect(list.overCount).toBe(3)
  expect(list.skippedCount).toBe(0)
})

test('lines that are not UTF-8 are named and skipped, the others are read', () => {
  const bytes = [...new TextEncoder().encode('é\nb\n'), 0xff, 10, ...new TextEncoder().encode('d')]
  const file = decodeText(Uint8Array.from(bytes))
  const list = parseList(file, 'x.txt')
  expect(list.rows.map(({prompt}) => prompt)).toEqual(['é', 'b', 'd'])
  expect(list.skipped).toEqual([{line: 3, reason: 'is not UTF-8'}])
  expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x61, 0)).text).toBe('a')
  expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)).text).toBe('a')
})
