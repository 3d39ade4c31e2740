import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {LEVEL_COUNT} from '../../../shared/figures/tokenize/aligned-line.ts'
import {usePalette} from '../use-theme.ts'
import type {AlignedViewProps} from './aligned-view.tsx'
import {bytesText} from './names.ts'

/** What is compared, and what its colours mean. */
export function AgreementLegend({compared, columns}: AlignedViewProps) {
  const palette = usePalette()
  const {summary} = compared
  const count = columns.rows.length
  const words = summary.results[0]?.wordCount ?? 0
  return (
    <div className="aligned-head">
      <h2>Aligned by bytes</h2>
      <span className="ink-3 small">
        {bytesText(summary.bytes)}, {formatMany(words, 'word')}
      </span>
      <span className="grow" />
      {count > 1 && (
        <span className="small ink-3 aligned-legend" data-hint="tokens-in-common">
          cut this way by {formatCount(count)}
          <svg width={LEVEL_COUNT * 18} height="12" aria-hidden="true">
            {Array.from({length: LEVEL_COUNT}, (_, level) => (
              <rect
                key={level}
                x={level * 18}
                y={1}
                width={17}
                height={10}
                rx={2}
                fill={palette.sequential[level]}
              />
            ))}
          </svg>
          1 alone
        </span>
      )}
    </div>
  )
}
