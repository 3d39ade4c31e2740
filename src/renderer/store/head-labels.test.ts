import {expect, test} from 'vitest'
import {FAKE_MODEL} from '../../shared/engine-client/fake-model.ts'
import {headLabelsText, readHeadLabels} from '../../shared/lenses/head-labels.ts'
import {fakeWorkbench, memoryStorage, openedWorkbench} from './fake-workbench.ts'
import {groupsOf, labelOf, labelWords, selectLabels} from './head-labels.ts'

const HEAD = {layer: 1, head: 2}

async function openedLens(storage = memoryStorage()) {
  const workbench = await openedWorkbench({}, storage)
  workbench.actions.changePane({lensId: 'attention'}, 0)
  const labels = () => selectLabels(workbench.seen(), workbench.captures, 0)
  return {...workbench, labels, storage}
}

test('a head is named, grouped and starred, each a step that can be undone', async () => {
  const {actions, labels} = await openedLens()
  actions.labelHead(HEAD, {name: 'copies'}, 0)
  actions.labelHead(HEAD, {group: 'copying'}, 0)
  actions.labelHead(HEAD, {isStarred: true}, 0)
  expect(labels()).toEqual([{...HEAD, name: 'copies', group: 'copying', isStarred: true}])
  expect(labelWords(labelOf(labels(), HEAD))).toBe('★ copies · copying')
  actions.undo()
  expect(labelWords(labelOf(labels(), HEAD))).toBe('copies · copying')
  actions.undo()
  actions.undo()
  expect(labels()).toEqual([])
  actions.redo()
  expect(labelWords(labelOf(labels(), HEAD))).toBe('copies')
})

test('typing a name is one step; a label that says nothing is none', async () => {
  const {actions, labels, seen} = await openedLens()
  const before = seen().past.length
  for (const name of ['c', 'co', 'cop']) actions.labelHead(HEAD, {name}, 0)
  expect(seen().past.length).toBe(before + 1)
  actions.labelHead(HEAD, {name: '  '}, 0)
  expect(labels()).toEqual([])
})

test('the shown head is starred; groups are told apart', async () => {
  const {actions, labels} = await openedLens()
  actions.changeAttention({layer: 2, head: 1}, 0)
  actions.toggleStar(0)
  expect(labels()).toMatchObject([{layer: 2, head: 1, isStarred: true}])
  actions.labelHead({layer: 0, head: 0}, {group: 'b'}, 0)
  actions.labelHead({layer: 0, head: 1}, {group: ' a '}, 0)
  actions.labelHead({layer: 0, head: 2}, {group: 'b'}, 0)
  expect(groupsOf(labels())).toEqual(['a', 'b'])
  actions.toggleStar(0)
  expect(labels().some(({isStarred}) => isStarred)).toBe(false)
})

test('they outlive the tab, belong to the weights, and another tab’s are kept beside them', async () => {
  const storage = memoryStorage()
  const first = await openedLens(storage)
  const second = await openedLens(storage)
  first.actions.labelHead(HEAD, {name: 'copies'}, 0)
  second.actions.labelHead({layer: 0, head: 0}, {name: 'looks back'}, 0)
  const later = fakeWorkbench({}, storage)
  expect(later.store.getState().headLabels).toEqual({
    [FAKE_MODEL.sha256]: [
      {layer: 0, head: 0, name: 'looks back', group: '', isStarred: false},
      {...HEAD, name: 'copies', group: '', isStarred: false},
    ],
  })
  first.actions.undo()
  expect(fakeWorkbench({}, storage).store.getState().headLabels[FAKE_MODEL.sha256]).toMatchObject([
    {name: 'looks back'},
  ])
})

test('a file of labels comes back as it went; of another model it says so', async () => {
  const {actions, labels, seen} = await openedLens()
  actions.labelHead(HEAD, {name: 'copies', isStarred: true}, 0)
  const text = headLabelsText(FAKE_MODEL, labels())
  expect(readHeadLabels(text, 'labels.json').labels).toEqual(labels())
  actions.labelHead(HEAD, {name: '', isStarred: false}, 0)
  expect(labels()).toEqual([])
  await actions.importHeadLabels('labels.json', text)
  expect(labels()).toEqual([{...HEAD, name: 'copies', group: '', isStarred: true}])
  const other = headLabelsText({id: 'other', sha256: '1'.repeat(64)}, labels())
  await actions.importHeadLabels('other.json', other)
  expect(seen().notice).toContain('of other, another model')
  expect(seen().headLabels['1'.repeat(64)]).toHaveLength(1)
})

test.each([
  ['no JSON', 'not {', /JSON/],
  ['another file', '{"schema":"tokenscope/tree@1"}', /.+/],
  [
    'a head that is none',
    headLabelsText(FAKE_MODEL, [{layer: -1, head: 0, name: 'x', group: '', isStarred: false}]),
    /.+/,
  ],
  ['a hash that is none', headLabelsText({id: 'x', sha256: 'x'}, []), /64 hexadecimal/],
])('%s is refused with what was found, and changes nothing', async (_, text, found) => {
  const {actions, seen} = await openedLens()
  await actions.importHeadLabels('bad.json', text)
  expect(seen().dialog).toBe('open-problem')
  expect(seen().openProblem).toMatchObject({code: 'head-labels-unreadable', file: 'bad.json'})
  expect(seen().openProblem?.found).toMatch(found)
  expect(seen().headLabels).toEqual({})
})
