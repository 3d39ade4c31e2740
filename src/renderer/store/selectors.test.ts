import {expect, test} from 'vitest'
import {FAKE_LISTING} from '../../shared/engine-client/fake.ts'
import {openedWorkbench} from './fake-workbench.ts'
import {selectMsPerToken, selectShownModel, selectVocabularySize} from './selectors.ts'

const OTHER = {
  ...FAKE_LISTING,
  id: 'tiny-other',
  path: '/models/tiny-other',
  source: 'recent' as const,
  vocabularySize: 17,
}

test('another model that is chosen changes nothing about the run that is shown', async () => {
  const {seen, store, captures, actions} = await openedWorkbench()
  const before = seen()
  const speed = selectMsPerToken(before, captures)
  expect(before.locked).not.toBeNull()
  store.setState({listings: [...before.listings, OTHER]})
  await actions.chooseModel(OTHER.path)

  const state = seen()
  expect(state.activeModelPath).toBe(OTHER.path)
  expect(selectShownModel(state, captures)).toEqual({
    name: 'micro-base',
    nextName: 'tiny-other',
    isTeaching: true,
    threads: 4,
  })
  expect(state.locked).toBe(before.locked)
  expect(selectMsPerToken(state, captures)).toBe(speed)
  expect(selectVocabularySize(state, captures.runs.peek(state.activeRunId!)!)).toBe(
    FAKE_LISTING.vocabularySize
  )
  actions.generateMore()
  expect(seen().runs[0]).toMatchObject({modelName: 'micro-base'})

  actions.closeRun()
  expect(selectShownModel(seen(), captures)).toMatchObject({
    name: 'tiny-other',
    nextName: null,
  })
})
