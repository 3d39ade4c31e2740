import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {ChipText} from './chip-figure.tsx'
import {type NextLayout, type NextRow, TITLE_NOTE_PX} from './next-layout.ts'

export interface NextFigureProps {
  readonly layout: NextLayout
  readonly palette: Palette
  /** A candidate to be marked. */
  readonly selectedId?: number | null
  readonly isInteractive?: boolean
}

/** The table of what may follow, its rest and its sum. */
export function NextFigure({layout, palette, selectedId = null, isInteractive}: NextFigureProps) {
  const headBaseline = layout.headerYPx + 15.5
  const {sum} = layout
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={13} fill={palette.ink1}>
      <text x={0} y={14} fontWeight={600}>
        Next token
      </text>
      <g fontSize={11} fill={palette.ink3}>
        <MixedText x={TITLE_NOTE_PX} y={14} text={layout.titleNote} sizePx={11} typeface="sans" />
        {layout.hint && (
          <text x={roundPx(layout.widthPx)} y={14} textAnchor="end">
            {layout.hint}
          </text>
        )}
        <text x={0} y={headBaseline}>
          token
        </text>
        <text x={roundPx(layout.barXPx)} y={headBaseline}>
          {layout.scaleText}
        </text>
        {layout.columns.map((column) => (
          <text key={column.name} x={roundPx(column.endPx)} y={headBaseline} textAnchor="end">
            {column.name}
          </text>
        ))}
      </g>
      <path
        d={`M0 ${roundPx(layout.headerYPx + 22.5)}H${roundPx(layout.widthPx)}`}
        stroke={palette.line}
        fill="none"
      />
      {layout.rows.map((row, index) => (
        <NextRowFigure
          key={row.candidateId ?? -index}
          row={row}
          layout={layout}
          palette={palette}
          isSelected={row.candidateId !== null && row.candidateId === selectedId}
          isInteractive={isInteractive}
        />
      ))}
      <path
        d={`M0 ${roundPx(sum.yPx + 0.5)}H${roundPx(layout.widthPx)}`}
        stroke={palette.lineStrong}
        fill="none"
      />
      <text x={0} y={roundPx(sum.yPx + 15)} fill={palette.ink2}>
        {sum.text}
      </text>
      <g textAnchor="end" fontWeight={600}>
        {sum.raw !== null && (
          <text x={roundPx(layout.columns[0]!.endPx)} y={roundPx(sum.yPx + 15)}>
            {sum.raw}
          </text>
        )}
        <text x={roundPx(layout.widthPx)} y={roundPx(sum.yPx + 15)}>
          {sum.sampled}
        </text>
      </g>
      {layout.notes.map((note) => (
        <text key={note.yPx} x={0} y={roundPx(note.yPx + 11)} fontSize={11} fill={palette.ink3}>
          {note.text}
        </text>
      ))}
    </g>
  )
}

interface NextRowProps {
  readonly row: NextRow
  readonly layout: NextLayout
  readonly palette: Palette
  readonly isSelected: boolean
  readonly isInteractive: boolean | undefined
}

function NextRowFigure({row, layout, palette, isSelected, isInteractive}: NextRowProps) {
  const y = row.yPx
  const hollowInk = row.isCut ? palette.mark : palette.ink1
  const sampledInk = row.sampledText === 'cut' ? palette.ink3 : undefined
  return (
    <g data-candidate={row.candidateId ?? undefined}>
      {isSelected && (
        <rect
          x={-4}
          y={roundPx(y)}
          width={roundPx(layout.widthPx + 8)}
          height={20}
          fill={palette.accentSoft}
        />
      )}
      {row.label !== null ? (
        <text x={0} y={roundPx(y + 14.5)} fill={palette.ink3}>
          {row.label}
        </text>
      ) : (
        <g fontFamily={FONT_FAMILIES.mono} textAnchor="middle">
          <rect
            x={row.isCut ? 0.5 : 0}
            y={roundPx(y + (row.isCut ? 1.5 : 1))}
            width={roundPx(row.chipWidthPx - (row.isCut ? 1 : 0))}
            height={row.isCut ? 17 : 18}
            rx={3}
            fill={row.isCut ? 'none' : palette.sequential[Math.max(0, row.step)]}
            stroke={row.isCut ? palette.lineStrong : undefined}
            strokeDasharray={row.isCut ? '2 2' : undefined}
          />
          <ChipText
            runs={row.runs}
            x={0}
            baseline={y + 14.5}
            ink={row.isCut ? palette.ink3 : palette.seqInkLow}
          />
        </g>
      )}
      {row.solidPx !== null && (
        <rect
          x={roundPx(layout.barXPx)}
          y={roundPx(y + 5)}
          width={roundPx(row.solidPx)}
          height={10}
          fill={row.isRest ? palette.mark : palette.sequential[5]}
        />
      )}
      {row.hollowPx !== null && (
        <rect
          x={roundPx(layout.barXPx + 0.5)}
          y={roundPx(y + 2.5)}
          width={roundPx(Math.max(1, row.hollowPx - 1))}
          height={15}
          fill="none"
          stroke={hollowInk}
          strokeDasharray={row.isCut ? '2 2' : undefined}
        />
      )}
      <g textAnchor="end">
        {row.rawText !== null && (
          <text x={roundPx(layout.columns[0]!.endPx)} y={roundPx(y + 14.5)}>
            {row.rawText}
          </text>
        )}
        <text x={roundPx(layout.widthPx)} y={roundPx(y + 14.5)} fill={sampledInk}>
          {row.sampledText}
        </text>
      </g>
      {isInteractive && (
        <rect
          x={0}
          y={roundPx(y)}
          width={roundPx(layout.widthPx)}
          height={20}
          fill="#000"
          fillOpacity={0}
        />
      )}
    </g>
  )
}
