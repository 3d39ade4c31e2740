import {describe, expect, test} from 'vitest'
import type {TreeNode} from '../../lenses/tree.ts'
import {treePictureSchema} from '../../lenses/tree-picture.ts'
import {layoutTreeSpans} from '../../lenses/tree-spans.ts'
import {PALETTES} from '../palette.ts'
import {commonFigureOptionsSchema} from '../request.ts'
import {layoutTreeFigure} from './layout.ts'
import {sampleToken, sampleTree} from './sample-result.ts'
import {layoutScene, placeAt, wholeWindow} from './tree-scene.ts'
import {headerShapes, treeShapes} from './tree-shapes.ts'

const result = sampleTree({depth: 3, childCount: 3})
const spansOf = (nodes: readonly TreeNode[], more = {}) =>
  layoutTreeSpans(nodes, {distribution: 'raw', ...more})

test('an icicle takes all the width, and its head “prompt” ends before that of the first level', () => {
  const scene = layoutScene(spansOf(result.nodes), {
    ...{view: 'icicle', rootName: '…', noPrompt: false, isDraft: false, widthPx: 900},
    mayOverflow: true,
  })
  const last = scene.columns.columns.at(-1)!
  expect(last.xPx + last.widthPx).toBeCloseTo(900, 6)
  const texts = treeShapes(
    ...([
      scene,
      wholeWindow(scene, 900, 400),
      {selected: null, hovered: null, pinned: new Set<number>()},
    ] as const),
    PALETTES.light
  ).concat(headerShapes(scene, 0, PALETTES.light))
  const at = (text: string) => texts.find((shape) => shape.kind === 'text' && shape.text === text)!
  const [prompt, first] = [at('prompt'), at('+1')]
  if (prompt.kind !== 'text' || first.kind !== 'text') throw new Error('no texts')
  // Six letters of 11 px are at most 40 px wide.
  expect(first.x - prompt.x).toBeGreaterThan(40)
  // By hand: of each node 0.7 + 0.18 + 0.06 go on as tokens, so that the levels have 0.94, 0.94², 0.94³.
  for (const total of ['Σ 0.940', 'Σ 0.884', 'Σ 0.831']) expect(at(total)).toBeDefined()
})

test('bytes of a partial character have cells of their own, and no word is taken for them', () => {
  const part = sampleToken({
    id: 1,
    parent: null,
    order: 0,
    text: ' caf\ufffd',
    bytesHex: '20636166c3',
  })
  const word = sampleToken({id: 2, parent: null, order: 1, text: 'c3'})
  const scene = layoutScene(spansOf([part, word]), {
    ...{view: 'tree', rootName: '…', noPrompt: false, isDraft: false, widthPx: 900},
    mayOverflow: true,
  })
  expect(scene.names).toEqual(['·caf c3', 'c3'])
  const marks = {selected: null, hovered: null, pinned: new Set<number>()}
  const shapes = treeShapes(scene, wholeWindow(scene, 900, 400), marks, PALETTES.light)
  const cells = shapes.flatMap((shape) =>
    shape.kind === 'rect' && shape.radius === 2 ? [shape] : []
  )
  expect(cells).toHaveLength(1)
  const names = shapes.flatMap((shape) =>
    shape.kind === 'text' && shape.text === '·caf c3' ? [shape] : []
  )
  // Seven letters of 13 px are 7.8 px wide each; the cell is around the last two.
  expect(cells[0]!.x).toBeCloseTo(names[0]!.x + 1.5 * 7.8 - 2, 6)
  expect(cells[0]!.width).toBeCloseTo(2 * 7.8 + 4, 6)
})

describe('spans', () => {
  test('leaves and rests take one row each, and parents the rows of what is under them', () => {
    const {nodes, rowCount, columnCount} = spansOf(result.nodes)
    // By counting: 27 tokens of the last level, and a rest under each of 1 + 3 + 9 nodes.
    expect([rowCount, columnCount, nodes.length]).toEqual([40, 3, 39 + 13])
    const rows = nodes.filter(({isLeaf}) => isLeaf).map(({row}) => row)
    expect(rows).toEqual(Array.from({length: 40}, (_, row) => row))
    for (const node of nodes) {
      const below = nodes.filter(
        ({isLeaf, row}) => isLeaf && row >= node.row && row < node.row + node.rowCount
      )
      expect(below).toHaveLength(node.rowCount)
      const first = nodes.find(({parent}) => parent === node.place)
      if (first) expect(first.row).toBe(node.row)
    }
  })

  test('shares are products along the path, and lie side by side without a gap', () => {
    const {nodes} = spansOf(result.nodes)
    const byId = new Map(result.nodes.map((node) => [node.id, node]))
    for (const {node, share} of nodes) {
      let product = node.tokenId === null ? node.rawRestProb : Math.exp(node.rawLogprob!)
      for (let at = node.parent; at !== null; at = byId.get(at)!.parent) {
        const above = byId.get(at)!
        product *= above.tokenId === null ? 0 : Math.exp(above.rawLogprob!)
      }
      expect(share).toBeCloseTo(product, 12)
    }
    const leaves = nodes.filter(({isLeaf}) => isLeaf)
    let end = 0
    for (const {start, share} of leaves) {
      expect(start).toBeCloseTo(end, 12)
      end = start + share
    }
    expect(end).toBeCloseTo(1, 12)
  })

  test('collapsing hides without losing, pruning adds to the rest', () => {
    const all = spansOf(result.nodes)
    const first = all.nodes[0]!
    const collapsed = spansOf(result.nodes, {collapsed: new Set([first.node.id])})
    expect(collapsed.nodes[0]).toMatchObject({isLeaf: true, hiddenCount: 3 + 9, rowCount: 1})
    expect(collapsed.rowCount).toBe(40 - first.rowCount + 1)
    const pruned = spansOf(result.nodes, {pruned: new Set([first.node.id])})
    const rest = pruned.nodes.find(({column, node}) => column === 0 && node.tokenId === null)!
    const before = all.nodes.find(({node}) => node.id === rest.node.id)!
    expect(rest.prunedCount).toBe(1)
    expect(rest.prob).toBeCloseTo(before.prob + first.prob, 12)
    const sum = pruned.nodes
      .filter(({column}) => column === 0)
      .reduce((all, {prob}) => all + prob, 0)
    expect(sum).toBeCloseTo(1, 12)
  })

  test('what truncation cuts has no share, and a parent out of the picture is the root', () => {
    const cut = layoutTreeSpans(result.nodes, {distribution: 'truncated'})
    const [token] = cut.nodes.filter(({node}) => node.tokenId !== null && node.cut)
    expect(token).toMatchObject({prob: 0, share: 0})
    const step = [
      sampleToken({id: 7, parent: 3, order: 0}),
      sampleToken({id: 8, parent: 7, order: 0}),
    ]
    expect(spansOf(step).nodes.map(({parent}) => parent)).toEqual([-1, 0])
  })

  test('a chain of ten thousand and a fan of ten thousand are laid out', () => {
    const token = sampleToken({id: 0, parent: null, order: 0})
    const chain = Array.from({length: 10_000}, (_, id) => ({
      ...{...token, id},
      parent: id === 0 ? null : id - 1,
    }))
    expect(spansOf(chain)).toMatchObject({rowCount: 1, columnCount: 10_000})
    const fan = Array.from({length: 10_000}, (_, id) => ({...token, id, order: id}))
    expect(spansOf(fan)).toMatchObject({rowCount: 10_000, columnCount: 1})
  })
})

describe('a scene', () => {
  const sceneOf = (view: 'tree' | 'icicle', widthPx = 900) =>
    layoutScene(spansOf(result.nodes), {
      ...{view, rootName: 'the', noPrompt: false, isDraft: false, widthPx, mayOverflow: true},
    })

  test.each(['tree', 'icicle'] as const)('%s: a node is found where it stands', (view) => {
    const scene = sceneOf(view)
    const window = {...wholeWindow(scene, 900, 1000), heightPx: 1000}
    for (const {place} of scene.spans.nodes) {
      const {xPx, widthPx, from, to} = scene.placed[place]!
      const y = ((from + to) / 2) * window.pxPerUnit
      expect(placeAt(scene, window, xPx + widthPx / 2, y)).toBe(place)
    }
    expect(placeAt(scene, window, 300, -1)).toBeNull()
  })

  test('levels do not overlap, and narrow room narrows them', () => {
    for (const widthPx of [900, 300, 120]) {
      const scene = layoutScene(spansOf(result.nodes), {
        ...{view: 'tree', rootName: 'the', noPrompt: false, isDraft: false, widthPx},
        mayOverflow: false,
      })
      const {columns} = scene.columns
      for (const [i, {xPx, widthPx: own}] of columns.entries()) {
        if (columns[i + 1]) expect(columns[i + 1]!.xPx).toBeCloseTo(xPx + own, 9)
      }
      const last = columns.at(-1)!
      expect(last.xPx + last.chipPx).toBeLessThanOrEqual(widthPx + 0.01)
    }
  })

  test('what is seen of ten thousand nodes is a few shapes a line of pixels', () => {
    const large = sampleTree({depth: 8, childCount: 3})
    expect(large.nodes.length).toBeGreaterThan(10_000)
    const scene = layoutScene(spansOf(large.nodes), {
      ...{view: 'tree', rootName: 'the', noPrompt: false, isDraft: false},
      ...{widthPx: 900, mayOverflow: true},
    })
    const marks = {selected: null, hovered: null, pinned: new Set<number>()}
    const shapes = treeShapes(scene, wholeWindow(scene, 900, 600), marks, PALETTES.light)
    expect(shapes.length).toBeLessThanOrEqual(8 * 600)
    expect(shapes.length).toBeGreaterThan(600)
    const near = {from: 5000, pxPerUnit: 22, leftPx: 0, widthPx: 900, heightPx: 600}
    expect(treeShapes(scene, near, marks, PALETTES.light).length).toBeLessThan(1000)
  })

  test('an icicle draws every box that its window meets, and no other', () => {
    const large = sampleTree({depth: 6, childCount: 3})
    const scene = layoutScene(spansOf(large.nodes), {
      ...{view: 'icicle', rootName: 'the', noPrompt: false, isDraft: false},
      ...{widthPx: 900, mayOverflow: true},
    })
    const marks = {selected: null, hovered: null, pinned: new Set<number>()}
    const window = {from: 0.31, pxPerUnit: 6000, leftPx: 0, widthPx: 900, heightPx: 600}
    const met = scene.placed.filter(
      ({from, to}) => to >= 0.31 && from <= 0.41 && (to - from) * 6000 >= 1.5
    )
    expect(met.length).toBeGreaterThan(30)
    const at = (x: number, y: number) => `${x.toFixed(6)} ${y.toFixed(6)}`
    const expected = met.map(({xPx, from}) => at(xPx, (from - 0.31) * 6000))
    const drawn = treeShapes(scene, window, marks, PALETTES.light).flatMap((shape) =>
      shape.kind === 'rect' ? [at(shape.x, shape.y)] : []
    )
    // What follows the prompt comes first.
    expect(drawn.slice(1, 1 + met.length)).toEqual(expected)
    // Those that are lower than a line share one.
    const lines = drawn.slice(1 + met.length)
    expect(lines.every((line) => Number.isInteger(Number(line.split(' ')[1])))).toBe(true)
  })
})

test('the figure says every token once, and nothing of the prompt where it is left out', () => {
  const picture = treePictureSchema.parse({})
  const textsOf = (noPrompt: boolean) =>
    layoutTreeFigure(
      result,
      picture,
      commonFigureOptionsSchema.parse({noPrompt})
    ).body.shapes.flatMap((shape) => (shape.kind === 'text' ? [shape.text] : []))
  const texts = textsOf(false)
  expect(texts.filter((text) => text === '·lamp')).toHaveLength(
    result.nodes.filter((node) => node.tokenId !== null && node.text === ' lamp').length
  )
  expect(texts.filter((text) => text.startsWith('rest '))).toHaveLength(13)
  expect(textsOf(true).join(' ')).not.toMatch(/lamp|coin|ring/u)
})
