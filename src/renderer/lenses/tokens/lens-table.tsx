import {useEffect, useRef} from 'react'
import {formatProb, formatSetting} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {LensFigure} from '../../../shared/figures/tokens/lens-figure.tsx'
import {
  LENS_ROW_PX,
  type LensLayout,
  type LensRowLayout,
} from '../../../shared/figures/tokens/lens-layout.ts'
import type {LogitLens} from '../../../shared/lenses/logit-lens.ts'
import {distributionOf, nextRows} from '../../../shared/lenses/next-rows.ts'
import {targetProps} from '../target.ts'
import {usePalette} from '../use-theme.ts'

export interface LensTableProps {
  readonly layout: LensLayout
  readonly lens: LogitLens
  readonly onChoose: (row: number) => void
}

/** The drawn lens; each row can be chosen, and says its numbers to those who do not see them. */
export function LensTable({layout, lens, onChoose}: LensTableProps) {
  const palette = usePalette()
  const ref = useRef<HTMLDivElement>(null)
  const {selectedRow} = layout
  // A row that keys went to is brought into sight.
  useEffect(() => {
    ref.current
      ?.querySelector(`[data-lens-hit="${selectedRow}"]`)
      ?.scrollIntoView({block: 'nearest'})
  }, [selectedRow])
  return (
    <div
      ref={ref}
      className="lens-table"
      data-testid="logit-lens"
      data-position={lens.position}
      data-temperature={lens.temperature}
    >
      <svg width={layout.widthPx} height={layout.heightPx} aria-hidden="true">
        <LensFigure layout={layout} palette={palette} />
      </svg>
      {/* biome-ignore lint/a11y/useSemanticElements: a list of rows of which one is marked. */}
      <div role="group" aria-label={`Logit lens after position ${lens.position}, input first`}>
        {layout.rows.map((row) => (
          <LensHit
            key={row.index}
            row={row}
            lens={lens}
            isChosen={row.index === selectedRow}
            onChoose={onChoose}
          />
        ))}
      </div>
    </div>
  )
}

interface LensHitProps {
  readonly row: LensRowLayout
  readonly lens: LogitLens
  readonly isChosen: boolean
  readonly onChoose: (row: number) => void
}

function LensHit({row, lens, isChosen, onChoose}: LensHitProps) {
  const distribution = distributionOf(lens)
  const candidates = nextRows(lens.rows[row.index]!, distribution)
  const outputProb = lens.output.prob[row.index]!
  const outputName = nameOf(lens.output)
  const first = candidates[0]
  const words = [
    `${row.name}: likeliest ${first ? nameOf(first) : 'nothing'} ${formatProb(first?.prob)}`,
    `p(${outputName}) ${row.probText}, rank ${row.rankText}`,
  ].join('; ')
  return (
    <button
      type="button"
      className="lens-hit"
      style={{top: row.yPx, height: LENS_ROW_PX}}
      aria-pressed={isChosen}
      aria-label={words}
      data-lens-hit={row.index}
      data-prob={outputProb}
      data-rank={lens.output.rank[row.index]}
      tabIndex={isChosen ? 0 : -1}
      onClick={() => onChoose(row.index)}
    >
      {row.cells.map((cell, i) => {
        const candidate = candidates[i]
        if (!candidate) return null
        const name = nameOf(candidate)
        return (
          <span
            key={cell.xPx}
            className="lens-cell"
            style={{left: cell.xPx, width: cell.widthPx}}
            data-hint={`“${name}” ${row.name}: ${candidate.prob} ${whichText(lens)}, ${i + 1 === 1 ? 'likeliest' : `rank ${i + 1}`}.`}
            data-hint-under=""
            data-id={candidate.id}
            data-prob={candidate.prob}
            {...targetProps({
              kind: 'value',
              name: `the probability of “${name}” ${row.name}`,
              exact: String(candidate.prob),
              definition: 'logit-lens',
            })}
          />
        )
      })}
    </button>
  )
}

/** Which distribution a number is under. */
function whichText(lens: LogitLens): string {
  switch (distributionOf(lens)) {
    case 'raw':
      return 'at temperature 1'
    case 'temperature':
      return `at temperature ${formatSetting(lens.temperature)}`
    case 'truncated':
      return `as sampled, temperature ${formatSetting(lens.temperature)} and top-p ${formatSetting(lens.topP)}`
  }
}

function nameOf(token: {bytesHex?: string | undefined; id?: number; tokenId?: number}): string {
  const name = token.bytesHex ? plainGlyphs({bytesHex: token.bytesHex, isSpecial: true}) : ''
  return name || `#${token.id ?? token.tokenId}`
}
