import type {AttentionResult} from '../../lenses/attention.ts'
import type {LinesPicture} from '../../lenses/attention-view-pictures.ts'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import type {CommonFigureOptions} from '../request.ts'
import {textWidthPx} from '../text-width.ts'
import {ColumnNames, LinesMarks, WeightLinesFigure} from './lines-figure.tsx'
import {
  type ColumnLabel,
  columnLabels,
  type LineSource,
  type LinesGeometry,
  linesGeometry,
  linesInView,
  type WeightLine,
} from './lines-layout.ts'
import {headColor, lineBuckets, linesRange} from './lines-style.ts'
import {linesLegendWords} from './lines-words.ts'
import {mapName} from './map-name.ts'
import {formatWeight} from './matrix-caption.ts'
import {MatrixLegend} from './matrix-figure.tsx'
import {flowLegend, type MatrixLegendLayout} from './matrix-legend.ts'
import {scaleOf, stepCountOf, type WeightScale} from './matrix-scale.ts'

/** Lines of a figure: where everything stands. */
export interface LinesPart {
  readonly view: 'lines'
  readonly geometry: LinesGeometry
  readonly scale: WeightScale
  readonly groupCount: number
  /** Lines that are not the marked token's, and those that are. */
  readonly others: readonly WeightLine[]
  readonly own: readonly WeightLine[]
  readonly labels: readonly ColumnLabel[]
  readonly keyLabels: readonly ColumnLabel[]
  readonly weights: ReadonlyMap<number, string>
  readonly selected: number | null
  readonly pairs: LinesPicture['pairs']
  /** The colour of each head where there are several. */
  readonly heads: readonly {readonly name: string; readonly group: number; readonly xPx: number}[]
  readonly headsYPx: number
  readonly legend: MatrixLegendLayout | null
  readonly legendYPx: number
}

const MOST_WIDTH_PX = 640
const TOKEN_PX = 17
const LEAST_PX = 160
const MOST_PX = 880
const HEAD_PX = 20
const LEGEND_GAP_PX = 12
const HEADS_PX = 18
const STROKE_PX = 16
const MOST_NUMBERS = 8
const LEAST_NUMBER = 0.01
/** What is not of the marked token. */
const HELD_OPACITY = 0.3

/** The colour range of some lines: locked, or their own. */
export function rangeOfLines({range, sources}: Pick<LinesPicture, 'range' | 'sources'>) {
  const own = sources.map(({edges}, group): LineSource => ({group, edges}))
  return {
    maximum: range.maximum ?? linesRange(own),
    isLocked: range.maximum !== null,
    steps: range.steps,
  }
}

export function layoutLinesPart(
  {tokens}: AttentionResult,
  picture: LinesPicture,
  {widthPx, noPrompt, legend: hasLegend}: CommonFigureOptions,
  {leftPx, topPx, innerPx}: {leftPx: number; topPx: number; innerPx: number}
): {part: LinesPart; endPx: number} {
  const {sources, window, row, filters} = picture
  const range = rangeOfLines(picture)
  const scale = scaleOf(range, sources[0]!.map)
  const drawnPx = Math.min(MOST_WIDTH_PX, innerPx)
  const heightPx = Math.max(LEAST_PX, Math.min(MOST_PX, Math.ceil(window.span) * TOKEN_PX))
  const geometry = linesGeometry(
    tokens,
    {xPx: leftPx, topPx: topPx + HEAD_PX, widthPx: drawnPx, heightPx},
    {start: window.start, end: window.start + window.span},
    noPrompt
  )
  const selected = row?.query ?? null
  const all = sources.map(({edges}, group): LineSource => ({group, edges}))
  const view = linesInView(all, geometry)
  const isOwn = ({query}: {query: number}) => query === selected
  const ownSources = all.map(({group, edges}) => ({group, edges: ownEdges(edges, selected)}))
  const own = selected === null ? [] : linesInView(ownSources, geometry).lines
  const numbered =
    sources.length > 1
      ? []
      : own.slice(-MOST_NUMBERS).filter(({weight}) => !(Math.abs(weight) < LEAST_NUMBER))
  const weights = new Map(
    numbered.map(({key, weight}) => [key, formatWeight(weight, scale.isSigned)])
  )
  const tokenPx = heightPx / window.span
  const named = [...weights.keys()]
    .reverse()
    .filter((key, i, before) =>
      before.slice(0, i).every((other) => Math.abs(other - key) * tokenPx >= 13)
    )
  const legend =
    hasLegend === 'on'
      ? flowLegend(
          linesLegendWords({
            ...{range, filters, maps: sources.map(({map}) => map)},
            summaries: sources.map(({edges}) => edges.summary),
            ...{lineCount: view.lines.length, edgeCount: view.edgeCount},
            ...omittedOf(picture),
          }).map((text, i) => ({
            kind:
              i === 0 && sources.length === 1
                ? 'ramp'
                : text.startsWith('NaN')
                  ? 'broken'
                  : 'words',
            text,
          })),
          stepCountOf(scale),
          Math.min(innerPx, widthPx)
        )
      : null
  const plotEndPx = topPx + HEAD_PX + heightPx
  const heads =
    sources.length > 1
      ? placedHeads(
          sources.map(({map}) => mapName(map)),
          leftPx
        )
      : []
  const bottomPx = plotEndPx + (heads.length > 0 ? HEADS_PX : 0)
  const legendYPx = bottomPx + LEGEND_GAP_PX
  return {
    part: {
      ...{view: 'lines', geometry, scale, selected, weights, legend, legendYPx},
      groupCount: sources.length,
      others: selected === null ? view.lines : view.lines.filter((line) => !isOwn(line)),
      own,
      labels: columnLabels(tokens, geometry, {
        noPrompt,
        named: selected === null ? [] : [selected],
      }),
      keyLabels: columnLabels(tokens, geometry, {noPrompt, named}),
      pairs: picture.pairs,
      ...{heads, headsYPx: plotEndPx + LEGEND_GAP_PX},
    },
    endPx: legend ? legendYPx + legend.heightPx : bottomPx,
  }
}

/** Names of heads one after another, each behind a stroke of its colour. */
function placedHeads(names: readonly string[], leftPx: number) {
  let xPx = leftPx
  return names.map((name, group) => {
    const own = {name, group, xPx}
    xPx += STROKE_PX + 6 + textWidthPx(name, 11) + 16
    return own
  })
}

function omittedOf({sources}: LinesPicture) {
  const sum = (of: (edges: LinesPicture['sources'][number]['edges']) => number) =>
    sources.reduce((total, {edges}) => total + of(edges), 0)
  const rowCount = sum(({summary}) => summary.rowCount)
  const weight = sum(({omittedWeight}) => omittedWeight)
  return {
    omittedCount: sum(({omittedCount}) => omittedCount),
    omittedShare: rowCount === 0 ? 0 : Math.min(1, weight / rowCount),
  }
}

function ownEdges({query, key, weight}: LineSource['edges'], of: number | null) {
  const found = [...query.keys()].filter((edge) => query[edge] === of)
  return {
    query: Int32Array.from(found, (edge) => query[edge]!),
    key: Int32Array.from(found, (edge) => key[edge]!),
    weight: Float32Array.from(found, (edge) => weight[edge]!),
  }
}

interface LinesPartFigureProps {
  readonly part: LinesPart
  readonly palette: Palette
  readonly marginPx: number
}

/** The lines of a figure, their columns and their legend. */
export function LinesPartFigure({part, palette, marginPx}: LinesPartFigureProps) {
  const {geometry, scale, groupCount, selected, legend} = part
  const opacity = selected === null ? undefined : HELD_OPACITY
  const headY = roundPx(geometry.topPx - 8)
  return (
    <>
      <g opacity={opacity}>
        <WeightLinesFigure
          geometry={geometry}
          buckets={lineBuckets(part.others, scale, groupCount, palette)}
        />
      </g>
      <WeightLinesFigure
        geometry={geometry}
        buckets={lineBuckets(part.own, scale, groupCount, palette)}
      />
      <text
        x={roundPx(geometry.leftPx - 8)}
        y={headY}
        fontSize={11}
        fill={palette.ink3}
        textAnchor="end"
      >
        reads
      </text>
      <text x={roundPx(geometry.rightPx + 8)} y={headY} fontSize={11} fill={palette.ink3}>
        is read
      </text>
      <ColumnNames {...{geometry, palette, selected}} labels={part.labels} side="query" />
      <ColumnNames
        {...{geometry, palette}}
        labels={part.keyLabels}
        side="key"
        selected={null}
        weights={part.weights}
      />
      <LinesMarks geometry={geometry} palette={palette} pairs={part.pairs} cell={null} />
      {part.heads.map(({name, group, xPx}) => (
        <g key={name}>
          <path
            d={`M${roundPx(xPx)} ${roundPx(part.headsYPx + 8)}h${STROKE_PX}`}
            stroke={headColor(palette, group)}
            strokeWidth={3}
          />
          <text
            x={roundPx(xPx + STROKE_PX + 6)}
            y={roundPx(part.headsYPx + 12)}
            fontSize={11}
            fill={palette.ink2}
          >
            {name}
          </text>
        </g>
      ))}
      {legend && (
        <g transform={`translate(${marginPx} ${roundPx(part.legendYPx)})`}>
          <MatrixLegend layout={legend} scale={scale} palette={palette} />
        </g>
      )}
    </>
  )
}
