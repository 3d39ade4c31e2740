import {expect, test} from 'vitest'
import {formatLink, parseLink} from '../../shared/links/link-text.ts'
import {type FakeWorkbench, fakeWorkbench, openedWorkbench} from './fake-workbench.ts'
import {selectLink} from './links.ts'
import {selectRun} from './run-records.ts'
import {selectDocument} from './slices.ts'

const linkFrom = ({store, captures}: FakeWorkbench) =>
  formatLink(selectLink(store.getState(), captures), {kind: 'desktop'})
const completed = ({until}: FakeWorkbench, what: string) =>
  until(what, ({runs, panes}) =>
    panes.every(({runId}) => runs.find(({id}) => id === runId)?.phase.kind === 'completed')
  )
const idsOf = ({captures}: FakeWorkbench, runId: string | null) =>
  captures.runs.peek(runId ?? '')?.tokens.map(({id}) => id)

async function sharing(): Promise<FakeWorkbench> {
  const sender = await openedWorkbench()
  const {actions, seen} = sender
  const [model] = seen().listings
  actions.changeParameters({isSampled: true, seed: 7, generateCount: 4, temperature: 1.3})
  actions.setPromptText('Tom has a coin. Mira has')
  actions.runPrompt()
  await completed(sender, 'the sampled run')
  actions.toggleSplit()
  const [, second] = seen().runs
  await actions.openRun(second!.id, 0)
  actions.lock(2)
  actions.togglePin({kind: 'token', position: 3})
  actions.togglePin({kind: 'pair', from: 1, to: 3})
  actions.activatePane(1)
  actions.setPromptText('Tom has a coin. Mira has')
  actions.lock(4)
  actions.setTracked(model!.id, [11, 12])
  actions.setUnit({kind: 'word'})
  actions.changePane({view: 'table'})
  return sender
}

test('a link restores what was on the screen in another workbench', async () => {
  const sender = await sharing()
  const receiver = await openedWorkbench()
  const link = linkFrom(sender)
  expect(await receiver.actions.openLink(link)).toBe(true)
  const shown = await completed(receiver, 'both runs of the link')
  const sent = sender.seen()
  for (const [i, pane] of shown.panes.entries()) {
    expect(idsOf(receiver, pane.runId)).toEqual(idsOf(sender, sent.panes[i]!.runId))
    expect(pane.view).toBe(sent.panes[i]!.view)
  }
  const {isSampled, seed, generateCount, temperature, tracked} = sent.parameters
  expect(shown.parameters).toMatchObject({isSampled, seed, generateCount, temperature, tracked})
  expect(shown).toMatchObject({
    promptText: 'Tom has a coin. Mira has',
    activePane: 1,
    locked: 4,
    unit: {kind: 'word'},
    activeModelPath: sent.activeModelPath,
  })
  const [left] = shown.panes
  expect(shown.locks[left!.runId!]).toBe(2)
  expect(shown.pins[left!.runId!]).toHaveLength(2)
  // What it copies is what it was opened from.
  expect(parseLink(linkFrom(receiver))).toEqual(parseLink(link))
})

test('opening a link is one step, and what was there before stays in the history', async () => {
  const link = linkFrom(await sharing())
  const receiver = await openedWorkbench()
  const {store, actions} = receiver
  actions.setPromptText('mine')
  const before = selectDocument(store.getState())
  const steps = store.getState().past.length
  await actions.openLink(link)
  expect(store.getState().past).toHaveLength(steps + 1)
  expect(store.getState().past.at(-1)!.what).toBe('open a link')
  expect(store.getState().runs.slice(2)).toEqual(before.runs)
  actions.undo()
  expect(selectDocument(store.getState())).toEqual(before)
})

test('a link carries heads, filters, colours, the part that is seen and the lit weight', async () => {
  const sender = await openedWorkbench()
  const {actions, seen} = sender
  expect(selectLink(sender.store.getState(), sender.captures).attention).toBeUndefined()
  actions.changePane({lensId: 'attention', view: 'heads'})
  actions.changeAttention(
    {layer: 2, head: 1, aggregate: 'difference', other: {layer: 1, head: 3}},
    0
  )
  actions.changeAttentionFilters({mass: 0.7, topK: 5, isSinkDropped: true})
  actions.lockAttentionRange(0.25)
  actions.cutAttentionRange('linear')
  const runId = seen().panes[0]!.runId!
  actions.lightCell(runId, {query: 6, key: 2})
  actions.showMatrixWindow(runId, {query: 2, key: 1, span: 8})
  const link = linkFrom(sender)

  const receiver = await openedWorkbench()
  expect(await receiver.actions.openLink(link)).toBe(true)
  await completed(receiver, 'the run of the link')
  const shown = receiver.seen()
  const sent = seen()
  const other = shown.panes[0]!.runId!
  expect(shown.panes[0]).toMatchObject({lensId: 'attention', view: 'heads'})
  expect(shown.attentionShown).toEqual(sent.attentionShown)
  expect(shown.attentionFilters).toMatchObject({mass: 0.7, topK: 5, isSinkDropped: true})
  expect(shown).toMatchObject({attentionRange: 0.25, attentionSteps: 'linear', locked: 6})
  expect(shown.attentionCells[other]).toEqual({query: 6, key: 2})
  expect(shown.attentionWindows[other]).toEqual({query: 2, key: 1, span: 8})
  receiver.actions.undo()
  expect(receiver.seen().attentionShown[0]).toMatchObject({layer: null})
})

test('a link carries what is explained, how it is scored and looked at, and what was replaced', async () => {
  const sender = await openedWorkbench()
  const {actions, seen} = sender
  expect(selectLink(sender.store.getState(), sender.captures).attribution).toBeUndefined()
  actions.changePane({lensId: 'attribute', view: 'replace'})
  const runId = seen().panes[0]!.runId!
  actions.setAttributionTarget(runId, {kind: 'contrast', after: null, tokenIds: [11, 12]})
  actions.changeAttribution({method: 'shapley', preset: 'token', ratio: 0.2, probes: 6, seed: 4})
  actions.changeAttribution({sampler: 'pos', hasChecks: false})
  actions.changeAttributionLooks({scores: 'released', form: 'released', isUnfolded: true})
  actions.replaceToken(0, 2, 17)
  const link = linkFrom(sender)

  const receiver = await openedWorkbench()
  expect(await receiver.actions.openLink(link)).toBe(true)
  await completed(receiver, 'the run of the link')
  const [shown, sent] = [receiver.seen(), seen()]
  const other = shown.panes[0]!.runId!
  expect(shown.panes[0]).toMatchObject({lensId: 'attribute', view: 'replace'})
  expect(shown.attributionTargets[other]).toEqual({
    ...{kind: 'contrast', after: null, tokenIds: [11, 12]},
  })
  expect(shown.attributionChanges[other]).toEqual([{position: 2, id: 17}])
  expect(shown.attributionChoice).toEqual(sent.attributionChoice)
  expect(shown.attributionChoice).toMatchObject({method: 'shapley', sampler: 'pos', ratio: 0.2})
  expect(shown.attributionLooks).toMatchObject({scores: 'released', isUnfolded: true})
  expect(parseLink(linkFrom(receiver))).toEqual(parseLink(link))
  receiver.actions.undo()
  expect(receiver.seen().attributionChoice.method).toBe('reagent')
})

test('a link has how critical tokens are looked for, and the right answer, but no place of a model', async () => {
  const sender = await openedWorkbench()
  const {actions} = sender
  actions.changePane({lensId: 'critical'}, 0)
  actions.setCriticalAnswer(sender.seen().activeRunId!, '31')
  actions.changeCritical({beta: 2, checker: {kind: 'text'}, positive: '/home/me/model'})
  const link = selectLink(sender.store.getState(), sender.captures)
  expect(JSON.stringify(link)).not.toContain('/home/me')
  expect(link.critical).toMatchObject({beta: 2, checker: {kind: 'text'}, positive: null})
  expect(link.runs[0]!.answer).toBe('31')
})

test('a link at the start is opened in place of the first sample, and can be undone', async () => {
  const link = linkFrom(await sharing())
  const receiver = fakeWorkbench()
  const isOpened = receiver.actions.openLink(link)
  receiver.actions.start()
  expect(await isOpened).toBe(true)
  const shown = await completed(receiver, 'the runs of the link')
  expect(shown.runs).toHaveLength(2)
  expect(shown.past.map(({what}) => what)).toEqual(['open a link'])
})

test('a link to a model that is not there changes nothing, and goes on once it is', async () => {
  const sender = await sharing()
  const data = parseLink(linkFrom(sender))
  const other = {id: 'my-own-model', sha256: 'cd'.repeat(32)}
  const link = formatLink(
    {...data, model: other, tracked: [], runs: data.runs.map((run) => ({...run, model: other}))},
    {kind: 'served', origin: 'http://localhost:1'}
  )
  const receiver = await openedWorkbench()
  const {store, actions} = receiver
  const before = selectDocument(store.getState())
  const [known] = store.getState().listings
  expect(await actions.openLink(link)).toBe(false)
  expect(selectDocument(store.getState())).toEqual(before)
  expect(store.getState().dialog).toBe('link')
  expect(store.getState().linkProblem).toMatchObject({
    code: 'link-model-missing',
    field: 'model my-own-model',
    found: expect.stringContaining(known!.id),
    expected: 'my-own-model with SHA-256 cdcdcdcdcdcdcdcd…',
  })
  expect(await actions.continueLink()).toBe(false)
  store.setState({
    listings: [
      ...store.getState().listings,
      {...known!, id: 'my-own-model', path: '/m', source: 'recent'},
    ],
  })
  expect(await actions.continueLink()).toBe(true)
  expect(store.getState()).toMatchObject({
    waitingLink: null,
    linkProblem: null,
    dialog: null,
    activeModelPath: '/m',
  })
  expect(store.getState().runs[0]).toMatchObject({
    request: {model: '/m'},
    linked: {id: 'my-own-model', sha256: 'cd'.repeat(32)},
  })
})

test('a link that cannot be read says so and changes nothing', async () => {
  const {store, actions} = await openedWorkbench()
  const before = selectDocument(store.getState())
  expect(await actions.openLink('http://127.0.0.1:1/#v1.AAAA')).toBe(false)
  expect(store.getState()).toMatchObject({dialog: 'link', linkProblem: {code: 'link-damaged'}})
  expect(selectDocument(store.getState())).toEqual(before)
})

test('of models of one name the link means the one of its hash, then the one at its place', async () => {
  const sender = await openedWorkbench()
  const [known] = sender.store.getState().listings
  const twins = ['/a/twin', '/b/twin'].map((path) => ({
    ...known!,
    id: 'twin',
    path,
    source: 'recent' as const,
  }))
  sender.store.setState({listings: [...sender.store.getState().listings, ...twins]})
  sender.store.setState({activeModelPath: '/b/twin'})
  const link = linkFrom(sender)
  expect(link).not.toContain('/b/')
  const receiver = await openedWorkbench()
  receiver.store.setState({listings: [...receiver.store.getState().listings, ...twins]})
  await receiver.actions.openLink(link)
  expect(receiver.store.getState().activeModelPath).toBe('/b/twin')
})

test('tokens that were followed without being chosen are followed by who opens the link', async () => {
  const sender = await openedWorkbench()
  sender.actions.setPromptText('Tom has a coin. Mira has')
  sender.actions.runPrompt()
  await sender.until('the suggestion', ({runs}) => runs[0]?.suggestedTrack?.length === 3)
  // What the table says after another position is no reason to follow other tokens there.
  sender.actions.lock(1)
  const suggestedOf = ({store}: typeof sender) => {
    const state = store.getState()
    return selectRun(state, state.panes[0]!.runId)?.suggestedTrack
  }
  const followed = suggestedOf(sender)
  const receiver = await openedWorkbench()
  await receiver.actions.openLink(linkFrom(sender))
  await completed(receiver, 'the run of the link')
  expect(suggestedOf(receiver)).toEqual(followed)
})

test('a link to a run that is half done asks for the tokens that are still to come, given ones aside', async () => {
  const sender = await openedWorkbench({delayMs: 5})
  const {actions, seen, until, store, captures} = sender
  actions.changeParameters({generateCount: 40})
  actions.setPromptText('Tom has a coin. Mira has')
  actions.runPrompt()
  await until('its end', ({runs}) => runs[0]?.phase.kind === 'completed')
  actions.generateMore()
  const {id, request} = seen().runs[0]!
  const given = request.completionIds!.length
  expect(given).toBe(40)
  await until('a few more', () => (captures.runs.peek(id)?.completionIds.length ?? 0) > given + 2)
  actions.cancelRun(id)
  await until('cancelled', ({runs}) => runs[0]?.phase.kind === 'cancelled')
  const made = captures.runs.peek(id)!.completionIds.length
  const [linked] = parseLink(
    formatLink(selectLink(store.getState(), captures), {kind: 'desktop'})
  ).runs
  expect(linked!.request.completionIds).toHaveLength(made)
  expect(made + linked!.request.generate).toBe(given + request.generate)
})
