import {expect, test} from 'vitest'
import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {RunRecord} from '../store/state.ts'
import {
  bytesText,
  comparisonJobOf,
  earlyStopText,
  jobOf,
  lastListText,
  loadFraction,
  loadText,
  treeJobOf,
} from './jobs.ts'

const run = (progress: Extract<RunRecord['phase'], {kind: 'running'}>['progress']) =>
  ({phase: {kind: 'running', progress}}) as RunRecord
const nothing = () => undefined

test('a job says how far it is and at most how long it takes', () => {
  const progress = {phase: 'prompt', done: 512, total: 2048, secondsLeft: 3.2} as const
  expect(jobOf(run(progress), nothing)).toMatchObject({
    fraction: 0.25,
    facts: ['prompt, 512 of 2,048 tokens', 'at most 4 s left'],
  })
  expect(jobOf(run({...progress, secondsLeft: null}), nothing).facts).toHaveLength(1)
  expect(jobOf(run(null), nothing).fraction).toBeNull()
})

test('a tree that grows and strategies side by side say how far they are, and can be stopped', () => {
  const growing = {
    kind: 'growing',
    phase: 'growing',
    done: 250,
    total: 1000,
    secondsLeft: 2.1,
  } as const
  const stopped: string[] = []
  const job = treeJobOf('tree:1', growing, () => stopped.push('tree'))
  expect(job).toMatchObject({
    ...{name: 'Tree', fraction: 0.25},
    facts: ['250 of at most 1,000 nodes', 'at most 3 s left'],
  })
  job.cancel()
  expect(stopped).toEqual(['tree'])
  const drafting = {...growing, phase: 'drafting', done: 6, total: 24, secondsLeft: null}
  expect(treeJobOf('draft:1', drafting, nothing)).toMatchObject({
    ...{name: 'Drafts', facts: ['6 of at most 24 tokens']},
  })
  const comparison = {runId: 1, rows: [], done: 10, total: 50, secondsLeft: 8, isRunning: true}
  expect(comparisonJobOf(comparison as never, nothing)).toMatchObject({
    ...{fraction: 0.2, facts: ['10 of 50 runs', 'at most 8 s left']},
  })
})

test('loading never goes back from stage to stage', () => {
  const stages = ['reading', 'hashing', 'tokenizer', 'session', 'checking'] as const
  const fractions = stages.flatMap((stage) =>
    [0, 50, 100].map(
      (doneBytes) =>
        loadFraction({kind: 'stage', stage, doneBytes, totalBytes: 100, memoryBytes: 0})!
    )
  )
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b))
  expect(fractions.at(-1)).toBe(1)
})

test('bytes have a unit that fits', () => {
  expect([999_000, 8_300_000, 652_000_000, 2.6e9].map(bytesText)).toEqual([
    '999 kB',
    '8.3 MB',
    '652 MB',
    '2.6 GB',
  ])
  expect(
    loadText({kind: 'stage', stage: 'hashing', doneBytes: 1e6, totalBytes: 8e6, memoryBytes: 2e7})
  ).toBe('hashing, 1.0 MB of 8.0 MB, 20.0 MB memory')
})

test('a generation that ends early says why, and no other does', () => {
  const end = {id: 1, bytesHex: '3c2f733e', text: '</s>', isSpecial: true}
  const stopped = (stopReason: TokensRun['stopReason']) =>
    earlyStopText({stopReason, tokens: [end]} as unknown as TokensRun)
  expect(stopped('stop-id')).toBe('stopped at </s>')
  expect(stopped('context-full')).toBe('context full')
  expect(stopped('count')).toBeNull()
  expect(stopped(null)).toBeNull()
})

test('the prompt list says what its last job did', () => {
  expect(lastListText({kind: 'idle'}, 1)).toBe('Prompt list, 1 row. Nothing is running.')
  expect(lastListText({kind: 'idle', last: {rowCount: 23, elapsedMs: 1310}}, 1040)).toBe(
    'Prompt list, 1,040 rows: 23 run last, in 1.3 s. Nothing is running.'
  )
  expect(lastListText({kind: 'cancelled', done: 17, total: 40}, 40)).toBe(
    'Prompt list, 40 rows. Cancelled after 17 of 40. Nothing is running.'
  )
})
