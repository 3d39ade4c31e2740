import fc from 'fast-check'
import {expect, test, vi} from 'vitest'
import {formatLink} from '../../shared/links/link-text.ts'
import {SAMPLES} from '../../shared/samples/samples.ts'
import {TOKEN_UNIT} from '../../shared/units/unit-choice.ts'
import type {Target, TargetKind} from '../lenses/target.ts'
import {type FakeWorkbench, openedWorkbench} from '../store/fake-workbench.ts'
import {selectLink} from '../store/links.ts'
import {DOCUMENT_KEYS, SLICES, selectDocument} from '../store/slices.ts'
import type {WorkbenchState} from '../store/state.ts'
import {COMMANDS} from './registry.ts'
import {TARGET_COMMANDS} from './target-registry.ts'

// Commands that move the focus, too, look for it in a page.
vi.stubGlobal('requestAnimationFrame', (callback: () => void) => setTimeout(callback, 0))
vi.stubGlobal('document', {querySelector: () => null, querySelectorAll: () => []})

type Step = (workbench: FakeWorkbench, n: number) => unknown

/** Commands that are not drawn, with the reason. All others are, so that a new one need not be listed. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  undo: 'it is what is tested',
  redo: 'it is what is tested',
  'open-file': 'the browser’s own dialog',
  'next-part': 'moves the focus on the page',
  'previous-part': 'moves the focus on the page',
  'change-node': 'moves the focus on the page',
  'target-change-node': 'moves the focus on the page',
  ...Object.fromEntries(
    [...COMMANDS, ...TARGET_COMMANDS]
      .filter(({id}) => /(^|-)copy(-|$)/.test(id))
      .map(({id}) => [id, 'writes to the clipboard'])
  ),
}

/** Some commands ask the engine before they change anything; the pretended one answers within a few turns. */
async function answers(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setTimeout(resolve, 0))
}

/** Every command there is, done where it can be done. */
const COMMAND_STEPS: readonly Step[] = COMMANDS.filter(({id}) => !(id in LEFT_OUT)).map(
  (command) => async (workbench: FakeWorkbench) => {
    if (!command.when(workbench.store.getState(), workbench)) return
    command.run(workbench)
    await answers()
  }
)

/** Something of a kind that there is, chosen by a number. */
function targetOf(kind: TargetKind, {seen}: FakeWorkbench, n: number): Target | null {
  const {runs, listings} = seen()
  const runId = runs[n % Math.max(1, runs.length)]?.id
  if (kind === 'value') return {kind, name: 'rank', exact: `${n}`, definition: 'rank'}
  if (kind === 'model') {
    const path = listings[n % Math.max(1, listings.length)]?.path
    return path === undefined ? null : {kind, path}
  }
  if (runId === undefined) return null
  if (kind === 'run') return {kind, runId}
  if (kind === 'node') return {kind, runId, key: String(300 + n)}
  const position = n % 9
  if (kind === 'token') return {kind, runId, position}
  return {kind, runId, position, tokenId: 300 + n, prob: null}
}

/** Every command on a thing, by right click. */
const TARGET_STEPS: readonly Step[] = TARGET_COMMANDS.filter(({id}) => !(id in LEFT_OUT)).map(
  (command) => async (workbench: FakeWorkbench, n: number) => {
    const target = targetOf(command.targets, workbench, n)
    if (!target || target.kind !== command.targets) return
    const on = target as never
    if (!(command.when?.(on, workbench) ?? true)) return
    command.run(workbench, on)
    await answers()
  }
)

/** What controls do beside the commands; numbers choose among what there is. */
const CONTROL_STEPS: readonly Step[] = [
  ({actions}, n) => actions.setPromptText(`Tom has ${n} coins.`),
  ({actions}) => actions.setChat(true),
  ({actions}) => actions.setChat(false),
  ({actions}, n) => actions.setTurns([{role: 'user', content: `${n}`}]),
  ({actions}) => actions.runPrompt(),
  ({actions}) => actions.generateMore(),
  ({actions}, n) => actions.continueWith(n % 9, 300 + n),
  ({actions, seen}, n) => {
    const {runs} = seen()
    return runs.length > 0 && actions.openRun(runs[n % runs.length]!.id)
  },
  ({actions, seen}, n) => {
    const {runs} = seen()
    return runs.length > 0 && actions.removeRun(runs[n % runs.length]!.id)
  },
  ({actions, seen}) => {
    const [run] = seen().runs
    if (run) actions.cancelRun(run.id)
  },
  ({actions}) => actions.clearRuns(),
  ({actions, seen}, n) => {
    const {runs} = seen()
    return runs.length > 0 && actions.renameRun(runs[n % runs.length]!.id, `run ${n}`)
  },
  async ({actions, store, captures}) => {
    const link = formatLink(selectLink(store.getState(), captures), {kind: 'desktop'})
    await actions.openLink(link)
  },
  ({actions}) => actions.closeRun(),
  ({actions}, n) => actions.lock(n % 12),
  ({actions}) => actions.walk(1),
  ({actions}, n) => actions.jumpTo(n % 12),
  ({actions}) => actions.release(),
  ({actions}, n) => actions.togglePin({kind: 'token', position: n % 5}),
  ({actions}, n) => actions.togglePin({kind: 'pair', from: n % 3, to: n % 4}),
  ({actions}) => actions.clearPins(),
  ({actions}, n) => actions.togglePair(n % 6),
  ({actions}, n) => actions.drawSpan({byteStart: n % 7, byteEnd: 7 + (n % 5)}),
  ({actions}, n) => {
    actions.extendDrawing((n % 5) - 2)
    actions.keepDrawing()
  },
  ({actions}, n) => actions.removeDrawnSpan(n % 3),
  ({actions}) => actions.clearDrawnSpans(),
  ({actions}, n) => actions.setUnit({kind: 'regex', source: `${n}|a+`, flags: ''}),
  ({actions}, n) => actions.changeParameters({temperature: 0.1 + (n % 20) / 10}),
  ({actions}, n) => actions.setTracked('micro-base', n % 2 ? [n] : null),
  ({actions}) => actions.toggleSplit(),
  ({actions}, n) => actions.activatePane(n % 2 ? 1 : 0),
  ({actions}) => actions.swapPanes(),
  ({actions}, n) => actions.changePane({view: n % 2 ? 'table' : null}),
  ({actions}, n) => actions.setUnit(n % 2 ? {kind: 'word'} : TOKEN_UNIT),
  ({actions, seen}, n) => {
    const {activeRunId} = seen()
    if (activeRunId) actions.setDrawnSpans(activeRunId, [{byteStart: n % 4, byteEnd: 6}])
  },
  ({actions}, n) => actions.setPrompt({promptText: `${n}\r\n`, isChat: n % 2 === 0}),
  ({actions}) => actions.normalizeLineEnds(),
  ({actions}, n) => actions.loadPromptText(`a\r\n${n}`, 'a.txt'),
  ({actions}, n) => actions.runSample(SAMPLES[n % SAMPLES.length]!),
  ({actions}, n) =>
    actions.importList({
      rows: [{prompt: `${n}`, messages: null, answer: n % 2 ? 'a' : null, line: 1}],
      source: null,
      isReplacing: n % 3 === 0,
    }),
  ({actions, seen}, n) => {
    const {listRows} = seen()
    if (listRows.length > 0) actions.removeListRows(new Set([listRows[n % listRows.length]!.id]))
  },
  ({actions, seen}, n) => {
    const [row] = seen().listRows
    if (row) actions.setListAnswer(row.id, `${n}`)
  },
  ({actions}) => actions.clearList(),
  ({actions}, n) => actions.showList(n % 2 === 0),
  ({actions}) => actions.runList(),
  ({actions}) => actions.cancelList(),
  ({actions, seen}, n) => {
    const {listRows} = seen()
    if (listRows.length > 0) actions.openListRow(listRows[n % listRows.length]!.id)
  },
  ({actions}) => actions.goBack(),
  ({actions}) => actions.goForward(),
]

/** Whatever a person can do to the workspace. */
const ACTIONS: readonly Step[] = [...CONTROL_STEPS, ...COMMAND_STEPS, ...TARGET_STEPS]

const undoAll = ({actions, store}: FakeWorkbench) => {
  while (store.getState().past.length > 0) actions.undo()
}
const redoAll = ({actions, store}: FakeWorkbench) => {
  while (store.getState().future.length > 0) actions.redo()
}
const settled = ({until}: FakeWorkbench) =>
  until('nothing running', ({runs}) => runs.every((run) => run.phase.kind !== 'running'))

test('any sequence of actions, undone, gives back the document, and redone the one after', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(ACTIONS.length - 1), fc.nat(50)), {minLength: 1, maxLength: 30}),
      async (steps) => {
        const workbench = await openedWorkbench()
        const {store} = workbench
        const before = selectDocument(store.getState())
        for (const [which, n] of steps) await ACTIONS[which]!(workbench, n)
        const after = selectDocument(store.getState())
        undoAll(workbench)
        expect(selectDocument(store.getState())).toEqual(before)
        redoAll(workbench)
        expect(selectDocument(store.getState())).toEqual(after)
        undoAll(workbench)
        await settled(workbench)
        // Nothing that was still on its way may change it.
        expect(selectDocument(store.getState())).toEqual(before)
      }
    )
    // How many cases: scripts/property-runs.ts.
  )
}, 600_000)

test('every command is drawn, or left out by name', async () => {
  const ids = [...COMMANDS.map(({id}) => id), ...TARGET_COMMANDS.map(({id}) => id)]
  for (const [id, reason] of Object.entries(LEFT_OUT)) {
    expect(ids).toContain(id)
    expect(reason).not.toBe('')
  }
  expect(COMMAND_STEPS.length + TARGET_STEPS.length + Object.keys(LEFT_OUT).length).toBe(ids.length)
})

test('thirty mixed actions are undone one by one, each with its name', async () => {
  const workbench = await openedWorkbench()
  const {store, actions} = workbench
  const seen = [selectDocument(store.getState())]
  for (let i = 0; i < 30; i++) {
    await CONTROL_STEPS[(i * 7) % CONTROL_STEPS.length]!(workbench, i)
    const {past} = store.getState()
    if (past.length === seen.length) seen.push(selectDocument(store.getState()))
  }
  expect(seen.length).toBeGreaterThan(15)
  for (const document of seen.slice(0, -1).reverse()) {
    expect(store.getState().past.at(-1)!.what).not.toBe('')
    actions.undo()
    expect(selectDocument(store.getState())).toEqual(document)
  }
  expect(store.getState().past).toEqual([])
})

test('what was taken back is gone once something else is changed', async () => {
  const {store, actions} = await openedWorkbench()
  actions.setPromptText('a')
  actions.lock(2)
  actions.undo()
  expect(store.getState().future).toHaveLength(1)
  actions.changeParameters({temperature: 1.7})
  expect(store.getState().future).toEqual([])
  const changed = selectDocument(store.getState())
  actions.redo()
  expect(selectDocument(store.getState())).toEqual(changed)
})

test('typing in a row is one step, and a pause begins another', async () => {
  const {store, actions} = await openedWorkbench()
  const {promptText} = store.getState()
  actions.setPromptText('a')
  actions.setPromptText('ab')
  actions.lock(2)
  actions.setPromptText('abc')
  expect(store.getState().past.map(({what}) => what)).toEqual([
    'typing',
    'select a token',
    'typing',
  ])
  actions.undo()
  expect(store.getState().promptText).toBe('ab')
  actions.undo()
  actions.undo()
  expect(store.getState().promptText).toBe(promptText)
})

test('undoing a run that is under way stops it', async () => {
  const {store, actions, seen, until} = await openedWorkbench({delayMs: 20})
  actions.setPromptText('Mira has a lamp. Tom has a coin. '.repeat(20))
  actions.runPrompt()
  const {id} = seen().runs[0]!
  await until('tokens', ({runs}) => (runs[0]?.tokenCount ?? 0) > 0)
  actions.undo()
  expect(seen().runs.some((run) => run.id === id)).toBe(false)
  expect(store.getState().runStates[id]!.phase.kind).toBe('cancelled')
  actions.redo()
  expect(seen().activeRunId).toBe(id)
})

test('Back and Forward walk through what was shown', async () => {
  const {actions, seen, until} = await openedWorkbench()
  const first = seen().activeRunId
  actions.lock(4)
  actions.setPromptText('Tom has a coin.')
  actions.runPrompt()
  await until('the run', ({runs}) => runs[0]?.phase.kind === 'completed')
  const second = seen().activeRunId
  actions.toggleSplit()
  actions.goBack()
  expect(seen().panes).toHaveLength(1)
  actions.goBack()
  expect(seen()).toMatchObject({activeRunId: first, locked: 4})
  actions.goForward()
  expect(seen().activeRunId).toBe(second)
  actions.goForward()
  expect(seen().panes).toHaveLength(2)
  actions.goForward()
  expect(seen().panes).toHaveLength(2)
})

test('every key of the state belongs to one slice', async () => {
  const {store} = await openedWorkbench()
  const keys = Object.values(SLICES).flatMap((slice) => Object.keys(slice.initial))
  expect(new Set(keys).size).toBe(keys.length)
  const known = Object.keys(store.getState()) as (keyof WorkbenchState)[]
  expect(known.sort()).toEqual(keys.sort())
  expect(DOCUMENT_KEYS.length).toBeGreaterThan(8)
})
