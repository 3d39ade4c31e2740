import {
  type MouseEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
} from 'react'
import {formatMany} from '../../../shared/figures/number-format.ts'
import {rootNameOf} from '../../../shared/figures/tree/layout.ts'
import {TREE} from '../../../shared/figures/tree/tree-geometry.ts'
import {
  HEADER_PX,
  layoutScene,
  placeAt,
  type SceneMarks,
  type SceneWindow,
  type TreeScene,
  wholeWindow,
} from '../../../shared/figures/tree/tree-scene.ts'
import {headerShapes, treeShapes} from '../../../shared/figures/tree/tree-shapes.ts'
import {isDraftStrategy} from '../../../shared/lenses/tree.ts'
import type {TreeView as ViewName} from '../../../shared/lenses/tree-picture.ts'
import {keyOfNode, placeOfId, type ShownTree, selectedNode} from '../../store/tree-shown.ts'
import {pointIn, zoomOf} from '../../ui/zoom.ts'
import {targetProps} from '../target.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {paintShapes} from './paint-shapes.ts'

export interface TreeViewProps {
  readonly shown: ShownTree
  readonly view: ViewName
  readonly widthPx: number
  readonly heightPx: number
}

const WHEEL_BASE = 1.0016
const PINCH_BASE = 1.012
const DRAG_PX = 4
const MOST_PX_PER_ROW = 44

/** A tree on a canvas: the wheel zooms around the pointer, dragging moves, a double click fits. */
export function TreeView({shown, view, widthPx, heightPx}: TreeViewProps) {
  const {selectNode, hoverNode} = useActions()
  const palette = usePalette()
  const hovered = useWorkbenchState(({hoveredNode}) =>
    hoveredNode?.runId === shown.runId ? hoveredNode.id : null
  )
  const {spans, result, marks, runId} = shown
  const isDraft = isDraftStrategy(result.request.strategy)
  const scene = useMemo(
    () =>
      layoutScene(spans, {
        ...{view, widthPx, isDraft, noPrompt: false, mayOverflow: true},
        rootName: rootNameOf(result, shown.step),
      }),
    [spans, view, widthPx, isDraft, result, shown.step]
  )
  const bodyPx = heightPx - HEADER_PX
  const window = useRef<SceneWindow>(wholeWindow(scene, widthPx, bodyPx))
  const isMoved = useRef(false)
  const canvasRef = useRef<HTMLCanvasElement>(null)
  const selected = placeOfId(shown, selectedNode(shown)?.id ?? null)
  const sceneMarks = useMemo(
    (): SceneMarks => ({
      selected,
      hovered: placeOfId(shown, hovered),
      pinned: new Set(
        (isDraft ? [] : marks.pinned).flatMap(
          (key) => placeOfId(shown, shown.ids.get(key) ?? null) ?? []
        )
      ),
    }),
    [shown, selected, hovered, marks.pinned, isDraft]
  )
  // Until it is moved the whole is shown, or as much of it as can be read.
  if (!isMoved.current) window.current = startWindow(scene, widthPx, bodyPx)
  window.current = clampWindow({...window.current, widthPx, heightPx: bodyPx}, scene)

  const paint = useRef(() => {})
  paint.current = () => {
    const canvas = canvasRef.current
    if (!canvas) return
    const ratio = devicePixelRatio * zoomOf(canvas)
    const [width, height] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)]
    if (canvas.width !== width) canvas.width = width
    if (canvas.height !== height) canvas.height = height
    const context = canvas.getContext('2d')!
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, widthPx, heightPx)
    context.save()
    context.beginPath()
    context.rect(0, HEADER_PX, widthPx, bodyPx)
    context.clip()
    context.translate(0, HEADER_PX)
    paintShapes(context, treeShapes(scene, window.current, sceneMarks, palette))
    context.restore()
    paintShapes(context, headerShapes(scene, window.current.leftPx, palette))
  }
  useLayoutEffect(() => paint.current())
  useEffect(() => {
    // Before its fonts are there a canvas is written in another one.
    void document.fonts.ready.then(() => paint.current())
  }, [])

  // What keys select is brought into sight.
  const shownPlace = useRef(selected)
  useLayoutEffect(() => {
    if (shownPlace.current === selected) return
    shownPlace.current = selected
    if (selected === null) return
    const moved = withPlace(window.current, scene, selected)
    if (moved === window.current) return
    window.current = clampWindow(moved, scene)
    isMoved.current = true
    paint.current()
  }, [selected, scene])

  const ref = useRef<HTMLDivElement>(null)
  const drag = useWindowMoves(ref, scene, window, () => {
    isMoved.current = true
    paint.current()
  })
  const placeOf = (event: MouseEvent | PointerEvent) => {
    const {xPx, yPx} = pointIn(event.currentTarget, event)
    return yPx < HEADER_PX ? null : placeAt(scene, window.current, xPx, yPx - HEADER_PX)
  }
  // By keys it is walked with the commands of the lens.
  const handlers = {
    onPointerDown: drag.onPointerDown,
    onPointerMove(event: PointerEvent) {
      if (drag.isDragging()) return
      const place = placeOf(event)
      hoverNode(place === null ? null : {runId, id: spans.nodes[place]!.node.id})
    },
    onPointerLeave: () => hoverNode(null),
    onClick(event: MouseEvent) {
      if (drag.isSpent()) return
      const place = placeOf(event)
      selectNode(runId, place === null ? null : keyOfNode(shown, spans.nodes[place]!.node.id))
    },
    onDoubleClick() {
      window.current = wholeWindow(scene, widthPx, bodyPx)
      isMoved.current = true
      paint.current()
    },
  }
  const target = hovered ?? selectedNode(shown)?.id ?? null
  const tokenCount = spans.nodes.filter(({node}) => node.tokenId !== null).length
  return (
    <div
      ref={ref}
      className="tree-view"
      data-testid="tree-figure"
      data-view={view}
      data-nodes={tokenCount}
      data-rows={spans.rowCount}
      data-selected={marks.selected ?? ''}
      style={{width: widthPx, height: heightPx}}
      {...handlers}
      {...(target === null || shown.kind === 'draft' || !shown.keys.has(target)
        ? {}
        : targetProps({kind: 'node', runId, key: shown.keys.get(target)!}))}
    >
      <canvas
        ref={canvasRef}
        style={{width: widthPx, height: heightPx}}
        role="img"
        aria-label={`${view === 'icicle' ? 'Icicle' : 'Tree'} of ${formatMany(tokenCount, 'token')}; Outline lists them, the inspector tells of the selected one`}
      />
    </div>
  )
}

/** Rows that can be read, from the top; all of them where they fit. */
function startWindow(scene: TreeScene, widthPx: number, heightPx: number): SceneWindow {
  const whole = wholeWindow(scene, widthPx, heightPx)
  if (scene.view === 'icicle') return whole
  return {...whole, pxPerUnit: Math.max(whole.pxPerUnit, TREE.rowPx - (scene.isDraft ? 6 : 4))}
}

function clampWindow(window: SceneWindow, scene: TreeScene): SceneWindow {
  const {heightPx, widthPx} = window
  const least = heightPx / scene.unitCount
  const isIcicle = scene.view === 'icicle'
  const most = isIcicle ? heightPx * 1e6 : MOST_PX_PER_ROW
  const pxPerUnit = Math.min(
    most,
    Math.max(Math.min(least, isIcicle ? least : TREE.rowPx), window.pxPerUnit)
  )
  const seen = heightPx / pxPerUnit
  return {
    ...window,
    pxPerUnit,
    from: Math.max(0, Math.min(scene.unitCount - seen, window.from)),
    leftPx: Math.max(0, Math.min(scene.widthPx - widthPx, window.leftPx)),
  }
}

/** The window moved so that a node is in it; the same where it is already. */
function withPlace(window: SceneWindow, scene: TreeScene, place: number): SceneWindow {
  const {from, to, xPx, widthPx} = scene.placed[place]!
  const seen = window.heightPx / window.pxPerUnit
  const isDown = from >= window.from && Math.min(to, from + seen) <= window.from + seen
  const isAcross = xPx >= window.leftPx && xPx + widthPx <= window.leftPx + window.widthPx
  if (isDown && isAcross) return window
  return {
    ...window,
    from: isDown ? window.from : from - seen / 3,
    leftPx: isAcross ? window.leftPx : xPx - window.widthPx / 3,
  }
}

/** Wheel and drag, several events a frame as one step. */
function useWindowMoves(
  ref: RefObject<HTMLElement | null>,
  scene: TreeScene,
  window: RefObject<SceneWindow>,
  onMove: () => void
) {
  const latest = useRef({scene, onMove})
  latest.current = {scene, onMove}
  const press = useRef<{x: number; y: number; from: SceneWindow; hasMoved: boolean} | null>(null)
  const isSpent = useRef(false)
  const frame = useRef(0)
  const move = useRef((_: SceneWindow) => {})
  move.current = (next) => {
    window.current = clampWindow(next, latest.current.scene)
    if (frame.current !== 0) return
    frame.current = requestAnimationFrame(() => {
      frame.current = 0
      latest.current.onMove()
    })
  }
  useEffect(() => () => cancelAnimationFrame(frame.current), [])
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const zoom = (event: WheelEvent) => {
      event.preventDefault()
      const own = window.current
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        move.current({...own, leftPx: own.leftPx + (event.deltaX || event.deltaY)})
        return
      }
      const base = event.ctrlKey ? PINCH_BASE : WHEEL_BASE
      const step = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 32 * event.deltaY : event.deltaY
      const y = pointIn(element, event).yPx - HEADER_PX
      const at = own.from + y / own.pxPerUnit
      const {pxPerUnit} = clampWindow(
        {...own, pxPerUnit: own.pxPerUnit * base ** -step},
        latest.current.scene
      )
      // What is under the pointer stays there.
      move.current({...own, pxPerUnit, from: at - y / pxPerUnit})
    }
    const drag = (event: globalThis.PointerEvent) => {
      const own = press.current
      if (!own) return
      const {xPx, yPx} = pointIn(element, event)
      if (!own.hasMoved && Math.hypot(xPx - own.x, yPx - own.y) < DRAG_PX) return
      own.hasMoved = true
      move.current({
        ...own.from,
        from: own.from.from - (yPx - own.y) / own.from.pxPerUnit,
        leftPx: own.from.leftPx - (xPx - own.x),
      })
    }
    const end = () => {
      const own = press.current
      press.current = null
      if (!own?.hasMoved) return
      isSpent.current = true
      setTimeout(() => {
        isSpent.current = false
      })
    }
    // React listens passively, and the page would scroll.
    element.addEventListener('wheel', zoom, {passive: false})
    globalThis.addEventListener('pointermove', drag)
    globalThis.addEventListener('pointerup', end)
    globalThis.addEventListener('pointercancel', end)
    return () => {
      element.removeEventListener('wheel', zoom)
      globalThis.removeEventListener('pointermove', drag)
      globalThis.removeEventListener('pointerup', end)
      globalThis.removeEventListener('pointercancel', end)
    }
  }, [ref, window])
  return {
    isDragging: () => press.current?.hasMoved === true,
    isSpent: () => isSpent.current,
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return
      const {xPx, yPx} = pointIn(event.currentTarget, event)
      press.current = {x: xPx, y: yPx, from: window.current, hasMoved: false}
    },
  }
}
