import {expect, test} from 'vitest'
import type {RunRecord} from '../../store/state.ts'
import {hintOfRun, notesOfRuns} from './run-words.ts'

const runOf = (id: string, label: string, request: object = {}) =>
  ({
    id,
    label,
    modelName: 'micro-base',
    request: {prompt: `${label}.`, generate: 10, sample: false, seed: 0, ...request},
  }) as unknown as RunRecord

test('runs of one label are told apart by what differs; others have no note', () => {
  const notes = notesOfRuns([
    runOf('a', 'Who keeps'),
    runOf('b', 'Who keeps', {sample: true, seed: 7, temperature: 1.3, topP: 0.9, generate: 4}),
    runOf('c', 'Who keeps', {prompt: 'Tom has a lamp. Who keeps'}),
    runOf('d', 'Another'),
  ])
  expect([...notes.keys()]).toEqual(['a', 'b', 'c'])
  expect(new Set(notes.values()).size).toBe(3)
  expect(notes.get('b')).toBe('10 characters, sampled, seed 7, T 1.3, top-p 0.9, 4 to generate')
})

test('the hint has the end of a long prompt', () => {
  const hint = hintOfRun(runOf('a', 'x', {prompt: `${'Tom keeps lamps. '.repeat(60)}Who is it?`}))
  expect(hint).toMatch(/^….*Who is it\?\nmicro-base, 10 to generate$/s)
  expect(hint.length).toBeLessThan(320)
})
