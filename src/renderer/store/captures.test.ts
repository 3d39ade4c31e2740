import {expect, test} from 'vitest'
import {BoundedMap} from './captures.ts'

test('what was used longest ago goes first, and a use makes it young again', () => {
  const map = new BoundedMap<string, number>(3)
  for (const key of ['a', 'b', 'c']) map.set(key, 1)
  map.get('a')
  map.set('d', 1)
  expect(['a', 'b', 'c', 'd'].filter((key) => map.peek(key) !== undefined)).toEqual(['a', 'c', 'd'])
})

test('weights count, not entries, and setting again does not count twice', () => {
  const map = new BoundedMap<string, string>(10, (text) => text.length)
  map.set('a', 'xxxx')
  map.set('a', 'xxxxx')
  map.set('b', 'xxxxx')
  expect(map.size).toBe(2)
  map.set('c', 'x')
  expect(map.peek('a')).toBeUndefined()
  expect(map.peek('b')).toBe('xxxxx')
})

test('the newest entry stays even where it alone is too heavy', () => {
  const map = new BoundedMap<string, string>(3, (text) => text.length)
  map.set('a', 'xx')
  map.set('b', 'xxxxxxxx')
  expect(map.peek('a')).toBeUndefined()
  expect(map.peek('b')).toBe('xxxxxxxx')
})
