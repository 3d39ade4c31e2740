import {memo, type PointerEvent, useLayoutEffect, useMemo, useState} from 'react'
import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import {describeFigure} from '../../../shared/figures/tokens/caption.ts'
import {
  TokenLineFigure,
  TokenSelectionGround,
  TokenSelectionRing,
} from '../../../shared/figures/tokens/text-figure.tsx'
import {
  LINE_GAP_PX,
  layoutTokenText,
  type TokenTextLayout,
} from '../../../shared/figures/tokens/text-layout.ts'
import type {TrackName} from '../../../shared/figures/tokens/tracks.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {TokensResult} from '../../../shared/lenses/tokens.ts'
import {useSize} from '../../ui/use-size.ts'
import {useLocked, useSelection, useTokenActions} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'

const OVERSCAN_PX = 300
const KeptLine = memo(TokenLineFigure)

export interface TokenTextProps {
  readonly data: TokensRun
  readonly result: TokensResult
  readonly widthPx: number
  readonly tracks: readonly TrackName[]
  /** Bars of half the height. */
  readonly isLow: boolean
  /** Height that there is for it; it ends at a whole line. Null where it is as high as its lines. */
  readonly spacePx: number | null
}

/** The text with its tracks. Only lines in sight are drawn; hovering draws none of them again. */
export function TokenText({data, result, widthPx, tracks, isLow, spacePx}: TokenTextProps) {
  const {hover, toggleLock} = useTokenActions()
  const palette = usePalette()
  const {tokens, promptTokenCount} = data
  const layout = useMemo(
    () =>
      layoutTokenText(
        {tokens, promptTokenCount},
        {widthPx, tracks, drawsUncovered: true, firstTrackPx: isLow ? 21 : 32}
      ),
    [tokens, promptTokenCount, widthPx, tracks, isLow]
  )
  const [scrollRef, {heightPx}] = useSize<HTMLDivElement>()
  const [scrollPx, setScrollPx] = useState(0)
  const [from, to] = visibleLines(layout, scrollPx - OVERSCAN_PX, scrollPx + heightPx + OVERSCAN_PX)
  useRevealLocked(scrollRef, layout, heightPx)

  const positionAt = (event: PointerEvent | React.MouseEvent) => {
    const found = (event.target as Element).closest('[data-position]')
    return found ? Number(found.getAttribute('data-position')) : null
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same is done by keys on the whole.
    <section
      ref={scrollRef}
      className="token-scroll"
      style={spacePx === null ? undefined : {maxHeight: wholeLinesPx(layout, spacePx)}}
      aria-label="Tokens with their tracks"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="token-text"
      onScroll={(event) => setScrollPx(Math.round(event.currentTarget.scrollTop / 100) * 100)}
      onPointerMove={(event) => hover(positionAt(event))}
      onPointerLeave={() => hover(null)}
      onClick={(event) => {
        const position = positionAt(event)
        if (position !== null) toggleLock(position)
      }}
    >
      <svg
        width={widthPx}
        height={layout.heightPx + 4}
        role="img"
        aria-label={describeFigure(result)}
        fontFamily={FONT_FAMILIES.sans}
        fontSize={11}
      >
        <Grounds layout={layout} />
        {layout.lines.slice(from, to).map((line) => (
          <KeptLine
            key={line.index}
            line={line}
            tracks={layout.tracks}
            palette={palette}
            isInteractive
          />
        ))}
        <Rings layout={layout} />
      </svg>
    </section>
  )
}

/** Rings reach over their chips: what stands above and below the lines. */
const RING_PX = 7

/** The height of as many whole lines as there is room for; of the room itself if not one fits. */
function wholeLinesPx(layout: TokenTextLayout, spacePx: number): number {
  let heightPx = 0
  for (const line of layout.lines) {
    const bottomPx = Math.min(layout.heightPx, line.yPx + line.heightPx - LINE_GAP_PX)
    if (bottomPx + RING_PX > spacePx) break
    heightPx = bottomPx + RING_PX
  }
  return heightPx || spacePx
}

function visibleLines(
  layout: TokenTextLayout,
  fromPx: number,
  toPx: number
): readonly [number, number] {
  const {lines} = layout
  let from = 0
  while (from < lines.length && lines[from]!.yPx + lines[from]!.heightPx < fromPx) from++
  let to = from
  while (to < lines.length && lines[to]!.yPx < toPx) to++
  return [from, to]
}

function Grounds({layout}: {readonly layout: TokenTextLayout}) {
  const palette = usePalette()
  const {hovered, locked} = useSelection()
  return (
    <>
      <TokenSelectionGround layout={layout} palette={palette} position={inside(layout, hovered)} />
      <TokenSelectionGround layout={layout} palette={palette} position={inside(layout, locked)} />
    </>
  )
}

function Rings({layout}: {readonly layout: TokenTextLayout}) {
  const palette = usePalette()
  const {hovered, locked} = useSelection()
  return (
    <g pointerEvents="none">
      {hovered !== locked && (
        <g strokeOpacity={0.55}>
          <TokenSelectionRing
            layout={layout}
            palette={palette}
            position={inside(layout, hovered)}
          />
        </g>
      )}
      <TokenSelectionRing layout={layout} palette={palette} position={inside(layout, locked)} />
    </g>
  )
}

/** A selection may be older than a layout of fewer tokens. */
function inside(layout: TokenTextLayout, position: number | null): number | null {
  return position !== null && position < layout.lineOfPosition.length ? position : null
}

/** The line of the locked token is scrolled into sight; hovering moves nothing. */
function useRevealLocked(
  ref: React.RefObject<HTMLDivElement | null>,
  layout: TokenTextLayout,
  heightPx: number
): void {
  const locked = useLocked()
  useLayoutEffect(() => {
    const element = ref.current
    if (!element || locked === null) return
    const line = layout.lines[layout.lineOfPosition[locked] ?? -1]
    if (!line) return
    // The space below a line belongs to the next one.
    const bottom = Math.min(layout.heightPx, line.yPx + line.heightPx)
    if (line.yPx < element.scrollTop) element.scrollTop = line.yPx - 8
    else if (bottom > element.scrollTop + heightPx) element.scrollTop = bottom - heightPx + 4
  }, [ref, locked, layout, heightPx])
}
