import {expect, test} from 'vitest'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {selectLineSpecs} from './attention-lines.ts'
import {selectOverviewKey, thumbnailOf} from './attention-overview.ts'
import {pictureKey} from './attention-pictures.ts'
import {LINES_VIEW, OVERVIEW_VIEW, TWO_HEADS_VIEW} from './attention-views.ts'
import {memoryStorage, openedWorkbench} from './fake-workbench.ts'

type EdgesInput = Parameters<EngineClient['attention']['edges']>[0]

async function openedView(view: string, wrap?: (client: EngineClient) => EngineClient) {
  const workbench = await openedWorkbench({}, memoryStorage(), wrap)
  workbench.actions.changePane({lensId: 'attention', view}, 0)
  return workbench
}

test('every head is drawn in small once; other filters are drawn anew; a click opens the head', async () => {
  const {until, captures, seen, actions} = await openedView(OVERVIEW_VIEW)
  const isWhole = () => {
    const key = selectOverviewKey(seen(), captures, 0)
    return key !== null && captures.attentionThumbnails.peek(key)?.isWhole === true
  }
  await until('all heads', isWhole)
  const key = selectOverviewKey(seen(), captures, 0)!
  const facts = captures.attentionFacts.peek(seen().activeRunId!)!
  for (const {layer, queryHeadCount} of facts) {
    for (let head = 0; head < queryHeadCount; head++) {
      const found = thumbnailOf(captures.attentionThumbnails.peek(key), {layer, head})
      expect(found).toMatchObject({layer, head})
      expect(found!.summary.hiddenShare).toBe(0)
    }
  }
  actions.changeAttentionFilters({topK: 1})
  expect(selectOverviewKey(seen(), captures, 0)).not.toBe(key)
  await until('all heads, filtered', isWhole)
  const filtered = captures.attentionThumbnails.peek(selectOverviewKey(seen(), captures, 0)!)
  expect(thumbnailOf(filtered, {layer: 1, head: 1})!.summary.hiddenShare).toBeGreaterThan(0.5)

  actions.openHead({layer: 1, head: 1}, 0)
  expect(seen().attentionShown[0]).toMatchObject({layer: 1, head: 1, aggregate: 'head'})
  expect(seen().panes[0]!.view).toBeNull()
  actions.undo()
  expect(seen().panes[0]!.view).toBe(OVERVIEW_VIEW)
  actions.compareHead({layer: 0, head: 1}, 0)
  expect(seen().attentionShown[0].other).toEqual({layer: 0, head: 1})
  expect(seen().panes[0]!.view).toBe(TWO_HEADS_VIEW)
})

test('a cancelled overview keeps what it has, and goes on with the rest alone', async () => {
  const asked: (readonly number[])[] = []
  const {until, captures, seen, actions} = await openedView(OVERVIEW_VIEW, (client) => ({
    ...client,
    attention: {
      ...client.attention,
      thumbnails: async (input, options) => {
        asked.push(input.layers ?? [])
        return client.attention.thumbnails(input, options)
      },
    },
  }))
  await until('a layer', ({overviewRevision}) => overviewRevision > 0)
  actions.cancelOverview()
  expect(seen().overviewPhase.kind).toBe('cancelled')
  const key = selectOverviewKey(seen(), captures, 0)!
  const kept = [...captures.attentionThumbnails.peek(key)!.byLayer.keys()]
  expect(kept.length).toBeGreaterThan(0)
  actions.askOverviewAgain()
  await until('the rest', () => captures.attentionThumbnails.peek(key)!.isWhole)
  expect(asked).toHaveLength(2)
  expect(asked[1]!.some((layer) => kept.includes(layer))).toBe(false)
})

test('lines are of the shown head and of those chosen beside it, for what is seen', async () => {
  const asked: EdgesInput[] = []
  const {until, captures, seen, actions} = await openedView(LINES_VIEW, (client) => ({
    ...client,
    attention: {
      ...client.attention,
      edges: async (input, options) => {
        asked.push(input)
        return client.attention.edges(input, options)
      },
    },
  }))
  const areThere = () => {
    const specs = selectLineSpecs(seen(), captures, 0)
    return (
      specs.length > 0 &&
      specs.every((spec) => captures.attentionEdges.peek(pictureKey(spec)) !== undefined)
    )
  }
  await until('the edges', areThere)
  const [spec] = selectLineSpecs(seen(), captures, 0)
  const [placed] = captures.attentionEdges.peek(pictureKey(spec!))!
  expect(placed!.queries).toEqual([0, spec!.tokenCount])
  // A text of so many tokens has all its edges in one answer, so looking closer asks for nothing.
  expect(placed!.edges.omittedCount).toBe(0)
  const count = asked.length
  actions.showMatrixWindow(spec!.runId, {query: 1, key: 1, span: 4})
  expect(asked).toHaveLength(count)
  actions.toggleCompanion(1, 0)
  await until(
    'the other head',
    () => areThere() && selectLineSpecs(seen(), captures, 0).length === 2
  )
  expect(asked.at(-1)!.map).toEqual({kind: 'head', layer: 0, head: 1})
  actions.changeAttention({layer: 1}, 0)
  expect(selectLineSpecs(seen(), captures, 0).map(({map}) => map)).toEqual([
    {kind: 'head', layer: 1, head: 0},
    {kind: 'head', layer: 1, head: 1},
  ])
  actions.undo()
  actions.undo()
  expect(seen().attentionCompanions[0]).toEqual([])
})
