import type {AttentionResult} from '../../lenses/attention.ts'
import type {MatrixPicture} from '../../lenses/attention-picture.ts'
import type {TwoHeadsPicture} from '../../lenses/attention-view-pictures.ts'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import type {CommonFigureOptions} from '../request.ts'
import {mapName} from './map-name.ts'
import {CellsFigure, MarksFigure, MatrixLegend, NamesFigure} from './matrix-figure.tsx'
import {layoutMatrix, type MatrixLayout, matrixRoom, squareGeometry} from './matrix-layout.ts'
import {
  filterWords,
  flowLegend,
  hiddenText,
  isFiltering,
  type MatrixLegendLayout,
  rangeText,
} from './matrix-legend.ts'
import {scaleOf, stepCountOf, type WeightScale} from './matrix-scale.ts'

interface PlacedMatrix {
  readonly title: string
  readonly xPx: number
  readonly picture: MatrixPicture
  readonly layout: MatrixLayout
  readonly scale: WeightScale
}

interface PlacedLegend {
  readonly scale: WeightScale
  readonly layout: MatrixLegendLayout
  readonly yPx: number
}

/** Two heads and their difference in a figure: where everything stands. */
export interface TwoHeadsPart {
  readonly view: 'two-heads'
  readonly matrices: readonly PlacedMatrix[]
  readonly titleYPx: number
  readonly legends: readonly PlacedLegend[]
  readonly selected: number | null
}

const TITLE_PX = 20
const GAP_PX = 16
const LEGEND_GAP_PX = 10
const LEGEND_LINE_GAP_PX = 4
/** Narrower than this the three stand under each other. */
const LEAST_BESIDE_PX = 560
const FOOT_PX = 64

export function layoutTwoHeadsPart(
  {tokens}: AttentionResult,
  picture: TwoHeadsPicture,
  {noPrompt, legend: hasLegend}: CommonFigureOptions,
  {leftPx, topPx, innerPx}: {leftPx: number; topPx: number; innerPx: number}
): {part: TwoHeadsPart; endPx: number} {
  const {a, b, difference} = picture
  const all = [a, b, difference]
  const isBeside = innerPx >= LEAST_BESIDE_PX
  const eachPx = isBeside ? Math.floor((innerPx - 2 * GAP_PX) / 3) : innerPx
  const {queries, keys} = a
  const shown = tokens.slice(Math.min(queries[0], keys[0]), Math.max(queries[1], keys[1]))
  const room = matrixRoom(shown, eachPx, eachPx, {noPrompt})
  const selected = a.cell?.query ?? a.row?.query ?? null
  let yPx = topPx
  let bottomPx = topPx
  const matrices = all.map((one, i): PlacedMatrix => {
    const xPx = leftPx + (isBeside ? i * (eachPx + GAP_PX) : 0)
    if (!isBeside && i > 0) yPx = bottomPx + GAP_PX
    const place = {xPx, yPx: yPx + TITLE_PX, sidePx: room.sidePx}
    const geometry = squareGeometry(one, place)
    const hasFoot = !geometry.isCausal || keys[0] < queries[0]
    const footPx = hasFoot ? FOOT_PX : 0
    const named = selected === null ? [] : [selected]
    const layout = layoutMatrix(tokens, one, geometry, {noPrompt, named, footPx})
    const ownFootPx = layout.columnLabels.length > 0 ? footPx : 0
    bottomPx = Math.max(bottomPx, place.yPx + room.sidePx + ownFootPx)
    const title =
      i === 2 ? `B − A, ${mapName(one.map)}` : `${i === 0 ? 'A' : 'B'}, ${mapName(one.map)}`
    return {title, xPx, picture: one, layout, scale: scaleOf(one.range, one.map)}
  })
  const legends: PlacedLegend[] = []
  let endPx = bottomPx
  if (hasLegend === 'on') {
    const {filters} = a
    const words = isFiltering(filters) || filters.dropSink ? [filterWords(filters).join(', ')] : []
    for (const [name, one] of [
      ['A and B', a],
      ['B − A', difference],
    ] as const) {
      const scale = scaleOf(one.range, one.map)
      const most = {
        minimum: Math.min(one.tile.minimum, one === a ? b.tile.minimum : 0),
        maximum: Math.max(one.tile.maximum, one === a ? b.tile.maximum : 0),
      }
      const hidden = isFiltering(filters)
        ? one === a
          ? [`A ${hiddenText(a.tile.summary)}`, `B ${hiddenText(b.tile.summary)}`]
          : [hiddenText(one.tile.summary)]
        : []
      const entries = [
        {kind: 'ramp' as const, text: `${name}: ${rangeText(one.range, one.map, most)}`},
        ...[...(one === a ? words : []), ...hidden].map((text) => ({kind: 'words' as const, text})),
      ]
      const layout = flowLegend(entries, stepCountOf(scale), innerPx)
      const gapPx = one === a ? LEGEND_GAP_PX : LEGEND_LINE_GAP_PX
      legends.push({scale, layout, yPx: endPx + gapPx})
      endPx += gapPx + layout.heightPx
    }
  }
  return {part: {view: 'two-heads', matrices, titleYPx: topPx, legends, selected}, endPx}
}

interface TwoHeadsPartFigureProps {
  readonly part: TwoHeadsPart
  readonly palette: Palette
  readonly marginPx: number
}

/** Two heads, their difference, and a legend for each range. */
export function TwoHeadsPartFigure({part, palette, marginPx}: TwoHeadsPartFigureProps) {
  const {matrices, legends, selected} = part
  return (
    <>
      {matrices.map(({title, xPx, picture, layout, scale}) => (
        <g key={title} data-map={mapName(picture.map)}>
          <text
            x={roundPx(xPx)}
            y={roundPx(layout.geometry.yPx - 7)}
            fontSize={11}
            fontWeight={600}
            fill={palette.ink2}
          >
            {title}
          </text>
          <CellsFigure cells={picture} geometry={layout.geometry} scale={scale} palette={palette} />
          <NamesFigure layout={layout} scale={scale} palette={palette} selected={selected} />
          <MarksFigure
            geometry={layout.geometry}
            palette={palette}
            selected={selected}
            cell={picture.cell}
            pairs={picture.pairs}
          />
        </g>
      ))}
      {legends.map(({scale, layout, yPx}) => (
        <g key={yPx} transform={`translate(${marginPx} ${roundPx(yPx)})`}>
          <MatrixLegend layout={layout} scale={scale} palette={palette} />
        </g>
      ))}
    </>
  )
}
