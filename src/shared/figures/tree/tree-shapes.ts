import {formatPathProb} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {textWidthPx} from '../text-width.ts'
import {IciclePainter} from './icicle-painter.ts'
import {LinkedPainter} from './linked-painter.ts'
import {TREE} from './tree-geometry.ts'
import {HEADER_PX, type SceneMarks, type SceneWindow, type TreeScene} from './tree-scene.ts'
import {lineShape, type TreeShape, textShape} from './tree-shape.ts'

/** What is seen of a scene through a window. */
export function treeShapes(
  scene: TreeScene,
  window: SceneWindow,
  marks: SceneMarks,
  palette: Palette
): TreeShape[] {
  const Painter = scene.view === 'icicle' ? IciclePainter : LinkedPainter
  return new Painter(scene, window, marks, palette).paint()
}

/** Names of the levels and of the table's columns; they stay while the tree moves under them. */
export function headerShapes(scene: TreeScene, leftPx: number, palette: Palette): TreeShape[] {
  const {columns, table, isDraft, levelShares} = scene
  const baseline = HEADER_PX - 9
  const title = (x: number, text: string, anchor: 'start' | 'end' = 'start'): TreeShape =>
    textShape(x, baseline, text, palette.ink3, {sizePx: TREE.smallTextPx, anchor})
  const shapes = [title(-leftPx, isDraft ? 'root' : 'prompt')]
  let freePx = scene.rootWidthPx
  for (const [column, {xPx, widthPx}] of columns.columns.entries()) {
    const text = isDraft ? `depth ${column + 1}` : `+${column + 1}`
    if (xPx < freePx) continue
    shapes.push(title(xPx - leftPx, text))
    freePx = xPx + 8 * text.length
    if (!levelShares) continue
    // What of all that can follow goes through the tokens of this level.
    const total = `Σ ${formatPathProb(levelShares[column]!)}`
    const endPx = freePx + textWidthPx(total, TREE.smallTextPx, 'sans')
    if (endPx + 2 * TREE.paddingPx > xPx + widthPx) continue
    shapes.push(title(freePx - leftPx, total))
    freePx = endPx
  }
  if (table) {
    if (table.wordsPx !== null) shapes.push(title(table.wordsPx - leftPx, 'branch'))
    shapes.push(
      title(table.barPx - leftPx, 'share'),
      title(table.probPx - leftPx, 'path p', 'end'),
      title(table.bitsPx - leftPx, 'bits', 'end')
    )
  }
  shapes.push(
    lineShape(0, HEADER_PX - 0.5, scene.widthPx - leftPx, HEADER_PX - 0.5, 1, palette.lineStrong)
  )
  return shapes
}
