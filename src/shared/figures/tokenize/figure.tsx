import {formatMany, roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import {WordLinesFigure} from '../word-lines-figure.tsx'
import {LEVEL_COUNT} from './aligned-line.ts'
import {chipsWidthPx, InsertedFigure} from './inserted.tsx'
import {COUNT_ROW_PX, type TokenizeFigureLayout} from './layout.ts'
import {LINE_HEIGHTS, LineFigure, rowsTopPx} from './line-figure.tsx'

export interface TokenizeFigureProps {
  readonly layout: TokenizeFigureLayout
  readonly palette: Palette
  readonly title: string
  /** For readers who do not see it. */
  readonly description: string
  /** How it was made, as JSON. */
  readonly metadata: string
}

/** A text as several tokenizers cut it, as one SVG: no hooks, no style rules, presentation attributes only. */
export function TokenizeFigure(props: TokenizeFigureProps) {
  const {layout, palette, title, description, metadata} = props
  const width = roundPx(layout.widthPx)
  const height = roundPx(layout.heightPx)
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      fontFamily={FONT_FAMILIES.sans}
    >
      <title>{xmlText(title)}</title>
      <desc>{xmlText(description)}</desc>
      <metadata>{metadata}</metadata>
      <rect width={width} height={height} fill={palette.paper} />
      <WordLinesFigure lines={layout.words} marginPx={layout.marginPx} palette={palette} />
      {layout.legendYPx !== null && (
        <Legend layout={layout} yPx={layout.legendYPx} palette={palette} />
      )}
      {layout.lines.map(({yPx}, index) => (
        <Line key={yPx} layout={layout} index={index} palette={palette} />
      ))}
      <Counts layout={layout} palette={palette} />
    </svg>
  )
}

interface PartProps {
  readonly layout: TokenizeFigureLayout
  readonly palette: Palette
}

function Legend({layout, yPx, palette}: PartProps & {readonly yPx: number}) {
  const words = `cut this way by ${layout.labels.length}`
  const left = layout.marginPx + textWidthPx(words, 11) + 8
  return (
    <g fontSize={11} fill={palette.ink3}>
      <text x={layout.marginPx} y={roundPx(yPx + 10)}>
        {words}
      </text>
      {Array.from({length: LEVEL_COUNT}, (_, level) => (
        <rect
          key={level}
          x={roundPx(left + level * 18)}
          y={roundPx(yPx + 1)}
          width={17}
          height={10}
          rx={2}
          fill={palette.sequential[level]}
        />
      ))}
      <text x={roundPx(left + LEVEL_COUNT * 18 + 8)} y={roundPx(yPx + 10)}>
        1 alone
      </text>
    </g>
  )
}

function Line({layout, index, palette}: PartProps & {readonly index: number}) {
  const {labels, labelPx, before, after, lines, marginPx, noPrompt} = layout
  const {yPx, line} = lines[index]!
  const top = rowsTopPx(LINE_HEIGHTS)
  const {rowPx} = LINE_HEIGHTS
  const isLast = index === lines.length - 1 && layout.undrawnBytes <= 0
  return (
    <g transform={`translate(${marginPx} ${roundPx(yPx)})`}>
      <g fontSize={11} fill={palette.ink3}>
        <text x={0} y={10}>
          byte
        </text>
        <text x={0} y={top + labels.length * rowPx + 13}>
          cuts
        </text>
      </g>
      <g fontSize={13} fill={palette.ink1}>
        {labels.map((label, i) => (
          <text key={i} x={0} y={roundPx(top + (i + 0.5) * rowPx + 4.5)}>
            {xmlText(label)}
          </text>
        ))}
      </g>
      {index === 0 &&
        before.map((chips, i) => (
          <g key={i} transform={`translate(0 ${top + i * rowPx})`}>
            <InsertedFigure
              chips={chips}
              xPx={labelPx - 3 - chipsWidthPx(chips)}
              rowPx={rowPx}
              palette={palette}
            />
          </g>
        ))}
      <g transform={`translate(${roundPx(labelPx)} 0)`}>
        <LineFigure line={line} palette={palette} heights={LINE_HEIGHTS} noPrompt={noPrompt} />
      </g>
      {isLast &&
        after.map((chips, i) => (
          <g key={i} transform={`translate(0 ${top + i * rowPx})`}>
            <InsertedFigure
              chips={chips}
              xPx={labelPx + line.widthPx + 4}
              rowPx={rowPx}
              palette={palette}
            />
          </g>
        ))}
    </g>
  )
}

const COLUMN_GAP_PX = 18

/** What is counted, one row a tokenizer; numbers end at one edge. */
function Counts({layout, palette}: PartProps) {
  const {counts, labels, marginPx, tableYPx, undrawnBytes, widthPx} = layout
  let right =
    marginPx + labels.reduce((most, text) => Math.max(most, textWidthPx(text, 13, 'sans', 500)), 0)
  const placed = counts.flatMap((column) => {
    const cellPx = column.cells.reduce((most, text) => Math.max(most, textWidthPx(text, 13)), 0)
    right += COLUMN_GAP_PX + Math.max(cellPx, textWidthPx(column.title, 11))
    // A column that has no room is left out whole; the data has it.
    return right <= widthPx - marginPx ? [{...column, right}] : []
  })
  const ruleY = roundPx(tableYPx + COUNT_ROW_PX - 3.5)
  const endPx = placed.at(-1)?.right ?? right
  const baseline = (row: number) => roundPx(tableYPx + (row + 1) * COUNT_ROW_PX + 13)
  return (
    <>
      <g fontSize={11} fill={palette.ink3} textAnchor="end">
        {placed.map((column) => (
          <text key={column.title} x={roundPx(column.right)} y={roundPx(tableYPx + 11)}>
            {xmlText(column.title)}
          </text>
        ))}
      </g>
      {undrawnBytes > 0 && (
        <text x={marginPx} y={roundPx(tableYPx + 11)} fontSize={11} fill={palette.ink3}>
          {`${formatMany(undrawnBytes, 'byte')} more are counted`}
        </text>
      )}
      <path d={`M${marginPx} ${ruleY}H${roundPx(endPx)}`} stroke={palette.lineStrong} />
      <g fontSize={13} fill={palette.ink1}>
        {labels.map((label, i) => (
          <text key={i} x={marginPx} y={baseline(i)}>
            {xmlText(label)}
          </text>
        ))}
        <g textAnchor="end">
          {placed.map((column) =>
            column.cells.map((text, i) => (
              <text key={`${column.title} ${i}`} x={roundPx(column.right)} y={baseline(i)}>
                {text}
              </text>
            ))
          )}
        </g>
      </g>
    </>
  )
}
