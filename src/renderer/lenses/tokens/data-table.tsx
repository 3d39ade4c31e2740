import {useVirtualizer} from '@tanstack/react-virtual'
import {useRef} from 'react'
import {
  formatCount,
  formatFixed,
  formatProb,
  formatRank,
} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {TRACK_KINDS} from '../../../shared/figures/tokens/tracks.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import {useLocked, useTokenActions} from '../use-pane.ts'

const ROW_PX = 20

/** The figure's numbers as a table, for reading and for screen readers. */
export function DataTable({tokens}: {readonly tokens: readonly ScoredToken[]}) {
  const {toggleLock} = useTokenActions()
  const locked = useLocked()
  const ref = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: tokens.length,
    getScrollElement: () => ref.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
  })
  const items = rows.getVirtualItems()
  const beforePx = items[0]?.start ?? 0
  const afterPx = rows.getTotalSize() - (items.at(-1)?.end ?? 0)
  return (
    <section
      ref={ref}
      className="table-scroll"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label="Tokens as a table"
    >
      <table className="data-table" aria-rowcount={tokens.length + 1}>
        <thead>
          <tr>
            <th scope="col" data-hint="Place in the sequence, counted from 0.">
              position
            </th>
            <th
              scope="col"
              className="word"
              data-hint="The text that the token stands for; · is a space, ⏎ a new line."
            >
              token
            </th>
            <th scope="col" data-hint="Entry of the vocabulary. The id is the token.">
              id
            </th>
            <th scope="col" data-hint={TRACK_KINDS.surprisal.definition}>
              surprisal, bits
            </th>
            <th scope="col" data-hint={TRACK_KINDS.entropy.definition}>
              entropy, bits
            </th>
            <th scope="col" data-hint={TRACK_KINDS.rank.definition}>
              rank
            </th>
            <th scope="col" data-hint={TRACK_KINDS['max-logprob'].definition}>
              max log-prob, nats
            </th>
            <th scope="col" data-hint={TRACK_KINDS['top-p-mass'].definition}>
              top-p mass
            </th>
            <th scope="col" data-hint={TRACK_KINDS['p-end'].definition}>
              p(end)
            </th>
          </tr>
        </thead>
        <tbody>
          {beforePx > 0 && (
            <tr>
              <td style={{height: beforePx}} />
            </tr>
          )}
          {items.map(({index}) => {
            const token = tokens[index]!
            return (
              <tr
                key={index}
                aria-rowindex={index + 2}
                className={index === locked ? 'on' : ''}
                onClick={() => toggleLock(index)}
              >
                <td>{formatCount(token.position)}</td>
                <th scope="row" className="word mono">
                  {plainGlyphs(token)}
                </th>
                <td>{formatCount(token.id)}</td>
                <td>{formatFixed(token.surprisalBits, 2)}</td>
                <td>{formatFixed(token.entropyBits, 2)}</td>
                <td>{formatRank(token.rank)}</td>
                <td>{formatFixed(token.maxLogprob, 2)}</td>
                <td>{formatProb(token.topPMass)}</td>
                <td>{formatProb(token.endProb)}</td>
              </tr>
            )
          })}
          {afterPx > 0 && (
            <tr>
              <td style={{height: afterPx}} />
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}
