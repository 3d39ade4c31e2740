import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {CHIP} from '../tokens/chip.ts'
import {ChipText} from '../tokens/chip-figure.tsx'
import type {BarTrack, ResponseColumn, ResponseLayout, ResponseLine} from './response-layout.ts'

export interface ResponseFigureProps {
  readonly layout: ResponseLayout
  readonly palette: Palette
}

/** A response with its success curve and the other estimators. Place its group where the layout is to stand. */
export function ResponseFigure({layout, palette}: ResponseFigureProps) {
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={11}>
      {layout.lines.map((line) => (
        <g key={line.index} transform={`translate(0 ${roundPx(line.yPx)})`} data-line={line.index}>
          <LineLabels layout={layout} line={line} palette={palette} />
          <Marked layout={layout} line={line} palette={palette} />
          {layout.curve && <Curve layout={layout} line={line} palette={palette} />}
          {layout.bars.map((track, i) => (
            <Bars key={track.method} track={track} index={i} line={line} palette={palette} />
          ))}
          <g fontFamily={FONT_FAMILIES.mono} fontSize={CHIP.textPx} textAnchor="middle">
            {line.columns.map((column) => (
              <Chip key={column.position} column={column} layout={layout} palette={palette} />
            ))}
          </g>
        </g>
      ))}
    </g>
  )
}

interface LineProps extends ResponseFigureProps {
  readonly line: ResponseLine
}

function LineLabels({layout, line, palette}: LineProps) {
  const {curve, chipTopPx, labelWidthPx} = layout
  return (
    <g fill={palette.ink3}>
      <text x={0} y={chipTopPx + 16.5}>
        {line.rangeText}
      </text>
      {curve && (
        <>
          <text x={0} y={curve.topPx + curve.heightPx / 2 + 4}>
            success
          </text>
          <text x={labelWidthPx - 4} y={curve.topPx + 8} textAnchor="end">
            1
          </text>
          <text x={labelWidthPx - 4} y={curve.topPx + curve.heightPx} textAnchor="end">
            0
          </text>
        </>
      )}
      {layout.bars.map((track) => (
        <text key={track.method} x={0} y={roundPx(track.topPx + track.heightPx / 2 + 4)}>
          {track.label}
        </text>
      ))}
    </g>
  )
}

/** A band over the whole line under a critical token, with its rule's sign above the chip. */
function Marked({layout, line, palette}: LineProps) {
  const {chipTopPx, linePx, selected} = layout
  return (
    <>
      {line.columns.map((column) => {
        const {position, xPx, widthPx, isReleased, isOurs} = column
        const isMarked = isReleased || isOurs
        if (!isMarked && position !== selected) return null
        const middle = roundPx(xPx + widthPx / 2)
        const names = [isReleased ? 'released' : '', isOurs ? 'ours' : ''].filter(Boolean)
        return (
          <g key={position} data-critical={names.join(' ') || undefined}>
            <rect
              x={roundPx(xPx - 1)}
              y={chipTopPx - 2}
              width={roundPx(widthPx + 2)}
              height={roundPx(linePx - chipTopPx + 4)}
              rx={3}
              fill={position === selected ? palette.accentSoft : palette.sunken}
            />
            {isMarked && (
              <path
                d={`M${roundPx(middle - 5)} ${chipTopPx - 13}h10l-5 8z`}
                fill={isReleased ? palette.rejected : palette.paper}
                stroke={palette.rejected}
                strokeWidth={isReleased && isOurs ? 2.5 : 1.5}
                strokeLinejoin="round"
              />
            )}
            {isReleased && isOurs && (
              <path
                d={`M${roundPx(middle - 2)} ${chipTopPx - 11.5}h4l-2 3z`}
                fill={palette.paper}
              />
            )}
          </g>
        )
      })}
      {line.marks.map(({text, xPx, baselinePx, anchor}) => (
        <text key={text} x={roundPx(xPx)} y={baselinePx} textAnchor={anchor} fill={palette.ink2}>
          {text}
        </text>
      ))}
    </>
  )
}

function Chip({
  column,
  layout,
  palette,
}: {
  readonly column: ResponseColumn
  readonly layout: ResponseLayout
  readonly palette: Palette
}) {
  const {xPx, widthPx, step, isSpecial, position, runs} = column
  const isTinted = step >= 0 && !isSpecial
  const y = layout.chipTopPx
  return (
    <g data-position={position}>
      <rect
        x={roundPx(xPx + 0.5)}
        y={y + 0.5}
        width={roundPx(widthPx - 1)}
        height={CHIP.heightPx - 1}
        rx={3}
        fill={isSpecial ? 'none' : isTinted ? palette.sequential[step] : palette.sunken}
        stroke={
          position === layout.selected ? palette.accent : isSpecial ? palette.lineStrong : 'none'
        }
        strokeWidth={position === layout.selected ? 2 : undefined}
      />
      <ChipText
        runs={runs}
        x={xPx}
        baseline={y + 16.5}
        ink={isTinted ? palette.seqInkLow : palette.ink2}
      />
    </g>
  )
}

function Curve({layout, line, palette}: LineProps) {
  const {topPx, heightPx} = layout.curve!
  const right = line.columns.at(-1)!
  const endPx = roundPx(right.xPx + right.widthPx)
  return (
    <g transform={`translate(0 ${topPx})`} fill="none">
      <path
        d={`M${layout.labelWidthPx} 0.5H${endPx}M${layout.labelWidthPx} ${heightPx / 2 + 0.5}H${endPx}`}
        stroke={palette.line}
      />
      <path d={`M${layout.labelWidthPx} ${heightPx + 0.5}H${endPx}`} stroke={palette.lineStrong} />
      {line.points.length > 1 && (
        <path
          d={`M${line.points.map(({xPx, highPx}) => `${roundPx(xPx)} ${roundPx(highPx)}`).join('L')}L${[
            ...line.points,
          ]
            .reverse()
            .map(({xPx, lowPx}) => `${roundPx(xPx)} ${roundPx(lowPx)}`)
            .join('L')}Z`}
          fill={palette.accepted}
          fillOpacity={0.12}
          data-band={line.points.length}
        />
      )}
      {line.curve.map(({fromPx, toPx, isDashed}) => (
        <path
          key={fromPx[0]}
          d={`M${roundPx(fromPx[0])} ${roundPx(fromPx[1])}L${roundPx(toPx[0])} ${roundPx(toPx[1])}`}
          stroke={palette.accepted}
          strokeWidth={1.5}
          strokeDasharray={isDashed ? '3 3' : undefined}
        />
      ))}
      {line.points.map(({position, xPx, yPx, lowPx, highPx}) => (
        <g key={position} data-prefix={position}>
          <path
            d={`M${roundPx(xPx)} ${roundPx(highPx)}V${roundPx(lowPx)}`}
            stroke={palette.accepted}
            strokeOpacity={0.55}
          />
          <circle
            cx={roundPx(xPx)}
            cy={roundPx(yPx)}
            r={3}
            fill={palette.paper}
            stroke={palette.accepted}
            strokeWidth={1.5}
          />
        </g>
      ))}
    </g>
  )
}

interface BarsProps {
  readonly track: BarTrack
  readonly index: number
  readonly line: ResponseLine
  readonly palette: Palette
}

function Bars({track, index, line, palette}: BarsProps) {
  const {zeroPx} = track
  const left = line.columns[0]!
  const right = line.columns.at(-1)!
  return (
    <g data-track={track.method}>
      <path
        d={`M${roundPx(left.xPx)} ${roundPx(zeroPx) + 0.5}H${roundPx(right.xPx + right.widthPx)}`}
        stroke={palette.lineStrong}
        fill="none"
      />
      {line.columns.map(({position, xPx, widthPx, bars, topOf}) => {
        const bar = bars[index]
        if (!bar) return null
        const isTop = topOf.includes(index)
        const barPx = Math.min(widthPx - 4, 14)
        return (
          <g key={position}>
            {bar.text && (
              <text
                x={roundPx(xPx + widthPx / 2)}
                y={roundPx(bar.isNegative ? bar.yPx + bar.heightPx + 10 : bar.yPx - 3)}
                textAnchor="middle"
                fill={isTop ? palette.ink1 : palette.ink2}
              >
                {bar.text}
              </text>
            )}
            <rect
              x={roundPx(xPx + (widthPx - barPx) / 2)}
              y={roundPx(bar.yPx)}
              width={roundPx(barPx)}
              height={roundPx(bar.heightPx)}
              fill={
                bar.isNegative
                  ? palette.diverging[2]
                  : isTop
                    ? palette.sequential[6]
                    : palette.sequential[4]
              }
              data-top={isTop || undefined}
            />
          </g>
        )
      })}
    </g>
  )
}
