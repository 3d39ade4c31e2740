import {useVirtualizer} from '@tanstack/react-virtual'
import {memo, useMemo, useRef, useState} from 'react'
import type {Palette} from '../../../shared/figures/palette.ts'
import {fitText, textWidthPx} from '../../../shared/figures/text-width.ts'
import {type AlignedLine, layoutLine} from '../../../shared/figures/tokenize/aligned-line.ts'
import {rowName} from '../../../shared/figures/tokenize/caption.ts'
import type {TextColumns} from '../../../shared/figures/tokenize/columns.ts'
import {
  chipsWidthPx,
  type InsertedChip,
  InsertedFigure,
  insertedChips,
} from '../../../shared/figures/tokenize/inserted.tsx'
import {
  LINE_HEIGHTS,
  LineFigure,
  type LineHeights,
  LOW_LINE_HEIGHTS,
  lineHeightPx,
  rowsTopPx,
} from '../../../shared/figures/tokenize/line-figure.tsx'
import {breakLines, type LineSpan} from '../../../shared/figures/tokenize/lines.ts'
import type {ComparedText} from '../../store/tokenizers-state.ts'
import {useSize, useWindowSize} from '../../ui/use-size.ts'
import {usePalette} from '../use-theme.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {AgreementLegend} from './agreement-legend.tsx'
import {nameOfChoice} from './names.ts'
import {useBytePointer} from './use-byte-pointer.ts'

const LEAST_LABEL_PX = 52
const MOST_LABEL_PX = 132
const LABEL_GAP_PX = 12
/** Lower windows have denser rows. */
const LOW_PX = 800
const SCROLLBAR_PX = 12

export interface AlignedViewProps {
  readonly compared: ComparedText
  readonly columns: TextColumns
}

/** Everything that lines need and that does not change from line to line. */
export interface LinesLayout {
  readonly columns: TextColumns
  readonly lines: readonly LineSpan[]
  readonly heights: LineHeights
  readonly linePx: number
  readonly labelPx: number
  /** Of all rows, those that are still to come last. */
  readonly labels: readonly string[]
  readonly pendingCount: number
  readonly before: readonly (readonly InsertedChip[])[]
  readonly after: readonly (readonly InsertedChip[])[]
}

/** The text aligned by bytes, one row a tokenizer; only the lines in sight are drawn. */
export function AlignedView({compared, columns}: AlignedViewProps) {
  const [placeRef, {widthPx}] = useSize<HTMLDivElement>()
  const [isLow, setLow] = useState(false)
  useWindowSize((_, heightPx) => setLow(heightPx < LOW_PX))
  const heights = isLow ? LOW_LINE_HEIGHTS : LINE_HEIGHTS
  const layout = useMemo(
    () => (widthPx > 0 ? layoutLines(compared, columns, widthPx, heights) : null),
    [compared, columns, widthPx, heights]
  )
  return (
    <div ref={placeRef} className="aligned-place">
      {layout && (
        <>
          <AgreementLegend compared={compared} columns={columns} />
          <Lines layout={layout} />
        </>
      )}
    </div>
  )
}

function layoutLines(
  {rows, summary, pending}: ComparedText,
  columns: TextColumns,
  widthPx: number,
  heights: LineHeights
): LinesLayout {
  const names = rows.map(({tokenizer}) => {
    const row = summary.results.find((result) => result.tokenizer === tokenizer)
    return row ? rowName(row) : tokenizer
  })
  names.push(...pending.map(nameOfChoice))
  const labels = names.map((name) => fitText(name, MOST_LABEL_PX, 13, 'sans', 500))
  const namePx = Math.ceil(
    Math.max(LEAST_LABEL_PX, ...labels.map((text) => textWidthPx(text, 13, 'sans', 500)))
  )
  const chips = (part: 'before' | 'after') =>
    rows.map(({tokens}, i) => insertedChips(tokens, columns.rows[i]![part]))
  const before = chips('before')
  const after = chips('after')
  const widest = (all: readonly (readonly InsertedChip[])[]) =>
    all.reduce((most, some) => Math.max(most, chipsWidthPx(some)), 0)
  // What was inserted stands beside the names, so that every line begins at one place.
  const labelPx = namePx + LABEL_GAP_PX + Math.ceil(widest(before))
  const lines = breakLines(columns, widthPx - labelPx - SCROLLBAR_PX - widest(after))
  return {
    ...{columns, lines, heights, labelPx, labels, before, after},
    pendingCount: pending.length,
    linePx: lineHeightPx(labels.length, heights),
  }
}

function Lines({layout}: {readonly layout: LinesLayout}) {
  const {lines, linePx, labelPx, columns} = layout
  const ref = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => ref.current,
    estimateSize: () => linePx,
    overscan: 1,
    initialRect: {width: 1, height: 480},
  })
  const pointer = useBytePointer(ref, layout, (line) => rows.scrollToIndex(line, {align: 'auto'}))
  // Rows of another height.
  const measured = useRef(linePx)
  if (measured.current !== linePx) {
    measured.current = linePx
    rows.measure()
  }
  const palette = usePalette()
  const {pointed, held} = useWorkbenchState((state) => ({
    pointed: state.pointedBytes,
    held: state.heldBytes,
  }))
  return (
    <section
      ref={ref}
      className="aligned-scroll"
      style={{maxHeight: rows.getTotalSize()}}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is walked by keys.
      tabIndex={0}
      aria-label="Text aligned by bytes. Arrow keys go from one stretch to the next, Enter holds it; the table view has the tokens as rows."
      data-testid="aligned"
      data-lines={lines.length}
      data-bytes={columns.bytes.length}
      {...pointer}
    >
      <div className="aligned-lines" style={{height: rows.getTotalSize()}}>
        {rows.getVirtualItems().map(({index, start}) => {
          const line = lines[index]
          if (!line) return null
          return (
            <div key={index} className="aligned-line" style={{transform: `translateY(${start}px)`}}>
              <KeptLine layout={layout} index={index} palette={palette} />
              <Marks layout={layout} index={index} bytes={held} palette={palette} isHeld />
              {pointed !== held && (
                <Marks layout={layout} index={index} bytes={pointed} palette={palette} />
              )}
            </div>
          )
        })}
      </div>
      {columns.byteLength < columns.bytes.length && (
        <p className="small ink-3" style={{paddingLeft: labelPx}}>
          Shown up to byte {columns.byteLength}; everything is counted.
        </p>
      )}
    </section>
  )
}

const keptLines = new WeakMap<LinesLayout, Map<number, AlignedLine>>()

/** A line, laid out once. */
export function lineAt(layout: LinesLayout, index: number): AlignedLine {
  const kept = keptLines.get(layout) ?? new Map<number, AlignedLine>()
  keptLines.set(layout, kept)
  let line = kept.get(index)
  if (!line) {
    // Scrolling through a long text keeps some hundred lines.
    if (kept.size > 400) kept.clear()
    line = layoutLine(layout.columns, layout.lines[index]!)
    kept.set(index, line)
  }
  return line
}

/** Left edge of a line's first byte. */
export function lineXPx(layout: LinesLayout): number {
  return layout.labelPx
}

interface LineProps {
  readonly layout: LinesLayout
  readonly index: number
  readonly palette: Palette
}

const KeptLine = memo(function KeptLine({layout, index, palette}: LineProps) {
  const {heights, linePx, labels, pendingCount, before, after, lines} = layout
  const line = lineAt(layout, index)
  const xPx = lineXPx(layout)
  const top = rowsTopPx(heights)
  const isLast = index === lines.length - 1
  return (
    <svg width="100%" height={linePx} aria-hidden="true" className="aligned-svg">
      <g fontSize={11} fill={palette.ink3}>
        <text x={0} y={10}>
          byte
        </text>
        <text x={0} y={top + labels.length * heights.rowPx + 13}>
          cuts
        </text>
      </g>
      <g fontSize={13} fill={palette.ink1}>
        {labels.map((label, i) => (
          <text
            key={i}
            x={0}
            y={top + (i + 0.5) * heights.rowPx + 4.5}
            fill={i >= labels.length - pendingCount ? palette.ink3 : undefined}
          >
            {label}
          </text>
        ))}
      </g>
      {index === 0 &&
        before.map((chips, i) => (
          <g key={i} transform={`translate(0 ${top + i * heights.rowPx})`}>
            <InsertedFigure
              chips={chips}
              xPx={xPx - 3 - chipsWidthPx(chips)}
              rowPx={heights.rowPx}
              palette={palette}
            />
          </g>
        ))}
      <g className="line-bytes" transform={`translate(${xPx} 0)`}>
        <LineFigure line={line} palette={palette} heights={heights} pendingCount={pendingCount} />
      </g>
      {isLast &&
        after.map((chips, i) => (
          <g key={i} transform={`translate(0 ${top + i * heights.rowPx})`}>
            <InsertedFigure
              chips={chips}
              xPx={xPx + line.widthPx + 4}
              rowPx={heights.rowPx}
              palette={palette}
            />
          </g>
        ))}
    </svg>
  )
})

interface MarksProps extends LineProps {
  readonly bytes: readonly [number, number] | null
  readonly isHeld?: boolean
}

/** The same bytes in all rows, outlined. */
function Marks({layout, index, bytes, palette, isHeld = false}: MarksProps) {
  const {heights, linePx, labels, lines} = layout
  const {byteStart, byteEnd} = lines[index]!
  if (!bytes || bytes[1] <= byteStart || bytes[0] >= byteEnd) return null
  const {xs} = lineAt(layout, index)
  const from = xs[Math.max(bytes[0], byteStart) - byteStart]!
  const to = xs[Math.min(bytes[1], byteEnd) - byteStart]!
  const top = heights.tickPx - 1
  return (
    <svg
      width="100%"
      height={linePx}
      aria-hidden="true"
      className="aligned-marks"
      data-testid={isHeld ? 'held-bytes' : 'pointed-bytes'}
      data-from={bytes[0]}
      data-to={bytes[1]}
    >
      <rect
        x={lineXPx(layout) + from}
        y={top}
        width={Math.max(2, to - from)}
        height={heights.textPx + labels.length * heights.rowPx + 1}
        rx={4}
        fill="none"
        stroke={isHeld ? palette.accent : palette.ink2}
        strokeWidth={isHeld ? 2 : 1.25}
      />
    </svg>
  )
}
