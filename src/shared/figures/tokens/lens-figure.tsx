import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import {CATEGORY_DASHES, type Palette} from '../palette.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import {ChipText} from './chip-figure.tsx'
import {LENS_KEY_NAME_PX, type LensChartLayout, type LensKey, type LensPlot} from './lens-charts.ts'
import {LENS_NOTE_PX, LENS_ROW_PX, type LensLayout, type LensRowLayout} from './lens-layout.ts'

export interface LensFigureProps {
  readonly layout: LensLayout
  readonly palette: Palette
}

/** The next-token table after each layer, input first and output last, and how followed tokens come to be. */
export function LensFigure({layout, palette}: LensFigureProps) {
  const headBaseline = roundPx(layout.headerYPx + 15.5)
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={13} fill={palette.ink1}>
      <text x={0} y={14} fontWeight={600}>
        Logit lens
      </text>
      <g fontSize={11} fill={palette.ink3}>
        <MixedText x={LENS_NOTE_PX} y={14} text={layout.note} sizePx={11} typeface="sans" />
        {layout.heads.map(({text, xPx, isEnd}) => (
          <MixedText
            key={xPx}
            x={isEnd ? xPx - textWidthPx(text, 11) : xPx}
            y={headBaseline}
            text={text}
            sizePx={11}
            typeface="sans"
          />
        ))}
      </g>
      <path
        d={`M0 ${roundPx(layout.headerYPx + 22.5)}H${roundPx(layout.widthPx)}`}
        stroke={palette.line}
        fill="none"
      />
      {layout.rows.map((row) => (
        <LensRowFigure key={row.index} row={row} layout={layout} palette={palette} />
      ))}
      {layout.charts && <LensCharts charts={layout.charts} palette={palette} />}
    </g>
  )
}

interface LensRowProps extends LensFigureProps {
  readonly row: LensRowLayout
}

function LensRowFigure({row, layout, palette}: LensRowProps) {
  const baseline = roundPx(row.yPx + 14.5)
  const isSelected = row.index === layout.selectedRow
  return (
    <g data-lens-row={row.index}>
      {isSelected && (
        <>
          <rect
            x={-4}
            y={roundPx(row.yPx)}
            width={roundPx(layout.widthPx + 8)}
            height={LENS_ROW_PX}
            fill={palette.accentSoft}
          />
          <rect x={-8} y={roundPx(row.yPx)} width={2} height={LENS_ROW_PX} fill={palette.accent} />
        </>
      )}
      <text x={0} y={baseline} fill={row.isOutput ? palette.ink1 : palette.ink2}>
        {row.name}
      </text>
      {row.cells.map((cell) => (
        <g key={cell.xPx}>
          <rect
            x={roundPx(cell.xPx)}
            y={roundPx(row.yPx + 1)}
            width={roundPx(cell.chipWidthPx)}
            height={18}
            rx={3}
            fill={palette.sequential[cell.step]}
          />
          <g fontFamily={FONT_FAMILIES.mono} textAnchor="middle">
            <ChipText
              runs={cell.runs}
              x={cell.xPx}
              baseline={row.yPx + 14.5}
              ink={palette.seqInkLow}
            />
          </g>
          {cell.probText !== null && (
            <text
              x={roundPx(cell.xPx + cell.widthPx)}
              y={baseline}
              textAnchor="end"
              fontSize={11}
              fill={palette.ink3}
            >
              {cell.probText}
            </text>
          )}
        </g>
      ))}
      <text x={roundPx(layout.ends.rest)} y={baseline} textAnchor="end" fill={palette.ink3}>
        {row.restText}
      </text>
      <rect
        x={roundPx(layout.barXPx + (row.isOutput ? 0 : 0.5))}
        y={roundPx(row.yPx + (row.isOutput ? 5 : 5.5))}
        width={roundPx(row.isOutput ? row.barPx : Math.max(1, row.barPx - 1))}
        height={row.isOutput ? 10 : 9}
        fill={row.isOutput ? palette.sequential[5] : 'none'}
        stroke={row.isOutput ? undefined : palette.sequential[5]}
      />
      <g textAnchor="end">
        <text x={roundPx(layout.ends.prob)} y={baseline}>
          {row.probText}
        </text>
        <text x={roundPx(layout.ends.rank)} y={baseline}>
          {row.rankText}
        </text>
      </g>
    </g>
  )
}

function LensCharts({charts, palette}: {charts: LensChartLayout; palette: Palette}) {
  const {keyPrefix} = charts
  return (
    <g fontSize={11} fill={palette.ink3}>
      <text x={0} y={roundPx(charts.yPx + 14)} fontSize={13} fontWeight={600} fill={palette.ink1}>
        Followed
      </text>
      <text x={roundPx(keyPrefix.xPx)} y={roundPx(keyPrefix.yPx + 14)}>
        {keyPrefix.text}
      </text>
      {charts.keys.map((entry, index) => (
        <KeyEntry key={entry.tokenId ?? index} entry={entry} index={index} palette={palette} />
      ))}
      {charts.plots.map((plot) => (
        <Plot key={plot.title} plot={plot} palette={palette} />
      ))}
    </g>
  )
}

const colorOf = (palette: Palette, index: number) =>
  palette.categories[index % palette.categories.length]!
const dashOf = (index: number) => CATEGORY_DASHES[index % CATEGORY_DASHES.length] || undefined

interface KeyEntryProps {
  readonly entry: LensKey
  readonly index: number
  readonly palette: Palette
}

function KeyEntry({entry, index, palette}: KeyEntryProps) {
  const nameXPx = entry.xPx + LENS_KEY_NAME_PX
  const roleXPx = nameXPx + textWidthPx(entry.name, 11, 'mono') + 6
  const valueXPx = roleXPx + (entry.roleText ? textWidthPx(entry.roleText, 11) + 6 : 0)
  return (
    <g>
      <path
        d={`M${roundPx(entry.xPx)} ${roundPx(entry.yPx + 10.5)}h20`}
        stroke={colorOf(palette, index)}
        strokeWidth={1.75}
        strokeDasharray={dashOf(index)}
        fill="none"
      />
      <MixedText
        x={nameXPx}
        y={entry.yPx + 14}
        text={entry.name}
        sizePx={11}
        typeface="mono"
        fill={palette.ink1}
      />
      {entry.roleText && (
        <text x={roundPx(roleXPx)} y={roundPx(entry.yPx + 14)}>
          {entry.roleText}
        </text>
      )}
      <text x={roundPx(valueXPx)} y={roundPx(entry.yPx + 14)} fill={palette.ink2}>
        {entry.valueText}
      </text>
    </g>
  )
}

function Plot({plot, palette}: {plot: LensPlot; palette: Palette}) {
  const right = roundPx(plot.xPx + plot.widthPx)
  const bottom = plot.yPx + plot.heightPx
  return (
    <g data-lens-plot={plot.title}>
      <text x={roundPx(plot.xPx)} y={roundPx(plot.yPx - 8)} fill={palette.ink2}>
        {plot.title}
      </text>
      {plot.selectedXPx !== null && (
        <rect
          x={roundPx(plot.selectedXPx - 4)}
          y={roundPx(plot.yPx - 4)}
          width={8}
          height={roundPx(plot.heightPx + 4)}
          fill={palette.accentSoft}
        />
      )}
      {plot.yTicks.map((tick) => (
        <g key={tick.yPx}>
          <path
            d={`M${roundPx(plot.xPx)} ${Math.round(tick.yPx) + 0.5}H${right}`}
            stroke={tick.isAxis ? palette.lineStrong : palette.line}
            fill="none"
          />
          {tick.text && (
            <text x={roundPx(plot.xPx - 8)} y={roundPx(tick.yPx + 4)} textAnchor="end">
              {tick.text}
            </text>
          )}
        </g>
      ))}
      <g textAnchor="middle">
        {plot.xTicks.map((tick) => (
          <text key={tick.xPx} x={roundPx(tick.xPx)} y={roundPx(bottom + 16)}>
            {tick.text}
          </text>
        ))}
      </g>
      {plot.lines.map((line, index) => (
        <path
          key={index}
          d={line.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${roundPx(x)} ${roundPx(y)}`).join('')}
          stroke={colorOf(palette, index)}
          strokeWidth={1.5}
          strokeLinejoin="round"
          strokeDasharray={dashOf(index)}
          fill="none"
        />
      ))}
      {plot.dots.map(([x, y], index) => (
        <circle
          key={index}
          cx={roundPx(x)}
          cy={roundPx(y)}
          r={3.5}
          fill={colorOf(palette, index)}
          stroke={palette.paper}
        />
      ))}
    </g>
  )
}
