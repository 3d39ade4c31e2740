import type {AttentionResult} from '../../lenses/attention.ts'
import type {OverviewPicture} from '../../lenses/attention-view-pictures.ts'
import {MixedText} from '../mixed-text.tsx'
import {formatFixed, roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import type {CommonFigureOptions} from '../request.ts'
import {fitText} from '../text-width.ts'
import {headName} from './map-name.ts'
import {CellsFigure, MatrixLegend} from './matrix-figure.tsx'
import {flowLegend, type MatrixLegendLayout} from './matrix-legend.ts'
import {isTriangle, type MatrixCells, type WeightScale} from './matrix-scale.ts'
import {
  HEAD_LABEL_PX,
  layoutOverview,
  type OverviewCell,
  type OverviewLayout,
} from './overview-layout.ts'
import {cellsOfThumbnail, sharedRange} from './overview-scale.ts'
import {overviewLegendWords, SHORT_HEAD_NAMES} from './overview-words.ts'

interface DrawnHead extends OverviewCell {
  /** Null where it is not there. */
  readonly cells: MatrixCells | null
  readonly isCausal: boolean
  /** Under the picture; empty where there is no room or no name. */
  readonly words: string
  readonly number: string
}

/** All heads of a figure in small: where everything stands. */
export interface OverviewPart {
  readonly view: 'overview'
  readonly layout: OverviewLayout
  readonly heads: readonly DrawnHead[]
  readonly scale: WeightScale
  readonly selected: string | null
  readonly tokenCount: number
  readonly pins: readonly number[]
  readonly pairs: OverviewPicture['pairs']
  readonly legend: MatrixLegendLayout | null
  readonly legendYPx: number
  readonly topPx: number
}

const LEGEND_GAP_PX = 10
const MOST_CELL_PX = 140
const NUMBER_PX = 24
/** Names of columns and rows stand at least so far apart. */
const LEAST_LABEL_PX = 26
const LEAST_ROW_PX = 13

/** The colour range of all heads: locked, or their own. */
export function rangeOfOverview({
  range,
  thumbnails,
}: Pick<OverviewPicture, 'range' | 'thumbnails'>) {
  return {
    maximum: range.maximum ?? sharedRange(thumbnails),
    isLocked: range.maximum !== null,
    steps: range.steps,
  }
}

export function layoutOverviewPart(
  {tokens, layers}: AttentionResult,
  picture: OverviewPicture,
  {legend: hasLegend}: CommonFigureOptions,
  {topPx, innerPx}: {topPx: number; innerPx: number}
): {part: OverviewPart; endPx: number} {
  const {thumbnails, names, labels, filters, selected, pins, pairs} = picture
  const range = rangeOfOverview(picture)
  const fitting = layoutOverview({layers, widthPx: innerPx, heightPx: null})
  const layout =
    fitting.sidePx > MOST_CELL_PX
      ? layoutOverview({layers, widthPx: innerPx, heightPx: null, cellPx: MOST_CELL_PX})
      : fitting
  const byName = new Map(thumbnails.map((one) => [headName(one), one]))
  const heads = layout.cells.map((cell): DrawnHead => {
    const name = headName(cell)
    const thumbnail = byName.get(name)
    const cells = thumbnail ? cellsOfThumbnail(thumbnail, tokens.length) : null
    const named = names.find((one) => headName(one) === name)
    const label = labels.find((one) => headName(one) === name)?.label ?? ''
    const words = label || (named ? SHORT_HEAD_NAMES[named.name] : '')
    const roomPx = layout.sidePx - (named ? NUMBER_PX : 0)
    return {
      ...{...cell, cells, isCausal: cells !== null && isTriangle(cells)},
      words: layout.hasNames ? fitText(words, roomPx, 11, 'sans') : '',
      number: layout.hasNames && named ? formatFixed(named.score, 2) : '',
    }
  })
  const legend =
    hasLegend === 'on'
      ? flowLegend(
          overviewLegendWords({range, filters, layers, thumbnails}).map((text, i) => ({
            kind: i === 0 ? 'ramp' : text.startsWith('NaN') ? 'broken' : 'words',
            text,
          })),
          9,
          innerPx
        )
      : null
  const bottomPx = topPx + layout.heightPx
  const legendYPx = bottomPx + LEGEND_GAP_PX
  return {
    part: {
      ...{view: 'overview', layout, heads, legend, legendYPx, topPx},
      scale: {maximum: range.maximum, isSigned: false, steps: range.steps},
      selected: selected && headName(selected),
      ...{tokenCount: tokens.length, pins, pairs},
    },
    endPx: legend ? legendYPx + legend.heightPx : bottomPx,
  }
}

interface OverviewPartFigureProps {
  readonly part: OverviewPart
  readonly palette: Palette
  readonly marginPx: number
}

/** All heads of a figure in small, and their legend. */
export function OverviewPartFigure({part, palette, marginPx}: OverviewPartFigureProps) {
  const {layout, heads, scale, legend, topPx} = part
  const {sidePx, rows, columns} = layout
  const columnStep = stepOf(columns[1]?.xPx, columns[0]?.xPx, LEAST_LABEL_PX)
  const rowStep = stepOf(rows[1]?.yPx, rows[0]?.yPx, LEAST_ROW_PX)
  return (
    <>
      <g fontSize={11} fill={palette.ink3}>
        {columns
          .filter((_, i) => i % columnStep === 0)
          .map(({head, xPx}) => (
            <text key={head} x={roundPx(marginPx + xPx)} y={roundPx(topPx + HEAD_LABEL_PX - 6)}>
              H{head}
            </text>
          ))}
        {rows
          .filter((_, i) => i % rowStep === 0)
          .map(({layer, yPx}) => (
            <text key={layer} x={marginPx} y={roundPx(topPx + yPx + sidePx / 2 + 4)}>
              L{layer}
            </text>
          ))}
      </g>
      {heads.map((head) => {
        const name = headName(head)
        const [xPx, yPx] = [marginPx + head.xPx, topPx + head.yPx]
        const place = {x: roundPx(xPx), y: roundPx(yPx)}
        const size = {width: roundPx(sidePx), height: roundPx(sidePx)}
        return (
          <g key={name} data-head={name}>
            {head.cells ? (
              <CellsFigure
                cells={head.cells}
                geometry={{
                  ...{xPx, yPx, widthPx: sidePx, heightPx: sidePx, isCausal: head.isCausal},
                  ...{queries: head.cells.queries, keys: head.cells.keys},
                }}
                scale={scale}
                palette={palette}
              />
            ) : (
              <rect {...place} {...size} fill={palette.sunken} />
            )}
            {head.cells && <HeadPins part={part} xPx={xPx} yPx={yPx} palette={palette} />}
            {name === part.selected && (
              <rect
                x={roundPx(xPx - 2)}
                y={roundPx(yPx - 2)}
                width={roundPx(sidePx + 4)}
                height={roundPx(sidePx + 4)}
                fill="none"
                stroke={palette.accent}
                strokeWidth={2}
              />
            )}
            {head.words && (
              <MixedText
                x={xPx}
                y={yPx + sidePx + 13}
                text={head.words}
                sizePx={11}
                typeface="sans"
                fill={palette.ink2}
              />
            )}
            {head.number && (
              <text
                x={roundPx(xPx + sidePx)}
                y={roundPx(yPx + sidePx + 13)}
                fontSize={11}
                textAnchor="end"
                fill={palette.ink2}
              >
                {head.number}
              </text>
            )}
          </g>
        )
      })}
      {legend && (
        <g transform={`translate(${marginPx} ${roundPx(part.legendYPx)})`}>
          <MatrixLegend layout={legend} scale={scale} palette={palette} />
        </g>
      )}
    </>
  )
}

const TICK_PX = 3
/** A smaller frame of a pair cannot be seen. */
const LEAST_PAIR_PX = 5

interface HeadPinsProps {
  readonly part: OverviewPart
  readonly xPx: number
  readonly yPx: number
  readonly palette: Palette
}

/** Pinned tokens as ticks above their column, pinned pairs as frames around their place, as on the page. */
function HeadPins({part, xPx, yPx, palette}: HeadPinsProps) {
  const {tokenCount, layout} = part
  const tokenPx = layout.sidePx / tokenCount
  const pins = part.pins.filter((position) => position < tokenCount)
  const pairs = part.pairs.filter(({from, to}) => from < tokenCount && to < tokenCount)
  if (pins.length + pairs.length === 0) return null
  const framePx = Math.max(tokenPx + 1, LEAST_PAIR_PX)
  const ticks = pins
    .map((at) => `M${roundPx(xPx + (at + 0.5) * tokenPx)} ${roundPx(yPx - TICK_PX)}v${TICK_PX}`)
    .join('')
  return (
    <g fill="none" stroke={palette.ink1}>
      {ticks && <path d={ticks} data-pins={pins.join(' ')} />}
      {pairs.map(({from, to}) => (
        <rect
          key={`${from} ${to}`}
          x={roundPx(xPx + (to + 0.5) * tokenPx - framePx / 2)}
          y={roundPx(yPx + (from + 0.5) * tokenPx - framePx / 2)}
          width={roundPx(framePx)}
          height={roundPx(framePx)}
          data-pair={`${from} ${to}`}
        />
      ))}
    </g>
  )
}

function stepOf(second: number | undefined, first: number | undefined, leastPx: number): number {
  if (second === undefined || first === undefined) return 1
  return Math.max(1, Math.ceil(leastPx / (second - first)))
}
