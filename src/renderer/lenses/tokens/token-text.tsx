import {memo, type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState} from 'react'
import {FONT_FAMILIES} from '../../../shared/figures/text-width.ts'
import {describeFigure} from '../../../shared/figures/tokens/caption.ts'
import {TokenLineFigure} from '../../../shared/figures/tokens/text-figure.tsx'
import {layoutTokenText, type TokenTextLayout} from '../../../shared/figures/tokens/text-layout.ts'
import type {TrackName} from '../../../shared/figures/tokens/tracks.ts'
import type {TokensRun} from '../../../shared/lenses/assemble-tokens.ts'
import type {TokensResult} from '../../../shared/lenses/tokens.ts'
import type {UnitTable} from '../../../shared/units/units.ts'
import {scrollAfterCommit} from '../../ui/scroll-after-commit.ts'
import {hasGlyph} from '../has-glyph.ts'
import {useLocked, usePaneSuffix} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'
import {useLineWalk} from '../walk.ts'
import {endSpacePx, revealPx, TEXT_ABOVE_PX, TEXT_BELOW_PX} from './share-height.ts'
import {Grounds, Rings} from './text-marks.tsx'

const OVERSCAN_PX = 300
const KeptLine = memo(TokenLineFigure)

export interface TextShape {
  readonly widthPx: number
  readonly tracks: readonly TrackName[]
  /** The units that scores are shown by; null: by token. */
  readonly units: UnitTable | null
  /** Bars of half the height. */
  readonly isLow: boolean
}

/** Where the tokens and their tracks stand at a width. */
export function useTextLayout(run: TokensRun, shape: TextShape): TokenTextLayout {
  const {tokens, promptTokenCount} = run
  const {widthPx, tracks, units, isLow} = shape
  return useMemo(
    () => keptLayout({tokens, promptTokenCount}, {widthPx, tracks, units, isLow}),
    [tokens, promptTokenCount, widthPx, tracks, units, isLow]
  )
}

type LaidOut = TextShape & {readonly layout: TokenTextLayout; readonly promptTokenCount: number}

/** The last few of each text: a second lens that comes and goes has two widths, by turns. */
const lastLayouts = new WeakMap<TokensRun['tokens'], readonly LaidOut[]>()
const MOST_LAYOUTS = 4

function keptLayout(
  {tokens, promptTokenCount}: Pick<TokensRun, 'tokens' | 'promptTokenCount'>,
  {widthPx, tracks, units, isLow}: TextShape
): TokenTextLayout {
  const last = lastLayouts.get(tokens) ?? []
  const same = last.find(
    (own) =>
      own.promptTokenCount === promptTokenCount &&
      own.widthPx === widthPx &&
      own.units === units &&
      own.isLow === isLow &&
      own.tracks.join() === tracks.join()
  )
  if (same) return same.layout
  const layout = layoutTokenText(
    {tokens, promptTokenCount},
    {widthPx, tracks, units, drawsUncovered: hasGlyph, firstTrackPx: isLow ? 21 : 32}
  )
  const own = {layout, promptTokenCount, widthPx, tracks, units, isLow}
  lastLayouts.set(tokens, [own, ...last].slice(0, MOST_LAYOUTS))
  return layout
}

export interface TokenTextProps {
  readonly result: TokensResult
  readonly layout: TokenTextLayout
  readonly units: UnitTable | null
  /** Its height; what does not fit is scrolled. */
  readonly boxPx: number
}

/** The text with its tracks. Only lines in sight are drawn; hovering draws none of them again. */
export function TokenText({result, layout, units, boxPx}: TokenTextProps) {
  const palette = usePalette()
  const scrollRef = useRef<HTMLDivElement>(null)
  const roomPx = boxPx - TEXT_ABOVE_PX
  const {scrollPx, onScroll} = useRevealLocked(scrollRef, layout, roomPx)
  const [from, to] = visibleLines(layout, scrollPx - OVERSCAN_PX, scrollPx + boxPx + OVERSCAN_PX)

  useLineWalk(useCallback((position, lineCount) => byLines(layout, position, lineCount), [layout]))

  const positionAt: PositionAt = ({clientX, clientY}) => {
    const found = document.elementFromPoint(clientX, clientY)?.closest('[data-position]')
    return found && scrollRef.current?.contains(found)
      ? Number(found.getAttribute('data-position'))
      : null
  }
  const pointer = useTokenPointer(positionAt)
  const suffix = usePaneSuffix()
  const description = useMemo(() => describeFigure(result, false, units), [result, units])
  return (
    <section
      ref={scrollRef}
      className="token-scroll"
      style={{height: boxPx}}
      aria-label={`Tokens with their tracks${suffix}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="token-text"
      onScroll={onScroll}
      {...pointer}
    >
      <svg
        width={layout.widthPx}
        height={layout.heightPx + TEXT_BELOW_PX + endSpacePx(layout, roomPx)}
        role="img"
        aria-label={description}
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

/** The token that stands nearest in a line so many further down; the first or the last where there is none. */
function byLines(layout: TokenTextLayout, position: number, lineCount: number): number | null {
  const index = layout.lineOfPosition[position]
  const column = layout.lines[index ?? -1]?.columns.find((own) => own.position === position)
  if (index === undefined || !column) return null
  const line = layout.lines[Math.max(0, Math.min(layout.lines.length - 1, index + lineCount))]!
  if (line.index === index) return lineCount < 0 ? line.firstPosition : line.lastPosition
  const middle = column.xPx + column.widthPx / 2
  const distance = (own: {xPx: number; widthPx: number}) =>
    Math.abs(own.xPx + own.widthPx / 2 - middle)
  return line.columns.reduce((a, b) => (distance(b) < distance(a) ? b : a)).position
}

const lineOf = ({lineOfPosition}: TokenTextLayout, position: number | null): number =>
  position === null ? -1 : (lineOfPosition[position] ?? -1)

/** Lines are chosen in steps of this: not every pixel that is scrolled draws anew. */
const SCROLL_STEP_PX = 100
const stepOf = (scrollPx: number) => Math.round(scrollPx / SCROLL_STEP_PX) * SCROLL_STEP_PX

/**
 * The line of the locked token is scrolled into sight; hovering moves nothing. Where the text is scrolled
 * to is remembered: asking the element has the whole page laid out in the middle of a key press.
 */
function useRevealLocked(
  ref: RefObject<HTMLDivElement | null>,
  layout: TokenTextLayout,
  heightPx: number
): {readonly scrollPx: number; readonly onScroll: (event: React.UIEvent) => void} {
  const locked = useLocked()
  const [step, setStep] = useState(() =>
    stepOf(revealPx(layout, lineOf(layout, locked), {scrollPx: 0, heightPx}))
  )
  const scrolledPx = useRef(0)
  useLayoutEffect(() => {
    const px = revealPx(layout, lineOf(layout, locked), {scrollPx: scrolledPx.current, heightPx})
    if (!ref.current || px === scrolledPx.current) return
    scrolledPx.current = px
    scrollAfterCommit(ref.current, {top: px})
    setStep(stepOf(px))
  }, [ref, locked, layout, heightPx])
  const onScroll = ({currentTarget: {scrollTop}}: React.UIEvent) => {
    scrolledPx.current = scrollTop
    setStep(stepOf(scrollTop))
  }
  return {scrollPx: step, onScroll}
}
