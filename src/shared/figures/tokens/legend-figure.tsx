import {roundPx} from '../number-format.ts'
import {CHIP_STEP_COUNT, type Palette} from '../palette.ts'
import {FONT_FAMILIES} from '../text-width.ts'
import {type LegendItem, type LegendLayout, legendTextX, RAMP_PX} from './legend.ts'

export interface LegendFigureProps {
  readonly layout: LegendLayout
  readonly palette: Palette
}

/** Each scale with its ends and unit. */
export function LegendFigure({layout, palette}: LegendFigureProps) {
  return (
    <g fontFamily={FONT_FAMILIES.sans} fontSize={11} fill={palette.ink3}>
      {layout.items.map((item) => (
        <g key={item.text}>
          <LegendSign item={item} palette={palette} />
          <text x={roundPx(item.xPx + legendTextX(item.kind))} y={roundPx(item.yPx + 12)}>
            {item.text}
          </text>
        </g>
      ))}
    </g>
  )
}

function LegendSign({item, palette}: {item: LegendItem; palette: Palette}) {
  const {xPx, yPx} = item
  switch (item.kind) {
    case 'ramp': {
      const stepPx = RAMP_PX / CHIP_STEP_COUNT
      return (
        <>
          {palette.sequential.slice(0, CHIP_STEP_COUNT).map((color, i) => (
            <rect
              key={color}
              x={roundPx(xPx + i * stepPx)}
              y={roundPx(yPx + 3)}
              width={roundPx(stepPx - 1)}
              height={10}
              rx={1}
              fill={color}
            />
          ))}
        </>
      )
    }
    case 'bar':
      return <rect x={roundPx(xPx)} y={roundPx(yPx + 4)} width={8} height={8} fill={palette.mark} />
    case 'special':
      return (
        <rect
          x={roundPx(xPx + 0.5)}
          y={roundPx(yPx + 3.5)}
          width={12}
          height={9}
          rx={2}
          fill="none"
          stroke={palette.lineStrong}
        />
      )
    case 'outside':
      return (
        <rect
          x={roundPx(xPx)}
          y={roundPx(yPx + 3)}
          width={13}
          height={10}
          rx={2}
          fill={palette.sunken}
        />
      )
    case 'number':
      return (
        <text x={roundPx(xPx)} y={roundPx(yPx + 12)} fill={palette.ink1}>
          1
        </text>
      )
  }
}
