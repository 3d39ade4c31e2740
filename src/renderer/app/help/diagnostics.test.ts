import {expect, test} from 'vitest'
import {openedWorkbench} from '../../store/fake-workbench.ts'
import {diagnosticsText} from './diagnostics.ts'
import {PageLog, watchPage} from './page-log.ts'

/** A word that stands nowhere else. */
const WORD = 'zugzwangquark'
const PAGE = {userAgent: 'test', widthPx: 800, heightPx: 600, pixelRatio: 2, isDesktop: false}

async function usedWorkbench() {
  const workbench = await openedWorkbench()
  workbench.actions.setPromptText(`Mira says ${WORD}.`)
  workbench.actions.runPrompt()
  await workbench.until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
  return workbench
}

test('diagnostics say what runs where, and nothing of what was typed or generated', async () => {
  const workbench = await usedWorkbench()
  const log = new PageLog(() => 0)
  const page = new EventTarget()
  watchPage(log, page as Window, workbench)
  const thrown = new TypeError(`cannot read ${WORD}`)
  page.dispatchEvent(Object.assign(new Event('error'), {error: thrown}))
  page.dispatchEvent(Object.assign(new Event('unhandledrejection'), {reason: WORD}))
  const lines = log.lines().map((line) => ({...line, from: 'page' as const}))
  expect(lines.map(({level}) => level)).toEqual(['error', 'error'])
  expect(lines[0]!.text).toContain('TypeError')

  const state = workbench.store.getState()
  const text = diagnosticsText(state, lines, PAGE)
  expect(JSON.stringify(state)).toContain(WORD)
  expect(text).not.toContain(WORD)
  expect(text).not.toContain('Mira')
  for (const run of workbench.seen().runs) expect(text).not.toContain(run.label)
  expect(text).toContain(state.status!.versions.onnxruntime)
  expect(text).toContain(state.listings[0]!.id)
  expect(text).toContain(`${state.runs.length} (`)
})

test('a run that fails is logged by its code', async () => {
  const workbench = await openedWorkbench({
    failAfter: 3,
    failure: {code: 'out-of-luck', message: `Said ${WORD}.`, advice: 'Try.'},
  })
  const log = new PageLog()
  const stop = watchPage(log, new EventTarget() as Window, workbench)
  workbench.actions.setPromptText(`Mira has a lamp. Tom has a coin. ${WORD}`)
  workbench.actions.runPrompt()
  await workbench.until('the failure', ({runs}) => runs[0]?.phase.kind === 'failed')
  expect(log.lines().map(({text}) => text)).toContain('a run failed: out-of-luck')
  expect(JSON.stringify(log.lines())).not.toContain(WORD)
  stop()
  expect(log.lines().length).toBeLessThan(5)
})
