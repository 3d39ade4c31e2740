import {useMemo} from 'react'
import {layoutLegend} from '../../../shared/figures/tokens/legend.ts'
import {LegendFigure} from '../../../shared/figures/tokens/legend-figure.tsx'
import {type TrackName, trackScales} from '../../../shared/figures/tokens/tracks.ts'
import {outsideText} from '../../../shared/figures/tokens/units.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import type {RunUnits} from '../../store/unit.ts'
import {usePalette} from '../use-theme.ts'

export interface ScalesLegendProps {
  readonly tokens: readonly ScoredToken[]
  /** Where scores are shown by another unit than tokens. */
  readonly units: RunUnits | null
  readonly tracks: readonly TrackName[]
  readonly widthPx: number
}

/** Every scale of the text with its ends and unit. */
export function ScalesLegend({tokens, units, tracks, widthPx}: ScalesLegendProps) {
  const palette = usePalette()
  const layout = useMemo(() => {
    const hasSpecials = tokens.some((token) => token.isSpecial)
    const rows = units ? units.units.filter((unit) => unit.role !== 'outside') : tokens
    const scales = trackScales(tracks, rows, units?.unit.kind)
    const outside = outsideText(units?.table ?? null, [...tokens], tracks[0]!)
    return layoutLegend(scales, widthPx, hasSpecials, outside)
  }, [tokens, units, tracks, widthPx])
  return (
    <div className="figure-legend">
      <svg
        width={widthPx}
        height={layout.heightPx}
        role="img"
        aria-label={layout.items.map((item) => item.text).join('; ')}
      >
        <LegendFigure layout={layout} palette={palette} />
      </svg>
    </div>
  )
}
