import {MixedText} from '../mixed-text.tsx'
import {formatCount, roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {wholeTicks} from '../scale.ts'
import {FONT_FAMILIES, fitText, textWidthPx} from '../text-width.ts'
import {type GraphColumn, MOST_ROTATED_PX} from './graph-columns-layout.ts'
import type {GraphEdgeLayout, GraphLayout} from './graph-layout.ts'
import type {GraphTrackLayout} from './graph-tracks.ts'

interface PartProps {
  readonly layout: GraphLayout
  readonly palette: Palette
}

/** The line of an edge: it leaves its query steeply and runs flat, so that what one token reads stays together. */
export function edgePath({fromXPx, fromYPx, toXPx, toYPx}: GraphEdgeLayout): string {
  const step = toYPx - fromYPx
  const points = [
    [fromXPx, fromYPx + step * 0.62],
    [toXPx, toYPx - step * 0.72],
    [toXPx, toYPx],
  ]
  const curve = points.map(([x, y]) => `${roundPx(x!)} ${roundPx(y!)}`).join(' ')
  return `M${roundPx(fromXPx)} ${roundPx(fromYPx)}C${curve}`
}

/** Names of levels at the left. */
export function LevelsFigure({layout, palette, leftPx}: PartProps & {readonly leftPx: number}) {
  return (
    <g fontSize={11} fontFamily={FONT_FAMILIES.sans} fill={palette.ink3}>
      {layout.levels.map(
        ({level, yPx, text}) =>
          text && (
            <text key={level} x={roundPx(leftPx)} y={roundPx(yPx + 4)} data-level={level}>
              {text}
            </text>
          )
      )}
    </g>
  )
}

/** Hair lines, edges and nodes, as a file has them; the page paints the same on a canvas. */
export function EdgesFigure({layout, palette}: PartProps) {
  const {columns, edges, nodes, topPx, bottomPx} = layout
  const hairs = columns.columns
    .filter((column) => isInside(layout, column))
    .map(
      ({xPx, widthPx}) => `M${roundPx(xPx + widthPx / 2)} ${roundPx(topPx)}V${roundPx(bottomPx)}`
    )
  const plain = nodes.filter(({isBroken, isBeside}) => !isBroken && !isBeside)
  return (
    <>
      <path d={hairs.join('')} stroke={palette.line} fill="none" />
      <g fill="none" strokeLinecap="round">
        {edges.map((edge) => (
          <path
            key={edge.edge}
            d={edgePath(edge)}
            stroke={palette.sequential[edge.step]!}
            strokeWidth={roundPx(edge.widthPx)}
          />
        ))}
      </g>
      {plain.map(({level, column, xPx, yPx, radiusPx, isStrong}) => (
        <circle
          key={`${level} ${column}`}
          cx={roundPx(xPx)}
          cy={roundPx(yPx)}
          r={roundPx(radiusPx)}
          fill={isStrong ? palette.ink1 : palette.ink4}
        />
      ))}
      <BesideFigure layout={layout} palette={palette} />
      <path
        d={nodes
          .filter(({isBroken}) => isBroken)
          .map(({xPx, yPx}) => crossPath(xPx, yPx))
          .join('')}
        stroke={palette.rejected}
        strokeWidth={1.5}
        fill="none"
      />
    </>
  )
}

export function crossPath(xPx: number, yPx: number): string {
  const [x, y] = [roundPx(xPx), roundPx(yPx)]
  return `M${roundPx(x - 3)} ${roundPx(y - 3)}l6 6m0 -6l-6 6`
}

/** What stands beside the window, hollow. */
function BesideFigure({layout, palette}: PartProps) {
  return (
    <g fill={palette.paper} stroke={palette.mark}>
      {layout.nodes
        .filter(({isBeside}) => isBeside)
        .map(({level, column, xPx, yPx, radiusPx}) => (
          <circle
            key={`${level} ${column}`}
            cx={roundPx(xPx)}
            cy={roundPx(yPx)}
            r={roundPx(Math.max(2, radiusPx))}
          />
        ))}
    </g>
  )
}

function isInside({xPx, widthPx}: GraphLayout, column: GraphColumn): boolean {
  const middle = column.xPx + column.widthPx / 2
  return middle >= xPx - 1 && middle <= xPx + widthPx + 1
}

export interface ColumnNamesProps extends PartProps {
  /** The token whose name is the selection's. */
  readonly selected: number | null
}

/** Names of columns on the tint of the first track: chips, turned names, or positions. */
export function ColumnNames({layout, palette, selected}: ColumnNamesProps) {
  const {columns, namesYPx, tracks} = layout
  const {names, namePx} = columns
  const steps = tracks.find(({track}) => track.isMain)?.steps ?? []
  const fillOf = (at: number) => {
    const step = steps[at] ?? -1
    return step < 0 ? palette.sunken : palette.sequential[step]!
  }
  const tintPx = names === 'chips' ? 22 : 10
  const shown = columns.columns
    .map((column, at) => ({column, at}))
    .filter(({column}) => isInside(layout, column))
  const isSelected = ({first, end}: GraphColumn) =>
    selected !== null && selected >= first && selected < end
  return (
    <>
      {shown.map(({column, at}) => {
        const gapPx = column.widthPx > 5 ? 2 : 0
        const width = Math.max(1, Math.min(column.widthPx - gapPx, names === 'chips' ? 200 : 26))
        return (
          <rect
            key={column.first}
            x={roundPx(column.xPx + (column.widthPx - width) / 2)}
            y={roundPx(namesYPx)}
            width={roundPx(width)}
            height={tintPx}
            rx={column.widthPx > 9 ? 3 : 0}
            fill={fillOf(at)}
            data-column={column.first}
          />
        )
      })}
      {names === 'ticks' ? (
        <TicksFigure layout={layout} palette={palette} selected={selected} />
      ) : (
        shown.map(({column}) => (
          <NameFigure
            key={column.first}
            column={column}
            isTurned={names === 'rotated'}
            sizePx={namePx}
            yPx={namesYPx}
            fill={
              names === 'chips'
                ? palette.seqInkLow
                : isSelected(column)
                  ? palette.accent
                  : palette.ink1
            }
          />
        ))
      )}
      {shown
        .filter(({column}) => isSelected(column))
        .map(({column}) => (
          <rect
            key={column.first}
            x={roundPx(column.xPx + (names === 'chips' ? 0 : -1))}
            y={roundPx(namesYPx - 1)}
            width={roundPx(Math.max(4, column.widthPx + (names === 'chips' ? 0 : 2)))}
            height={tintPx + 2}
            rx={4}
            fill="none"
            stroke={palette.accent}
            strokeWidth={2}
            data-selected-column={column.first}
          />
        ))}
    </>
  )
}

interface NameFigureProps {
  readonly column: GraphColumn
  readonly isTurned: boolean
  readonly sizePx: number
  readonly yPx: number
  readonly fill: string
}

function NameFigure({column, isTurned, sizePx, yPx, fill}: NameFigureProps) {
  const middle = column.xPx + column.widthPx / 2
  if (isTurned) {
    const text = fitText(column.text, MOST_ROTATED_PX, sizePx, 'mono')
    return (
      <g transform={`translate(${roundPx(middle)} ${roundPx(yPx + 14)}) rotate(90)`}>
        <MixedText x={0} y={4} text={text} sizePx={sizePx} typeface="mono" fill={fill} />
      </g>
    )
  }
  const text = fitText(column.text, column.widthPx - 4, sizePx, 'mono')
  const textPx = textWidthPx(text, sizePx, 'mono')
  return (
    <MixedText
      x={middle - textPx / 2}
      y={yPx + 15.5}
      text={text}
      sizePx={sizePx}
      typeface="mono"
      fill={fill}
    />
  )
}

const LEAST_TICK_PX = 52

/** Positions under the columns, and the selected token's. */
function TicksFigure({layout, palette, selected}: ColumnNamesProps) {
  const {columns, namesYPx, xPx, widthPx} = layout
  const own = columns.columns
  const first = own[0]?.first ?? 0
  const end = own.at(-1)?.end ?? 1
  const count = Math.max(1, Math.floor(widthPx / LEAST_TICK_PX))
  const step = wholeTicks(end - first, count)[1] ?? 1
  const ticks: number[] = []
  for (let at = Math.ceil(first / step) * step; at < end; at += step) ticks.push(at)
  const selectedX = selected === null ? null : columns.xOf(selected + 0.5)
  const isClear = (x: number) => selectedX === null || Math.abs(x - selectedX) > 34
  return (
    <g fontSize={11} fontFamily={FONT_FAMILIES.sans} textAnchor="middle">
      {ticks.map((at) => {
        const x = columns.xOf(at + 0.5)
        if (x < xPx - 1 || x > xPx + widthPx + 1 || !isClear(x)) return null
        return (
          <text key={at} x={roundPx(x)} y={roundPx(namesYPx + 24)} fill={palette.ink3}>
            {formatCount(at)}
          </text>
        )
      })}
      {selected !== null &&
        selectedX !== null &&
        selectedX >= xPx &&
        selectedX <= xPx + widthPx && (
          <text x={roundPx(selectedX)} y={roundPx(namesYPx + 24)} fill={palette.accent}>
            {formatCount(selected)}
          </text>
        )}
    </g>
  )
}

/** Bars under the columns, one row a method, with what is dominated by position said beside them. */
export function TracksFigure({layout, palette, leftPx}: PartProps & {readonly leftPx: number}) {
  return layout.tracks.map((own) => (
    <TrackFigure key={own.track.id} own={own} layout={layout} palette={palette} leftPx={leftPx} />
  ))
}

interface TrackFigureProps extends PartProps {
  readonly own: GraphTrackLayout
  readonly leftPx: number
}

function TrackFigure({own, layout, palette, leftPx}: TrackFigureProps) {
  const {track, yPx, heightPx, bars, numbers, gaps, oneYPx, warning, rangeText} = own
  const {xPx, widthPx} = layout
  const right = xPx + widthPx
  const labelPx = xPx - leftPx - 10
  const inside = bars.filter((bar) => bar.xPx >= xPx - 2 && bar.xPx + bar.widthPx <= right + 2)
  const pathOf = (isHollow: boolean) =>
    inside
      .filter((bar) => bar.isHollow === isHollow)
      .map((bar) => {
        const inset = isHollow ? 0.5 : 0
        const width = roundPx(bar.widthPx - 2 * inset)
        const height = roundPx(Math.max(0.5, bar.heightPx - inset))
        return `M${roundPx(bar.xPx + inset)} ${roundPx(bar.yPx + inset)}h${width}v${height}h${roundPx(-width)}z`
      })
      .join('')
  const firstPx = bars[0] ? bars[0].xPx + bars[0].widthPx : xPx
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={11} data-track={track.id}>
      <text
        x={roundPx(leftPx)}
        y={roundPx(yPx + 9)}
        fill={palette.ink1}
        fontWeight={track.isMain ? 500 : 400}
      >
        {fitText(track.title, labelPx, 11, 'sans', track.isMain ? 500 : 400)}
      </text>
      {heightPx >= 24 &&
        [track.note, ...(heightPx >= 50 ? [rangeText] : [])]
          .filter((line) => line !== '')
          .map((line, i) => (
            <text key={line} x={roundPx(leftPx)} y={roundPx(yPx + 23 + 14 * i)} fill={palette.ink3}>
              {fitText(line, labelPx, 11)}
            </text>
          ))}
      <path d={pathOf(false)} fill={track.isMain ? palette.sequential[5]! : palette.mark} />
      <path d={pathOf(true)} fill="none" stroke={palette.mark} />
      {oneYPx !== null && (
        <>
          <path
            d={`M${roundPx(xPx)} ${roundPx(oneYPx)}H${roundPx(right)}`}
            stroke={palette.ink2}
            strokeDasharray="2 3"
          />
          <text x={roundPx(right + 3)} y={roundPx(oneYPx + 4)} fill={palette.ink2}>
            1
          </text>
        </>
      )}
      <path
        d={`M${roundPx(xPx)} ${roundPx(yPx + heightPx + 0.5)}H${roundPx(right)}`}
        stroke={palette.lineStrong}
      />
      {gaps.map((at) => {
        const column = layout.columns.columns[at]!
        const middle = column.xPx + column.widthPx / 2
        return middle < xPx || middle > right ? null : (
          <text
            key={at}
            x={roundPx(middle)}
            y={roundPx(yPx + heightPx - 4)}
            textAnchor="middle"
            fill={palette.ink3}
          >
            —
          </text>
        )
      })}
      {numbers
        .filter((number) => number.xPx >= xPx && number.xPx <= right)
        .map((number) => (
          <text
            key={number.xPx}
            x={roundPx(number.xPx)}
            y={roundPx(number.yPx)}
            textAnchor="middle"
            fill={palette.ink1}
          >
            {number.text}
          </text>
        ))}
      {warning && (
        <text x={roundPx(Math.max(xPx, firstPx) + 8)} y={roundPx(yPx + 9)} fill={palette.warning}>
          ▲ {warning}
        </text>
      )}
      {track.words && (
        <text x={roundPx(xPx)} y={roundPx(yPx + 9)} fill={palette.ink3}>
          {fitText(track.words, widthPx, 11)}
        </text>
      )}
    </g>
  )
}
