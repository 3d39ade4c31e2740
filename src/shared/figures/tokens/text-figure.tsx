import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {CHIP} from './chip.ts'
import {TokenChip} from './chip-figure.tsx'
import {PinMarksFigure} from './pins-figure.tsx'
import type {TokenLine, TokenTextLayout, TrackPlace} from './text-geometry.ts'
import {trackLabel} from './tracks.ts'
import {UnitMarksFigure, UnitRowFigure} from './unit-figure.tsx'

export interface TokenTextFigureProps {
  readonly layout: TokenTextLayout
  readonly palette: Palette
  /** Lines to draw, the end exclusive; all by default. */
  readonly fromLine?: number
  readonly toLine?: number
  readonly selected?: number | null
  /** Adds invisible areas that take the pointer; never in files. */
  readonly isInteractive?: boolean
}

/** The text as lines of chips with their tracks. Place its group where the layout is to stand. */
export function TokenTextFigure(props: TokenTextFigureProps) {
  const {layout, palette, selected = null, isInteractive = false} = props
  const lines = layout.lines.slice(props.fromLine ?? 0, props.toLine ?? layout.lines.length)
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={11}>
      <TokenSelectionGround layout={layout} palette={palette} position={selected} />
      {lines.map((line) => (
        <TokenLineFigure
          key={line.index}
          line={line}
          tracks={layout.tracks}
          palette={palette}
          isInteractive={isInteractive}
        />
      ))}
      <TokenSelectionRing layout={layout} palette={palette} position={selected} />
    </g>
  )
}

export interface TokenLineFigureProps {
  readonly line: TokenLine
  readonly tracks: readonly TrackPlace[]
  readonly palette: Palette
  readonly isInteractive?: boolean
}

/** One line; it depends on nothing but its props, so a page may keep it between renders. */
export function TokenLineFigure(props: TokenLineFigureProps) {
  const {line, tracks, palette, isInteractive} = props
  const top = line.yPx + line.chipTopPx
  const first = line.columns[0]!
  const last = line.columns.at(-1)!
  const lastTrack = tracks.at(-1)!
  const bottom = top + lastTrack.topPx + lastTrack.heightPx
  return (
    <g data-line={line.index}>
      <g fill={palette.ink3}>
        <text x={0} y={roundPx(top + 16.5)}>
          {line.rangeText}
        </text>
        {tracks.map((track) => (
          <text
            key={track.name}
            x={0}
            y={roundPx(top + track.basePx)}
            data-hint={isInteractive ? track.name : undefined}
          >
            {trackLabel(track)}
          </text>
        ))}
      </g>
      {tracks.map((track, i) => (
        <g key={track.name}>
          {!track.isNumber && track.heightPx > 20 && (
            <path
              d={`M${roundPx(first.xPx)} ${Math.round(top + track.basePx) + 0.5}H${roundPx(last.xPx + last.widthPx)}`}
              stroke={palette.lineStrong}
              fill="none"
            />
          )}
          {line.units ? (
            <UnitMarksFigure
              track={track}
              index={i}
              units={line.units}
              top={top}
              palette={palette}
            />
          ) : (
            <TrackMarks track={track} index={i} line={line} top={top} palette={palette} />
          )}
        </g>
      ))}
      {line.units && <UnitRowFigure units={line.units} top={top} palette={palette} />}
      <g fontFamily={FONT_FAMILIES.mono} fontSize={CHIP.textPx} textAnchor="middle">
        {line.columns.map((column) => (
          <TokenChip key={column.position} column={column} y={top} palette={palette} />
        ))}
        {line.joined.map((joined, i) => (
          <g key={i}>
            <path
              d={`M${roundPx(joined.fromPx)} ${roundPx(top + 20.5)}H${roundPx(joined.toPx)}`}
              stroke={palette.seqInkLow}
              fill="none"
            />
            <MixedText
              x={joined.textXPx}
              y={top - 3}
              text={joined.text}
              sizePx={joined.text.startsWith('U+') ? 11 : 12}
              typeface="mono"
              fill={palette.ink2}
              anchor="middle"
            />
          </g>
        ))}
      </g>
      <PinMarksFigure pins={line.pins} top={top} palette={palette} />
      {line.ruleXPx !== null && (
        <path
          d={`M${Math.round(line.ruleXPx) + 0.5} ${roundPx(top - 4)}V${roundPx(bottom + 2)}`}
          stroke={palette.ink4}
          strokeDasharray="2 2"
          fill="none"
        />
      )}
      {isInteractive &&
        line.columns.map((column) => (
          <rect
            key={column.position}
            data-position={column.position}
            x={roundPx(column.xPx - CHIP.gapPx / 2)}
            y={roundPx(top)}
            width={roundPx(column.widthPx + CHIP.gapPx)}
            height={roundPx(bottom - top)}
            fill="#000"
            fillOpacity={0}
          />
        ))}
    </g>
  )
}

interface TrackMarksProps {
  readonly track: TrackPlace
  readonly index: number
  readonly line: TokenLine
  readonly top: number
  readonly palette: Palette
}

function TrackMarks({track, index, line, top, palette}: TrackMarksProps) {
  const isQuantity = track.heightPx > 20
  return (
    <g
      fill={track.isNumber ? palette.ink1 : isQuantity ? palette.sequential[5] : palette.mark}
      textAnchor="middle"
    >
      {line.columns.map((column) => {
        const mark = column.marks[index]!
        if (mark.barPx !== null) {
          return (
            <rect
              key={column.position}
              data-position={column.position}
              x={roundPx(column.xPx + 1)}
              y={roundPx(top + track.basePx - mark.barPx)}
              width={roundPx(column.widthPx - 2)}
              height={roundPx(mark.barPx)}
            />
          )
        }
        if (mark.text === null) return null
        return (
          <text
            key={column.position}
            data-position={column.position}
            x={roundPx(column.xPx + column.widthPx / 2)}
            y={roundPx(top + track.basePx - (track.isNumber ? 0 : 1))}
            fill={mark.isStrong ? palette.ink1 : palette.ink3}
          >
            {mark.text}
          </text>
        )
      })}
    </g>
  )
}

interface SelectionProps {
  readonly layout: TokenTextLayout
  readonly palette: Palette
  readonly position: number | null
}

function placeOf(layout: TokenTextLayout, position: number | null) {
  if (position === null) return null
  const first = layout.lines[0]?.firstPosition ?? 0
  const line = layout.lines[layout.lineOfPosition[position - first] ?? -1]
  const column = line?.columns.find((candidate) => candidate.position === position)
  return line && column ? {line, column, top: line.yPx + line.chipTopPx} : null
}

/** The soft ground under the selected token's tracks; it stands below everything. */
export function TokenSelectionGround({layout, palette, position}: SelectionProps) {
  const place = placeOf(layout, position)
  if (!place) return null
  const {column, top} = place
  const lastTrack = layout.tracks.at(-1)!
  return (
    <rect
      x={roundPx(column.xPx)}
      y={roundPx(top + CHIP.heightPx + 2)}
      width={roundPx(column.widthPx)}
      height={roundPx(lastTrack.topPx + lastTrack.heightPx - CHIP.heightPx + 1)}
      fill={palette.accentSoft}
    />
  )
}

/** The line around the selected chip; it stands above everything and changes nothing under it. */
export function TokenSelectionRing({layout, palette, position}: SelectionProps) {
  const place = placeOf(layout, position)
  if (!place) return null
  const {column, top} = place
  return (
    <rect
      x={roundPx(column.xPx - 1)}
      y={roundPx(top - 1)}
      width={roundPx(column.widthPx + 2)}
      height={CHIP.heightPx + 2}
      rx={4}
      fill="none"
      stroke={palette.accent}
      strokeWidth={2}
    />
  )
}
