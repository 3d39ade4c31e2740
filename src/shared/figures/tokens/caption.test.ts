import {expect, test} from 'vitest'
import {captionOf, guardOf} from './caption.ts'
import {sampleResult, storyResult} from './sample-result.ts'

const textOf = (...input: Parameters<typeof captionOf>) =>
  captionOf(...input)
    .map((part) => part.text)
    .join('')

test('the caption names the costliest typed token and the likeliest next one', () => {
  const text = textOf(storyResult())
  expect(text).toMatch(
    /^Hardest to guess: ·caf at 16, 5\.4 bits, rank \d+; mean over the prompt 1\.8 bits\./
  )
  expect(text).toMatch(/Likeliest after 42: ·Tom, 0\.83\.$/)
  expect(captionOf(storyResult())[1]).toEqual({kind: 'token', text: '·caf'})
})

test('without the prompt it names positions only', () => {
  const text = textOf(storyResult(), true)
  expect(text).toMatch(/^Hardest to guess: position 16, 5\.4 bits/)
  expect(text).not.toMatch(/caf|Tom/)
})

test('a result without statistics still has a sentence', () => {
  expect(textOf(sampleResult({tokens: [['<s>', null]]}))).toBe('1 token.')
})

test('the guard stands for every model, and says what a built-in one is', () => {
  const tracks = 'Tracks are at temperature 1, whatever the sampling controls say.'
  const mine = {model: {id: 'my/model'}, status: 'completed'} as const
  expect(guardOf(mine)).toBe(tracks)
  const builtIn = guardOf(storyResult())
  expect(builtIn).toContain('Trained on a synthetic world')
  expect(builtIn).toContain(tracks)
  expect(guardOf({...mine, status: 'cancelled'})).toContain('did not finish')
})
