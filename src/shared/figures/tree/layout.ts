import {isDraftStrategy, type TreeNode, type TreeResult} from '../../lenses/tree.ts'
import {distributionOf} from '../../lenses/tree-defaults.ts'
import type {TreePicture} from '../../lenses/tree-picture.ts'
import {layoutTreeSpans, type TreeSpans} from '../../lenses/tree-spans.ts'
import {type Palette, paletteOf} from '../palette.ts'
import type {CommonFigureOptions} from '../request.ts'
import {glyphsOfTokens, spacedGlyphs} from '../token-glyphs.ts'
import {layoutWords, type WordLine} from '../word-lines.ts'
import {treeCaptionOf, treeGuardOf} from './tree-caption.ts'
import {TREE} from './tree-geometry.ts'
import {HEADER_PX, layoutScene, type TreeScene} from './tree-scene.ts'
import type {TreeShape} from './tree-shape.ts'
import {headerShapes, treeShapes} from './tree-shapes.ts'

/** A tree as it is exported: words above, levels, nodes; plain geometry in CSS pixels. */
export interface TreeFigureLayout {
  readonly widthPx: number
  readonly heightPx: number
  readonly marginPx: number
  readonly words: readonly WordLine[]
  readonly spans: TreeSpans
  readonly header: {readonly yPx: number; readonly shapes: readonly TreeShape[]}
  readonly body: {readonly yPx: number; readonly shapes: readonly TreeShape[]}
  readonly missing: readonly number[]
}

const MARGIN_PX = 16
const ICICLE_PX = 420
/** Rows of a file are lower where there are many: beyond so many pixels no paper is. */
const MOST_HEIGHT_PX = 8000

/** The nodes that a picture is of: all of a tree, or one step of a draft. */
export function picturedNodes(
  result: Pick<TreeResult, 'request' | 'nodes'>,
  step: number
): readonly TreeNode[] {
  if (!isDraftStrategy(result.request.strategy)) return result.nodes
  return result.nodes.filter((node) => node.tokenId !== null && node.step === step)
}

/** The last token before what is drawn, as its glyphs; with `noPrompt` a word. */
export function rootNameOf(
  {tokens, request, nodes}: Pick<TreeResult, 'tokens' | 'request' | 'nodes'>,
  step: number,
  noPrompt = false
): string {
  if (noPrompt) return 'root'
  if (isDraftStrategy(request.strategy) && step > 0) {
    const first = nodes.find((node) => node.tokenId !== null && node.step === step)
    const above = nodes.find(({id}) => id === first?.parent)
    if (above && above.tokenId !== null) return spacedGlyphs({...above, isSpecial: false}).text
  }
  const last = tokens.at(-1)
  return last ? spacedGlyphs(last).text || '∅' : '∅'
}

/** Lays out what is drawn of a tree. */
export function layoutTreeFigure(
  result: TreeResult,
  picture: TreePicture,
  options: CommonFigureOptions
): TreeFigureLayout {
  const {noPrompt, widthPx} = options
  const distribution = picture.distribution ?? distributionOf(result.request)
  const spans = layoutTreeSpans(picturedNodes(result, picture.step), {
    distribution,
    collapsed: new Set(picture.collapsed),
    pruned: new Set(picture.pruned),
  })
  const innerPx = widthPx - 2 * MARGIN_PX
  const words = layoutWords(
    {
      ...{title: options.title, caption: options.caption},
      parts: treeCaptionOf(result, spans, picture.step, noPrompt),
      guard: treeGuardOf(result, distribution),
    },
    innerPx,
    MARGIN_PX
  )
  const scene = layoutScene(spans, {
    ...{view: picture.view, noPrompt, widthPx: innerPx, mayOverflow: false},
    rootName: rootNameOf(result, picture.step, noPrompt),
    isDraft: isDraftStrategy(result.request.strategy),
  })
  const palette = paletteOf(options.theme, options.colors)
  const bodyPx =
    picture.view === 'icicle' ? ICICLE_PX : Math.min(MOST_HEIGHT_PX, scene.unitCount * TREE.rowPx)
  const yPx = words.endPx + HEADER_PX
  return {
    ...{widthPx, marginPx: MARGIN_PX, words: words.lines, spans},
    heightPx: Math.ceil(yPx + bodyPx + MARGIN_PX),
    header: {
      yPx: words.endPx,
      shapes: headerShapes(scene, 0, palette),
    },
    body: {yPx, shapes: bodyShapes(scene, picture, bodyPx, palette)},
    missing: noPrompt ? [] : missingIn(spans),
  }
}

function bodyShapes(
  scene: TreeScene,
  picture: TreePicture,
  heightPx: number,
  palette: Palette
): readonly TreeShape[] {
  const pinned = new Set(picture.pinned)
  const placeOf = (id: number | null) =>
    id === null ? null : (scene.spans.nodes.find(({node}) => node.id === id)?.place ?? null)
  const window = {
    ...{from: 0, pxPerUnit: heightPx / scene.unitCount, leftPx: 0},
    ...{widthPx: scene.widthPx, heightPx},
  }
  const marks = {
    ...{selected: placeOf(picture.selected), hovered: null},
    pinned: new Set(
      scene.spans.nodes.filter(({node}) => pinned.has(node.id)).map(({place}) => place)
    ),
  }
  return treeShapes(scene, window, marks, palette)
}

function missingIn({nodes}: TreeSpans): number[] {
  const tokens = nodes.flatMap(({node}) =>
    node.tokenId === null ? [] : [{bytesHex: node.bytesHex, isSpecial: false}]
  )
  return [...glyphsOfTokens(tokens).missing]
}
