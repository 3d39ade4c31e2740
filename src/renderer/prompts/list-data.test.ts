import fc from 'fast-check'
import {expect, test} from 'vitest'
import {parseList} from '../../shared/prompts/parse-list.ts'
import {csvOf, tsvOf} from './list-data.ts'

const parse = (text: string, name: string) => parseList({text, badLines: new Map()}, name)

test('what is written as CSV is read back', () => {
  const field = fc.string({unit: 'grapheme', minLength: 1}).filter((text) => text.trim() !== '')
  fc.assert(
    fc.property(fc.array(fc.tuple(field, field), {minLength: 1}), (rows) => {
      const entries = rows.map(([prompt, answer], i) => ({
        row: {id: `${i}`, prompt, messages: null, answer, line: 1},
        number: i + 1,
        outcome: null,
        result: null,
        completion: '',
        status: 'waits' as const,
      }))
      const back = parse(csvOf(entries), 'x.csv').rows
      expect(back.map(({prompt, answer}) => [prompt, answer])).toEqual(rows)
      // A row of the other form stays one line whatever is in it.
      expect(tsvOf(entries).split('\n')).toHaveLength(rows.length + 1)
    })
  )
})
