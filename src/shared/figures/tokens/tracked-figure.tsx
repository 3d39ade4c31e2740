import {MixedText} from '../mixed-text.tsx'
import {roundPx} from '../number-format.ts'
import {CATEGORY_DASHES, type Palette} from '../palette.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import type {TrackedLayout, TrackedSeries} from './tracked-layout.ts'

export interface TrackedFigureProps {
  readonly layout: TrackedLayout
  readonly palette: Palette
}

/** Probability of the tracked tokens after every position, on a logarithmic axis. */
export function TrackedFigure({layout, palette}: TrackedFigureProps) {
  const {plot, keyPrefix} = layout
  const right = plot.xPx + plot.widthPx
  const bottom = plot.yPx + plot.heightPx
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={11} fill={palette.ink3}>
      <text x={0} y={14} fontSize={13} fontWeight={600} fill={palette.ink1}>
        Tracked
      </text>
      <text x={60} y={14}>
        {layout.note}
      </text>
      {keyPrefix && (
        <text x={roundPx(keyPrefix.xPx)} y={roundPx(keyPrefix.yPx + 14)}>
          {keyPrefix.text}
        </text>
      )}
      {layout.yTicks.map((tick) => (
        <g key={tick.yPx}>
          <path
            d={`M${roundPx(plot.xPx)} ${Math.round(tick.yPx) + 0.5}H${roundPx(right)}`}
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
        {layout.xTicks.map((tick) => (
          <text key={tick.xPx} x={roundPx(tick.xPx)} y={roundPx(bottom + 16)}>
            {tick.text}
          </text>
        ))}
      </g>
      {layout.selectedXPx !== null && (
        <rect
          x={roundPx(layout.selectedXPx - 4)}
          y={roundPx(plot.yPx - 4)}
          width={8}
          height={roundPx(plot.heightPx + 4)}
          fill={palette.accentSoft}
        />
      )}
      {layout.series.map((series) => (
        <SeriesLine key={series.index} series={series} palette={palette} />
      ))}
    </g>
  )
}

function SeriesLine({series, palette}: {series: TrackedSeries; palette: Palette}) {
  const color = palette.categories[series.index % palette.categories.length]!
  const dash = CATEGORY_DASHES[series.index % CATEGORY_DASHES.length] || undefined
  const [dotX, dotY] = series.dot ?? [0, 0]
  const isPoint = series.points.length === 1
  return (
    <g data-tracked={series.tokenId ?? undefined}>
      {!isPoint && (
        <path
          d={series.points
            .map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${roundPx(x)} ${roundPx(y)}`)
            .join('')}
          stroke={color}
          strokeWidth={1.5}
          strokeLinejoin="round"
          strokeDasharray={dash}
          fill="none"
        />
      )}
      {series.dot && (
        <circle cx={roundPx(dotX)} cy={roundPx(dotY)} r={3.5} fill={color} stroke={palette.paper} />
      )}
      <path
        d={`M${roundPx(series.keyXPx)} ${roundPx(series.keyYPx + 10.5)}h20`}
        stroke={color}
        strokeWidth={1.75}
        strokeDasharray={dash}
        fill="none"
      />
      <MixedText
        x={series.keyXPx + 26}
        y={series.keyYPx + 14}
        text={series.name}
        sizePx={11}
        typeface="mono"
        fill={palette.ink1}
      />
      <text
        x={roundPx(series.keyXPx + 26 + textWidthPx(series.name, 11, 'mono') + 6)}
        y={roundPx(series.keyYPx + 14)}
        fill={palette.ink2}
      >
        {series.valueText}
      </text>
    </g>
  )
}
