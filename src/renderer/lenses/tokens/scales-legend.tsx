import {useMemo} from 'react'
import {layoutLegend} from '../../../shared/figures/tokens/legend.ts'
import {LegendFigure} from '../../../shared/figures/tokens/legend-figure.tsx'
import {type TrackName, trackScales} from '../../../shared/figures/tokens/tracks.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {usePalette} from '../use-theme.ts'

export interface ScalesLegendProps {
  readonly tokens: readonly ScoredToken[]
  readonly tracks: readonly TrackName[]
  readonly widthPx: number
}

/** Every scale of the text with its ends and unit. */
export function ScalesLegend({tokens, tracks, widthPx}: ScalesLegendProps) {
  const palette = usePalette()
  const layout = useMemo(() => {
    const hasSpecials = tokens.some((token) => token.isSpecial)
    return layoutLegend(trackScales(tracks, tokens), widthPx, hasSpecials)
  }, [tokens, tracks, widthPx])
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
