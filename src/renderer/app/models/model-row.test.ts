import {expect, test} from 'vitest'
import {FAKE_LISTING} from '../../../shared/engine-client/fake.ts'
import {placeOf} from './model-row.tsx'

const at = (path: string, id = 'micro-base') => ({...FAKE_LISTING, id, path})

test('namesakes are told apart by the last folder in which they differ', () => {
  const builtin = at('/app/models/micro-base')
  const copy = at('/home/mira/old/micro-base')
  const deep = at('/home/mira/models/micro-base')
  expect(placeOf(copy, [builtin, copy])).toBe('old')
  expect(placeOf(deep, [builtin, deep])).toBe('mira')
  expect(placeOf(copy, [copy, at('/home/mira/old/other', 'other')])).toBeNull()
})
