import {expect, test} from 'vitest'
import {SharedText} from './shared-texts.ts'

test('texts that are the same are one, and are forgotten when nobody holds them', () => {
  const root = SharedText.empty()
  const [a, b] = [root.withAll([3, 4, 5]), root.withAll([3, 4])]
  expect(b.with(5)).toBe(a)
  a.hold()
  b.hold()
  expect(root.holderCount).toBe(2)
  expect(b.holderCount).toBe(2)
  expect(a.tokens).toEqual([3, 4, 5])
  a.release()
  // The shorter one is still held, the longer one is made anew.
  expect(root.withAll([3, 4])).toBe(b)
  expect(b.with(5)).not.toBe(a)
  b.release()
  expect(root.with(3).holderCount).toBe(0)
})

test('what texts have in common is counted once a round', () => {
  const root = SharedText.empty()
  const [a, b, c] = [root.withAll([1, 2, 3]), root.withAll([1, 2, 4, 5]), root.withAll([1])]
  expect([a, b, c].map((text) => text.countNew(1))).toEqual([3, 2, 0])
  expect([c, b, a].map((text) => text.countNew(2))).toEqual([1, 3, 1])
})
