import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {pngAddress} from '../raster.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import {
  type MatrixGeometry,
  type MatrixLayout,
  type MatrixMarks,
  type MatrixNames,
  rowEnd,
  xOfKey,
  yOfQuery,
} from './matrix-layout.ts'
import {LEGEND_STEP_PX, legendWordsX, type MatrixLegendLayout} from './matrix-legend.ts'
import {
  colorsOf,
  indexOfWeight,
  inkOn,
  type MatrixCells,
  matrixIndices,
  type WeightScale,
} from './matrix-scale.ts'

/** Cells of this size are drawn one by one, with a line of paper between them. */
const LEAST_VECTOR_PX = 4
const MOST_VECTOR_CELLS = 40_000

export interface CellsFigureProps {
  readonly cells: MatrixCells
  readonly geometry: MatrixGeometry
  readonly scale: WeightScale
  readonly palette: Palette
}

/** A window's weights: one path a colour where cells are large, else one image. */
export function CellsFigure({cells, geometry, scale, palette}: CellsFigureProps) {
  const {rowCount, columnCount} = cells.tile
  const indices = matrixIndices(cells, scale, geometry.isCausal)
  const colors = colorsOf(scale, palette)
  const rowPx = geometry.heightPx / rowCount
  const columnPx = geometry.widthPx / columnCount
  const isVector =
    Math.min(rowPx, columnPx) >= LEAST_VECTOR_PX && rowCount * columnCount <= MOST_VECTOR_CELLS
  if (!isVector) {
    return (
      <image
        x={roundPx(geometry.xPx)}
        y={roundPx(geometry.yPx)}
        width={roundPx(geometry.widthPx)}
        height={roundPx(geometry.heightPx)}
        preserveAspectRatio="none"
        imageRendering="optimizeSpeed"
        href={pngAddress({widthPx: columnCount, heightPx: rowCount, indices, colors})}
      />
    )
  }
  const paths = colors.map((): string[] => [])
  for (let row = 0; row < rowCount; row++) {
    const top = roundPx(geometry.yPx + row * rowPx)
    const height = roundPx(geometry.yPx + (row + 1) * rowPx - 1 - top)
    for (let column = 0; column < columnCount; column++) {
      const index = indices[row * columnCount + column]!
      if (index === 0) continue
      const left = roundPx(geometry.xPx + column * columnPx)
      const width = roundPx(geometry.xPx + (column + 1) * columnPx - 1 - left)
      paths[index]!.push(`M${left} ${top}h${width}v${height}h${roundPx(-width)}z`)
    }
  }
  return (
    <>
      {paths.map((path, index) =>
        path.length === 0 ? null : <path key={index} d={path.join('')} fill={colors[index]!} />
      )}
    </>
  )
}

export interface NamesFigureProps extends Omit<CellMarksProps, 'marks'> {
  readonly layout: MatrixLayout
  /** The query whose name is the selection's. */
  readonly selected: number | null
}

/** Names of rows and columns, numbers in cells, dots of what is hidden. */
export function NamesFigure({layout, scale, palette, selected}: NamesFigureProps) {
  return (
    <>
      <CellMarks marks={layout} scale={scale} palette={palette} />
      <TokenNames names={layout} palette={palette} selected={selected} />
    </>
  )
}

export interface CellMarksProps {
  readonly marks: MatrixMarks
  readonly scale: WeightScale
  readonly palette: Palette
}

/** Numbers in cells, dots of what is hidden. */
export function CellMarks({marks, scale, palette}: CellMarksProps) {
  const {values, dots} = marks
  return (
    <>
      <g fontFamily={FONT_FAMILIES.sans} fontSize={11} textAnchor="middle">
        {values.map(({xPx, yPx, text, value}) => (
          <text
            key={`${xPx} ${yPx}`}
            x={roundPx(xPx)}
            y={roundPx(yPx)}
            fill={inkOn(indexOfWeight(value, scale), scale, palette)}
          >
            {text}
          </text>
        ))}
      </g>
      {dots.length > 0 && (
        <path
          d={dots.map(({xPx, yPx}) => `M${roundPx(xPx - 1)} ${roundPx(yPx - 1)}h2v2h-2z`).join('')}
          fill={palette.mark}
        />
      )}
    </>
  )
}

export interface TokenNamesProps {
  readonly names: MatrixNames
  readonly palette: Palette
  readonly selected: number | null
}

/** Names of rows and columns. */
export function TokenNames({names, palette, selected}: TokenNamesProps) {
  const {rowLabels, columnLabels} = names
  return (
    <>
      {rowLabels.map((label) => (
        <g key={label.position} data-row={label.position}>
          {label.positionText && (
            <text
              x={roundPx(label.xPx)}
              y={roundPx(label.yPx)}
              fontSize={11}
              fontFamily={FONT_FAMILIES.sans}
              fill={palette.ink3}
            >
              {label.positionText}
            </text>
          )}
          <MixedText
            x={label.xPx + positionPx(label.positionText)}
            y={label.yPx}
            text={label.text}
            sizePx={label.sizePx}
            typeface="mono"
            fill={label.position === selected ? palette.accent : palette.ink1}
          />
        </g>
      ))}
      {columnLabels.map((label) => (
        <g
          key={label.position}
          data-column={label.position}
          transform={`translate(${roundPx(label.xPx + 4)} ${roundPx(label.yPx)}) rotate(90)`}
        >
          {label.positionText && (
            <text x={0} y={4} fontSize={11} fontFamily={FONT_FAMILIES.sans} fill={palette.ink3}>
              {label.positionText}
            </text>
          )}
          <MixedText
            x={positionPx(label.positionText)}
            y={4}
            text={label.text}
            sizePx={label.sizePx}
            typeface="mono"
            fill={palette.ink1}
          />
        </g>
      ))}
    </>
  )
}

/** Where a name begins after its position. */
function positionPx(text: string): number {
  return text ? textWidthPx(text, 11) + 6 : 0
}

export interface MarksFigureProps {
  readonly geometry: MatrixGeometry
  readonly palette: Palette
  /** The selected token: its row is framed, its column is lined. */
  readonly selected: number | null
  readonly cell: {readonly query: number; readonly key: number} | null
  readonly pairs: readonly {readonly from: number; readonly to: number}[]
}

/** What is selected, lit and pinned. It recolours no data. */
export function MarksFigure({geometry, palette, selected, cell, pairs}: MarksFigureProps) {
  const isInside = (query: number, key: number) =>
    query >= Math.floor(geometry.queries[0]) &&
    query < geometry.queries[1] &&
    key >= Math.floor(geometry.keys[0]) &&
    key < geometry.keys[1]
  const right = geometry.xPx + geometry.widthPx
  const bottom = geometry.yPx + geometry.heightPx
  // A cell or row at the edge of the window is framed as far as it is seen.
  const frameOf = (query: number, key: number, outPx: number) => {
    const x = Math.max(geometry.xPx, xOfKey(geometry, key))
    const y = Math.max(geometry.yPx, yOfQuery(geometry, query))
    const endX = Math.min(right, Math.max(x + 3, xOfKey(geometry, key + 1) - 1))
    const endY = Math.min(bottom, Math.max(y + 3, yOfQuery(geometry, query + 1) - 1))
    return {
      x: roundPx(x - outPx),
      y: roundPx(y - outPx),
      width: roundPx(endX - x + 2 * outPx),
      height: roundPx(endY - y + 2 * outPx),
    }
  }
  const hasRow =
    selected !== null &&
    selected >= Math.floor(geometry.queries[0]) &&
    selected < geometry.queries[1]
  const top = hasRow ? Math.max(geometry.yPx, yOfQuery(geometry, selected)) : 0
  const rowBottom = hasRow ? Math.min(bottom, yOfQuery(geometry, selected + 1) - 1) : 0
  const left = xOfKey(geometry, Math.max(geometry.keys[0], 0))
  return (
    <g fill="none">
      {selected !== null && isColumnShown(geometry, selected) && (
        <SelectedColumn geometry={geometry} palette={palette} selected={selected} />
      )}
      {hasRow && (
        <rect
          x={roundPx(left - 1.5)}
          y={roundPx(top - 1.5)}
          width={roundPx(Math.max(2, xOfKey(geometry, rowEnd(geometry, selected)) - left) + 2)}
          height={roundPx(Math.max(2, rowBottom - top) + 3)}
          rx={2}
          stroke={palette.accent}
          strokeWidth={2}
          data-selected-row={selected}
        />
      )}
      {pairs.map(({from, to}) =>
        isInside(from, to) ? (
          <rect
            key={`${from} ${to}`}
            {...frameOf(from, to, 1)}
            stroke={palette.ink1}
            strokeDasharray="3 2"
            data-pair={`${from} ${to}`}
          />
        ) : null
      )}
      {cell && isInside(cell.query, cell.key) && (
        <rect
          {...frameOf(cell.query, cell.key, 1)}
          stroke={palette.ink1}
          strokeWidth={1.5}
          data-lit={`${cell.query} ${cell.key}`}
        />
      )}
    </g>
  )
}

function isColumnShown({keys}: MatrixGeometry, key: number): boolean {
  return key >= Math.floor(keys[0]) && key < keys[1]
}

interface SelectedColumnProps {
  readonly geometry: MatrixGeometry
  readonly palette: Palette
  readonly selected: number
}

/** Two lines along what reads the selected token, from its own row down. */
function SelectedColumn({geometry, palette, selected}: SelectedColumnProps) {
  const first = geometry.isCausal ? selected : geometry.queries[0]
  const top = Math.max(geometry.yPx, yOfQuery(geometry, first))
  const bottom = geometry.yPx + geometry.heightPx
  if (top >= bottom) return null
  const columnPx = geometry.widthPx / (geometry.keys[1] - geometry.keys[0])
  const left = xOfKey(geometry, selected)
  const path = [left - 0.5, left + Math.max(1, columnPx - 0.5)]
    .map((xPx) => `M${roundPx(xPx)} ${roundPx(top)}V${roundPx(bottom)}`)
    .join('')
  return (
    <path d={path} stroke={palette.accent} strokeOpacity={0.55} data-selected-column={selected} />
  )
}

export interface MatrixLegendProps {
  readonly layout: MatrixLegendLayout
  readonly scale: WeightScale
  readonly palette: Palette
}

/** The scale with its ends, how to read it and what is hidden. */
export function MatrixLegend({layout, scale, palette}: MatrixLegendProps) {
  const steps = scale.isSigned ? palette.diverging : palette.sequential
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={11} fill={palette.ink3}>
      {layout.items.map((item, at) => (
        // Another head has another range in its words: the entry stays, and with it the ramp.
        <g
          key={`${item.kind} ${at}`}
          transform={`translate(${roundPx(item.xPx)} ${roundPx(item.yPx)})`}
        >
          {item.kind === 'ramp' &&
            steps.map((color, i) => (
              <rect
                key={color + i}
                x={i * LEGEND_STEP_PX}
                y={3}
                width={LEGEND_STEP_PX - 1}
                height={10}
                fill={color}
              />
            ))}
          {item.kind === 'dot' && <rect x={3} y={7} width={2} height={2} fill={palette.mark} />}
          {item.kind === 'broken' && (
            <rect x={0} y={3} width={10} height={10} fill={palette.rejected} />
          )}
          <text
            x={legendWordsX(item.kind, layout.stepCount)}
            y={12}
            fill={item.kind === 'broken' ? palette.rejected : undefined}
          >
            {item.text}
          </text>
        </g>
      ))}
    </g>
  )
}
