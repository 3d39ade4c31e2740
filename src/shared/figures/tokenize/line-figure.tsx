import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {
  type AlignedLine,
  type AlignedLineRow,
  LEVEL_COUNT,
  type LineGlyphs,
  type LineToken,
  type PlacedGlyphs,
} from './aligned-line.ts'

/** Heights in pixels of what a line of an aligned text is made of. */
export interface LineHeights {
  readonly tickPx: number
  readonly textPx: number
  readonly rowPx: number
  readonly cutsPx: number
  readonly gapPx: number
}

export const LINE_HEIGHTS: LineHeights = {tickPx: 14, textPx: 22, rowPx: 27, cutsPx: 18, gapPx: 14}
export const LOW_LINE_HEIGHTS: LineHeights = {
  tickPx: 13,
  textPx: 20,
  rowPx: 23,
  cutsPx: 14,
  gapPx: 7,
}

export function lineHeightPx(rowCount: number, heights: LineHeights): number {
  const {tickPx, textPx, rowPx, cutsPx, gapPx} = heights
  return tickPx + textPx + rowCount * rowPx + cutsPx + gapPx
}

/** Top of the first row's tokens in a line. */
export function rowsTopPx({tickPx, textPx}: LineHeights): number {
  return tickPx + textPx
}

const TEXT_PX = 13
const SMALL_PX = 11
const INSET_PX = 1
const RADIUS_PX = 3

export interface LineFigureProps {
  readonly line: AlignedLine
  readonly palette: Palette
  readonly heights: LineHeights
  /** Neither text nor bytes. */
  readonly noPrompt?: boolean
  /** Rows that are still to come, below the others. */
  readonly pendingCount?: number
}

/** One line of an aligned text from its first byte on: byte numbers, text, one row a tokenizer, and cuts. */
export function LineFigure({
  line,
  palette,
  heights,
  noPrompt = false,
  pendingCount = 0,
}: LineFigureProps) {
  const {tickPx, rowPx} = heights
  const top = rowsTopPx(heights)
  const ruleY = roundPx(top - 1.5)
  return (
    <>
      <path
        d={line.ticks.map(({xPx}) => `M${half(xPx)} 2v8`).join('')}
        stroke={palette.lineStrong}
        fill="none"
      />
      <g fontSize={SMALL_PX} fill={palette.ink3}>
        {line.ticks.map(({byte, xPx}) => (
          <text key={byte} x={roundPx(xPx + 4)} y={10}>
            {byte}
          </text>
        ))}
      </g>
      {!noPrompt && <Glyphs glyphs={line.text} baseline={tickPx + 15} ink={palette.ink1} />}
      <path d={`M0 ${ruleY}H${roundPx(line.widthPx)}`} stroke={palette.lineStrong} />
      {line.rows.map((row, i) => (
        <g key={i} transform={`translate(0 ${roundPx(top + i * rowPx)})`}>
          <RowFigure row={row} rowPx={rowPx} palette={palette} noPrompt={noPrompt} />
        </g>
      ))}
      {Array.from({length: pendingCount}, (_, i) => (
        <rect
          key={i}
          x={0}
          y={roundPx(top + (line.rows.length + i) * rowPx + 3)}
          width={roundPx(line.widthPx)}
          height={rowPx - 6}
          rx={RADIUS_PX}
          fill={palette.line}
        />
      ))}
      <Cuts
        line={line}
        topPx={top + (line.rows.length + pendingCount) * rowPx + 3}
        heights={heights}
        palette={palette}
      />
    </>
  )
}

interface RowFigureProps {
  readonly row: AlignedLineRow
  readonly rowPx: number
  readonly palette: Palette
  readonly noPrompt: boolean
}

function RowFigure({row, rowPx, palette, noPrompt}: RowFigureProps) {
  const levels = Array.from({length: LEVEL_COUNT}, (_, level) =>
    row.tokens.filter((token) => token.level === level)
  )
  return (
    <>
      {levels.map(
        (tokens, level) =>
          tokens.length > 0 && (
            <path
              key={level}
              d={tokens.map((token) => tokenPath(token, rowPx)).join('')}
              fill={palette.sequential[level]}
            />
          )
      )}
      {row.gaps.length > 0 && (
        <path
          d={row.gaps
            .map(
              ({xPx, widthPx}) =>
                `M${half(xPx + INSET_PX)} 3.5h${roundPx(widthPx - 2 * INSET_PX - 1)}v${rowPx - 7}h${roundPx(1 + 2 * INSET_PX - widthPx)}z`
            )
            .join('')}
          fill="none"
          stroke={palette.warning}
          strokeDasharray="2 2"
        />
      )}
      {!noPrompt && (
        <Glyphs glyphs={row.glyphs} baseline={rowPx / 2 + 4.5} ink={palette.seqInkLow} />
      )}
      {row.joins.length > 0 && (
        <path
          d={row.joins
            .map(({xPx, widthPx}) => `M${roundPx(xPx + 3)} ${rowPx - 3.5}h${roundPx(widthPx - 6)}`)
            .join('')}
          stroke={palette.ink2}
        />
      )}
    </>
  )
}

/** A chip with round corners where its token begins and ends. */
function tokenPath({xPx, widthPx, isOpenStart, isOpenEnd}: LineToken, rowPx: number): string {
  const left = roundPx(xPx + (isOpenStart ? 0 : INSET_PX))
  const right = roundPx(xPx + widthPx - (isOpenEnd ? 0 : INSET_PX))
  const [top, bottom] = [2, rowPx - 2]
  const room = Math.max(0, (right - left) / 2)
  const a = roundPx(isOpenStart ? 0 : Math.min(RADIUS_PX, room))
  const b = roundPx(isOpenEnd ? 0 : Math.min(RADIUS_PX, room))
  const corner = (radius: number, x: number, y: number) =>
    radius > 0 ? `A${radius} ${radius} 0 0 1 ${roundPx(x)} ${roundPx(y)}` : ''
  return [
    `M${roundPx(left + a)} ${top}H${roundPx(right - b)}`,
    corner(b, right, top + b),
    `V${roundPx(bottom - b)}`,
    corner(b, right - b, bottom),
    `H${roundPx(left + a)}`,
    corner(a, left, bottom - a),
    `V${roundPx(top + a)}`,
    corner(a, left + a, top),
    'Z',
  ].join('')
}

interface GlyphsProps {
  readonly glyphs: LineGlyphs
  readonly baseline: number
  readonly ink: string
}

function Glyphs({glyphs, baseline, ink}: GlyphsProps) {
  const {plain, marks, small, shaped} = glyphs
  return (
    <g fontFamily={FONT_FAMILIES.mono} fill={ink} textAnchor="middle">
      <Placed glyphs={plain} y={baseline} sizePx={TEXT_PX} />
      <Placed glyphs={marks} y={baseline} sizePx={TEXT_PX} opacity={0.55} />
      <Placed glyphs={small} y={baseline - 0.5} sizePx={SMALL_PX} />
      {shaped.map(({xPx, text}) => (
        <MixedText
          key={xPx}
          x={xPx}
          y={baseline}
          text={text}
          sizePx={TEXT_PX}
          typeface="mono"
          fill={ink}
          anchor="middle"
        />
      ))}
    </g>
  )
}

interface PlacedProps {
  readonly glyphs: PlacedGlyphs
  readonly y: number
  readonly sizePx: number
  readonly opacity?: number
}

/** All glyphs of a kind as one text with a place for each. */
function Placed({glyphs, y, sizePx, opacity}: PlacedProps) {
  if (glyphs.xs.length === 0) return null
  return (
    <text
      x={glyphs.xs.map(roundPx).join(' ')}
      y={roundPx(y)}
      fontSize={sizePx}
      fillOpacity={opacity}
    >
      {xmlText(glyphs.text)}
    </text>
  )
}

interface CutsProps {
  readonly line: AlignedLine
  readonly topPx: number
  readonly heights: LineHeights
  readonly palette: Palette
}

/** Where rows cut: the longer the mark the more of them, and strong where all do. */
function Cuts({line, topPx, heights, palette}: CutsProps) {
  const rowCount = line.rows.length
  const isCommon = (count: number) => count === rowCount
  const path = (common: boolean) =>
    line.cuts
      .filter(({count}) => isCommon(count) === common)
      .map(
        ({xPx, count}) =>
          `M${half(xPx)} ${topPx}v${roundPx((count / rowCount) * (heights.cutsPx - 4))}`
      )
      .join('')
  return (
    <>
      <path d={path(false)} stroke={palette.ink4} fill="none" />
      <path d={path(true)} stroke={palette.ink1} strokeWidth={1.5} fill="none" />
    </>
  )
}

const half = (px: number) => Math.round(px) + 0.5
