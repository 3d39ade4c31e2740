import {expect, test} from 'vitest'
import {memoryStorage} from '../store/fake-workbench.ts'
import {clearRecentFiles, keepRecentFile, readRecentFiles} from './recent-files.ts'

test('the last five files, each once, the last first; long ones by name alone', () => {
  const storage = memoryStorage()
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'b']) {
    keepRecentFile(storage, {name, text: `text of ${name}`})
  }
  keepRecentFile(storage, {name: 'long', text: 'x'.repeat(100_000)})
  expect(readRecentFiles(storage)).toEqual([
    {name: 'long', text: null},
    {name: 'b', text: 'text of b'},
    {name: 'f', text: 'text of f'},
    {name: 'e', text: 'text of e'},
    {name: 'd', text: 'text of d'},
  ])
  clearRecentFiles(storage)
  expect(readRecentFiles(storage)).toEqual([])
})

test('what is damaged is left out, and a full storage is no reason to fail', () => {
  for (const damaged of ['{', '{}', '[1, {"name": 3}, {"name": "a"}]', 'null']) {
    expect(readRecentFiles(memoryStorage({'tokenscope.recent-files': damaged}))).toEqual([])
  }
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('full')
    },
  }
  expect(() => keepRecentFile(full, {name: 'a', text: 'b'})).not.toThrow()
})
