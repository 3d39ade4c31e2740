import {useCallback, useMemo} from 'react'
import {CriticalLegend} from '../../../shared/figures/critical/figure.tsx'
import {legendOf} from '../../../shared/figures/critical/layout.ts'
import {namedPosition} from '../../../shared/figures/critical/named-tokens.ts'
import {ResponseFigure} from '../../../shared/figures/critical/response-figure.tsx'
import {layoutResponse} from '../../../shared/figures/critical/response-layout.ts'
import {formatFixed} from '../../../shared/figures/number-format.ts'
import type {CriticalResult} from '../../../shared/lenses/critical.ts'
import {criticalPictureSchema} from '../../../shared/lenses/critical-picture.ts'
import {useSize} from '../../ui/use-size.ts'
import {hasGlyph} from '../has-glyph.ts'
import {usePanePlace, useSelection} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {type PositionAt, useTokenPointer} from '../use-token-pointer.ts'
import {useLineWalk} from '../walk.ts'
import {PassTable} from './pass-table.tsx'

const PICTURE = criticalPictureSchema.parse({})
const LEGEND_GAP_PX = 10
const LEGEND_LINE_PX = 20

/** The response with its success curve and the other estimators: the figure itself, and what the pointer does on it. */
export function ResponseView({result}: {readonly result: CriticalResult}) {
  const [ref, {widthPx}] = useSize<HTMLDivElement>({place: usePanePlace('critical response')})
  const palette = usePalette()
  const {hovered, locked} = useSelection()
  const layout = useMemo(
    () =>
      widthPx > 0 ? layoutResponse(result, PICTURE, {widthPx, drawsUncovered: hasGlyph}) : null,
    [result, widthPx]
  )
  const lines = layout?.lines
  useLineWalk(
    useCallback(
      (position, lineCount) => {
        if (!lines || lines.length === 0) return null
        const at = lines.findIndex(({columns}) => columns.at(-1)!.position >= position)
        const from = at < 0 ? lines.length - 1 : at
        const to = Math.max(0, Math.min(lines.length - 1, from + lineCount))
        const index = lines[from]!.columns.findIndex((column) => column.position === position)
        const {columns} = lines[to]!
        return columns[Math.min(columns.length - 1, Math.max(0, index))]!.position
      },
      [lines]
    )
  )
  const positionAt: PositionAt = ({clientX, clientY}) => {
    const element = document.elementFromPoint(clientX, clientY)?.closest('[data-column]')
    return element ? Number(element.getAttribute('data-column')) : null
  }
  const pointer = useTokenPointer(positionAt)
  const legend = layout ? legendOf(layout, widthPx, 0) : []
  const legendPx = (legend.at(-1)?.yPx ?? 0) + LEGEND_LINE_PX
  return (
    <div ref={ref} className="response-figure" data-testid="critical-response" {...pointer}>
      {layout && (
        <svg
          width={widthPx}
          height={layout.heightPx + LEGEND_GAP_PX + legendPx}
          role="img"
          aria-label="The response with the success of its prefixes; the table view has the same numbers"
          data-target-place="tokens"
        >
          <ResponseFigure layout={{...layout, selected: hovered ?? locked}} palette={palette} />
          {layout.lines.flatMap((line) =>
            line.columns.map(({position, xPx, widthPx: columnPx}) => (
              <rect
                key={position}
                x={xPx - layout.gapPx / 2}
                y={line.yPx}
                width={columnPx + layout.gapPx}
                height={layout.linePx}
                fill="transparent"
                data-column={position}
              />
            ))
          )}
          <g
            transform={`translate(0 ${layout.heightPx + LEGEND_GAP_PX})`}
            fontSize={11}
            fill={palette.ink3}
          >
            <CriticalLegend items={legend} palette={palette} />
          </g>
        </svg>
      )}
      <Counterfactual result={result} />
    </div>
  )
}

function Counterfactual({result}: {readonly result: CriticalResult}) {
  const {counterfactual, agreement} = result
  return (
    <div className="critical-facts">
      {counterfactual && <PassTable counterfactual={counterfactual} />}
      {agreement && namedPosition(result, 'released') !== null && (
        <p className="small ink-2" data-testid="agreement" data-spearman={agreement.spearman ?? ''}>
          The two estimators name {agreement.sameToken ? 'the same token' : 'different tokens'};
          rank correlation of <span className="whole">1 − success</span> and{' '}
          <span className="whole">1 − s</span>{' '}
          {agreement.spearman === null ? 'is not defined' : formatFixed(agreement.spearman, 2)}.
        </p>
      )}
    </div>
  )
}
