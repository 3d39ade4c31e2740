import {describe, expect, it} from 'vitest'
import type {AttentionGraph} from '../../lenses/attention-graph.ts'
import type {Importance} from '../../lenses/attention-statistics.ts'
import {rolloutStart} from '../../math/attention/attention-rollout.ts'
import {columnStarts, GraphLayer} from '../../math/attention/graph-columns.ts'
import {createSeededRandom} from '../../math/seeded-random.ts'
import {columnsWindow, tokensPerColumnOf} from './graph-columns-layout.ts'
import {graphPartAt} from './graph-hit.ts'
import {graphShareOf, layoutGraph} from './graph-layout.ts'
import type {GraphTrack} from './graph-tracks.ts'
import {formatShare, shareText} from './graph-words.ts'

const ROOM = {xPx: 0, yPx: 0, widthPx: 900, heightPx: 560}
const tokensOf = (count: number) =>
  Array.from({length: count}, (_, i) => ({
    bytesHex: `20${(0x61 + (i % 26)).toString(16)}`,
    isSpecial: false,
  }))

/** Causal rows of random weights that sum to 1, [layer][query][key]. */
function rowsOf(count: number, layerCount: number): number[][][] {
  const random = createSeededRandom(11)
  return Array.from({length: layerCount}, () =>
    Array.from({length: count}, (_, query) => {
      const row = Array.from({length: count}, (_, key) =>
        key <= query ? random.nextUnit() ** 4 : 0
      )
      const sum = row.reduce((a, b) => a + b, 0)
      return row.map((weight) => weight / sum)
    })
  )
}

function graphOf(
  rows: readonly number[][][],
  into: number | null,
  {
    window,
    perColumn = 1,
    most = 64,
  }: {window?: [number, number]; perColumn?: number; most?: number} = {}
): AttentionGraph {
  const tokenCount = rows[0]!.length
  const starts = columnStarts(tokenCount, window ?? [0, tokenCount], perColumn)
  let reach = into === null ? null : rolloutStart(tokenCount, into)
  const found = rows.toReversed().map((layerRows) => {
    const layer = new GraphLayer({tokenCount, starts}, reach)
    for (const [query, row] of layerRows.entries()) {
      const own = Float32Array.from(row)
      layer.addRow(query, own, own)
    }
    const edges = layer.finish(most)
    reach = edges.reach
    return edges
  })
  found.reverse()
  const all = <Value>(of: (edges: (typeof found)[number]) => Iterable<Value>) =>
    found.flatMap((edges) => [...of(edges)])
  const top = new Float64Array(starts.length)
  if (into !== null) top[starts.findLastIndex((start) => start <= into)] = 1
  return {
    layers: rows.map((_, layer) => layer),
    ...{starts, tokenCount},
    layer: Int32Array.from(found.flatMap(({key}, layer) => Array.from(key, () => layer))),
    query: Int32Array.from(all(({query}) => query)),
    key: Int32Array.from(all(({key}) => key)),
    weight: Float32Array.from(all(({weight}) => weight)),
    count: Int32Array.from(all(({count}) => count)),
    topQuery: Int32Array.from(all(({topQuery}) => topQuery)),
    topKey: Int32Array.from(all(({topKey}) => topKey)),
    topWeight: Float32Array.from(all(({topWeight}) => topWeight)),
    topAttention: Float32Array.from(all(({topAttention}) => topAttention)),
    nodes: Float32Array.from([...all(({nodes}) => nodes), ...top]),
    broken: new Uint8Array(starts.length * rows.length),
    totals: found.map(({totals}, layer) => ({layer, ...totals})),
    summary: {
      ...{rowCount: 0, hiddenShare: 0, sinkOnlyRowCount: 0},
      ...{nowhereShare: null, nonFiniteCount: 0},
    },
  }
}

const layoutOf = (graph: AttentionGraph, change: Partial<Parameters<typeof layoutGraph>[0]> = {}) =>
  layoutGraph(
    {
      tokens: tokensOf(graph.tokenCount),
      ...{graph, layers: graph.layers, edgesPerLayer: 6, tracks: []},
      window: {start: 0, span: graph.tokenCount},
      ...change,
    },
    ROOM
  )

describe('columns', () => {
  it('take so many tokens, a power of two, that each can be told apart', () => {
    expect(tokensPerColumnOf(40, 760)).toBe(1)
    expect(tokensPerColumnOf(200, 760)).toBe(2)
    expect(tokensPerColumnOf(1500, 760)).toBe(16)
    for (const span of [1, 7, 64, 333, 4096]) {
      const count = tokensPerColumnOf(span, 760)
      expect(760 / (span / count)).toBeGreaterThanOrEqual(6.5)
    }
    expect(columnsWindow({start: 5.5, span: 10}, 40, 4)).toEqual([4, 16])
    expect(columnsWindow({start: 30, span: 10}, 39, 4)).toEqual([28, 39])
  })
})

describe('the layout of a graph', () => {
  const rows = rowsOf(24, 3)

  it('draws at most so many lines a layer, and says what it hides of all that is read', () => {
    const into = 20
    const {share, edges} = layoutOf(graphOf(rows, into))
    // The same flows by multiplying whole matrices.
    let reach: number[] = Array.from({length: 24}, (_, at) => (at === into ? 1 : 0))
    let total = 0
    let drawn = 0
    let count = 0
    for (const matrix of rows.toReversed()) {
      const flows = matrix.flatMap((row, query) =>
        row.map((weight, key) => ({query, key, flow: (reach[query]! * weight) / 2}))
      )
      const own = flows.filter(({query, key, flow}) => key !== query && flow > 0)
      total += own.reduce((sum, {flow}) => sum + flow, 0)
      count += own.length
      drawn += own
        .map(({flow}) => flow)
        .sort((a, b) => b - a)
        .slice(0, 6)
        .reduce((sum, flow) => sum + flow, 0)
      reach = reach.map((value, at) =>
        flows.reduce((sum, {key, flow}) => sum + (key === at ? flow : 0), value / 2)
      )
    }
    expect(edges.length).toBe(18)
    expect(share.edgeCount).toBe(count)
    expect(share.hiddenShare).toBeCloseTo(1 - drawn / total, 5)
    expect(shareText(share)).toBe(
      `18 of ${count} edges, hidden ${Math.round(share.hiddenShare * 100)} %`
    )
  })

  it('counts the edges of tokens that a line between columns holds', () => {
    const graph = graphOf(rows, null, {perColumn: 4})
    const share = graphShareOf(graph, {start: 0, span: 24}, 1000)
    expect(share.drawnCount).toBe((3 * 24 * 23) / 2)
    expect(share.hiddenShare).toBeCloseTo(0, 5)
    expect(share.lineCount).toBeLessThan(share.drawnCount)
  })

  it('in a part of the text draws what touches it, and puts the rest to its sides', () => {
    const graph = graphOf(rows, null, {window: [8, 16]})
    const window = {start: 8, span: 8}
    const {edges, nodes, xPx, widthPx} = layoutOf(graph, {window, edgesPerLayer: 60})
    for (const {edge} of edges) {
      const isIn = (column: number) => graph.starts[column]! >= 8 && graph.starts[column]! < 16
      expect(isIn(graph.query[edge]!) || isIn(graph.key[edge]!)).toBe(true)
    }
    for (const node of nodes) {
      const isOut = node.xPx < xPx || node.xPx > xPx + widthPx
      expect(isOut).toBe(node.isBeside)
    }
    expect(nodes.filter(({isBeside}) => isBeside).length).toBe(2 * 4)
  })

  it('finds what is drawn where it is drawn', () => {
    const graph = graphOf(rows, 20)
    const layout = layoutOf(graph)
    const node = layout.nodes.find(({level, column}) => level === 3 && column === 20)!
    expect(graphPartAt(layout, node.xPx, node.yPx)).toEqual({kind: 'node', level: 3, column: 20})
    const last = layout.edges.at(-1)!
    // Half way along the line, by its own parameters.
    const [y1, y2] = [
      last.fromYPx + 0.62 * (last.toYPx - last.fromYPx),
      last.toYPx - 0.72 * (last.toYPx - last.fromYPx),
    ]
    const middle = {
      xPx: (last.fromXPx + last.toXPx) / 2,
      yPx: (last.fromYPx + 3 * y1 + 3 * y2 + last.toYPx) / 8,
    }
    expect(graphPartAt(layout, middle.xPx, middle.yPx)).toEqual({kind: 'edge', edge: last.edge})
    const column = layout.columns.columns[5]!
    expect(graphPartAt(layout, column.xPx + 2, layout.namesYPx + 3)).toEqual({
      ...{kind: 'column', first: 5, end: 6},
    })
    expect(graphPartAt(layout, 2, layout.topPx)).toBeNull()
  })

  it('keeps inside of its room, however many tokens and layers there are', () => {
    for (const [count, layerCount] of [
      [1, 2],
      [3, 1],
      [60, 12],
    ] as const) {
      const graph = graphOf(rowsOf(count, layerCount), count - 1)
      const {edges, nodes, xPx, widthPx, topPx, bottomPx} = layoutOf(graph)
      expect(edges.length).toBeLessThanOrEqual(6 * layerCount)
      for (const node of nodes) {
        expect(node.xPx).toBeGreaterThanOrEqual(xPx)
        expect(node.xPx).toBeLessThanOrEqual(xPx + widthPx)
        expect(node.yPx).toBeGreaterThanOrEqual(topPx - 1e-6)
        expect(node.yPx).toBeLessThanOrEqual(bottomPx + 1e-6)
      }
    }
  })
})

describe('importance under the columns', () => {
  const importance: Importance = {
    method: 'wpr',
    variant: 'position-corrected',
    query: null,
    firstTokenShare: 0.6,
    values: Float64Array.of(Number.NaN, 0.5, 3, 1, 9),
    hollowPositions: [4],
    warnings: [],
  }
  const track: GraphTrack = {
    ...{id: 'position-corrected', title: 'position-corrected', note: '', isMain: true},
    ...{importance, words: null},
  }

  it('has a bar a token from 0, hollow ones left out of the scale, and says where 1 is and what dominates', () => {
    const graph = graphOf(rowsOf(5, 1), 4)
    const [own] = layoutOf(graph, {tracks: [track]}).tracks
    expect(own!.maximum).toBe(3)
    expect(own!.gaps).toEqual([0])
    const heights = own!.bars.map(({heightPx}) => heightPx / own!.heightPx)
    expect(heights.map((height) => Math.round(height * 1000))).toEqual([167, 1000, 333, 1000])
    expect(own!.bars.map(({isHollow}) => isHollow)).toEqual([false, false, false, true])
    expect((own!.yPx + own!.heightPx - own!.oneYPx!) / own!.heightPx).toBeCloseTo(1 / 3, 6)
    expect(own!.numbers.map(({text}) => text)).toEqual(['3.00', '1.00'])
    expect(own!.warning).toContain('60 %')
  })

  it('shows the most important token of a column of several', () => {
    const graph = graphOf(rowsOf(400, 1), 399, {perColumn: 4})
    const values = Float64Array.from({length: 400}, (_, at) => (at === 202 ? 8 : 1))
    const [own] = layoutOf(graph, {
      tracks: [{...track, importance: {...importance, values, hollowPositions: []}}],
    }).tracks
    expect(own!.bars.length).toBe(100)
    const highest = own!.bars.reduce((best, bar) => (bar.heightPx > best.heightPx ? bar : best))
    expect(highest.column).toBe(50)
  })
})

it('writes shares with as many digits as tell them from nothing', () => {
  expect([0, 0.00004, 0.0006, 0.024, 0.31, 1].map(formatShare)).toEqual([
    ...['0 %', '<0.01 %', '0.06 %', '2.4 %', '31 %', '100 %'],
  ])
})
