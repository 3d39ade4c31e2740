import {expect, test} from 'vitest'
import {openedWorkbench} from './fake-workbench.ts'
import {MOST_PROMPT_BYTES} from './prompt-tools.ts'

const WHOLE = {turn: null, from: 0, to: 10_000}

test('a text that is too large is refused, and its first or last part taken in its place', async () => {
  const {actions, seen, until} = await openedWorkbench({contextLength: 64})
  actions.setPromptText('')
  await until('the count', (state) => state.promptTokenCount === 0)
  const words = Array.from({length: 400_000}, (_, i) => ` lamp ${i % 10}`).join('')
  expect(words.length).toBeGreaterThan(MOST_PROMPT_BYTES)
  expect(actions.refuseText('Tom has a coin.', WHOLE, 'paste')).toBe(false)
  expect(actions.refuseText(words, WHOLE, 'paste')).toBe(true)
  const {refusedText} = seen()
  expect(refusedText?.roomCount).toBe(64)
  expect(refusedText?.problem).toMatchObject({code: 'prompt-text-too-large', field: 'prompt'})
  expect(refusedText?.problem.found).toContain('2,800,000 characters')
  expect(refusedText?.problem.expected).toContain('64 tokens')
  // Nothing of it is in the document.
  expect(seen().promptText).toBe('')

  await actions.takePart('last')
  expect(seen().refusedText).toBeNull()
  const {promptText} = seen()
  expect(words.endsWith(promptText)).toBe(true)
  // With the begin token it fits exactly.
  await until('the count', (state) => state.promptTokenCount === 64)
  actions.undo()
  expect(seen().promptText).toBe('')
})

test('non-Latin text is measured in bytes', async () => {
  const {actions} = await openedWorkbench()
  const most = Math.floor(MOST_PROMPT_BYTES / 3)
  actions.setPromptText('')
  expect(actions.refuseText('東'.repeat(most), WHOLE, 'paste')).toBe(false)
  expect(actions.refuseText('東'.repeat(most + 1), WHOLE, 'paste')).toBe(true)
  const pairs = Math.floor(MOST_PROMPT_BYTES / 4)
  expect(actions.refuseText('🙂'.repeat(pairs), WHOLE, 'paste')).toBe(false)
  expect(actions.refuseText('🙂'.repeat(pairs + 1), WHOLE, 'paste')).toBe(true)
})

test('line ends of a loaded file are kept until they are made LF', async () => {
  const {actions, seen} = await openedWorkbench()
  expect(actions.loadPromptText('a\r\nb', 'x.txt')).toBe(true)
  expect(seen().promptText).toBe('a\r\nb')
  expect(seen().lineEndNote).toContain('CRLF')
  actions.normalizeLineEnds()
  expect(seen().promptText).toBe('a\nb')
  actions.undo()
  expect(seen().promptText).toBe('a\r\nb')
  expect(actions.refuseText('c\r\nd', WHOLE, 'paste')).toBe(false)
  expect(seen().lineEndNote).toContain('LF')
})
