import {expect, test} from 'vitest'
import type {PromptRowResult} from '../../../shared/lenses/prompt-list.ts'
import {type ListEntry, summaryOf} from '../../store/list-entries.ts'
import type {ListStatus} from '../../store/prompt-list-state.ts'
import {intervalText, listWords, markWords, shareText} from './list-words.ts'

/** A row by its status; with an answer of this probability, or without one. */
function entryOf(number: number, status: ListStatus, prob: number | null = null): ListEntry {
  const result: PromptRowResult = {
    id: String(number),
    promptTokenCount: 4,
    meanSurprisalBits: 2.5,
    surprisalsBits: new Float32Array(4),
    completionIds: [],
    completionHex: '',
    answer:
      prob === null
        ? null
        : {isSpaced: false, tokenCount: 1, logprob: Math.log(prob), prob, verdict: 'wrong'},
  }
  const answer = prob === null ? null : 'x'
  return {
    row: {id: String(number), prompt: `row ${number}`, messages: null, answer, line: number},
    number,
    outcome: null,
    result: ['waits', 'running', 'failed'].includes(status) ? null : result,
    completion: '',
    status,
  }
}
const wordsOf = (entries: readonly ListEntry[]) =>
  listWords(summaryOf(entries), entries).replaceAll('\u00a0', ' ')

test('rows without an answer are told apart from those that are judged', () => {
  const entries = [
    ...Array.from({length: 39}, (_, i) => entryOf(i + 1, 'right', 0.9)),
    entryOf(40, 'wrong', 0.2),
    entryOf(41, 'done'),
    entryOf(42, 'done'),
    entryOf(43, 'failed'),
  ]
  const words = wordsOf(entries)
  expect(words).toContain('43 prompts, 42 done, 1 failed.')
  // The ends p solve (p − 0.975)² = 1.96² p (1 − p) / 40.
  expect(words).toContain(
    'Of 40 rows with an answer 39 right, 1 wrong: 97.5 % right, 95 % interval 87.1 to 99.6 %.'
  )
  expect(words).toContain('2 rows have no answer.')
  expect(words).toContain('The wrong one, #40, is also the least sure.')
})

test('answers that a completion ends before are neither right nor without an answer', () => {
  const words = wordsOf([entryOf(1, 'right', 0.9), entryOf(2, 'done', 0.5), entryOf(3, 'done')])
  expect(words).toContain('Of 2 rows with an answer 1 right, 0 wrong, 1 cut before')
  expect(words).toContain('100.0 % right')
  expect(words).toContain('1 row has no answer.')
  expect(wordsOf([entryOf(1, 'done', 0.5)])).toContain('1 completion ends before the answer does')
})

test('one row is one prompt, none has no share, thousands are separated', () => {
  expect(wordsOf([entryOf(1, 'waits')])).toBe('1 prompt, 0 done.')
  expect(wordsOf([entryOf(1, 'done')])).toBe('1 prompt, 1 done.')
  const many = Array.from({length: 1500}, (_, i) => entryOf(i + 1, 'right', 0.9))
  expect(wordsOf(many)).toContain('1,500 prompts, 1,500 done. Of 1,500 rows')
  const nothing = summaryOf([entryOf(1, 'waits')])
  expect([shareText(nothing), intervalText(nothing)]).toEqual([null, null])
})

test('wrong rows are named where they are few, and compared with right ones only', () => {
  const [sure, unsure] = [entryOf(2, 'wrong', 0.95), entryOf(1, 'right', 0.4)]
  expect(wordsOf([unsure, sure])).toContain('The wrong one, #2, is not the least sure.')
  expect(wordsOf([entryOf(1, 'wrong', 0.4)])).not.toContain('least sure')
  expect(wordsOf([entryOf(1, 'wrong', 0.4), entryOf(1200, 'wrong', 0.3)])).toContain(
    'The wrong ones are #1 and #1,200.'
  )
})

test('a mark is named with its numbers and units', () => {
  expect(markWords(entryOf(1234, 'wrong', 0.103))).toBe(
    '#1,234 row 1234 · probability 0.10 · 2.50 bits per token · wrong'
  )
})
