import {useVirtualizer} from '@tanstack/react-virtual'
import {useMemo, useRef} from 'react'
import {hexOfBytes} from '../../../shared/domain/token.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {tokensWithin} from '../../../shared/figures/tokenize/aligned-line.ts'
import type {TextColumns} from '../../../shared/figures/tokenize/columns.ts'
import type {ComparedText} from '../../store/tokenizers-state.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {nameOfChoice} from './names.ts'

const ROW_PX = 20

export interface TokenTableViewProps {
  readonly compared: ComparedText
  readonly columns: TextColumns
}

/** The same as rows: one row a stretch that all cut out, one column a tokenizer. */
export function TokenTableView({compared, columns}: TokenTableViewProps) {
  const ref = useRef<HTMLElement>(null)
  const {holdBytes} = useActions()
  const {held} = useWorkbenchState((state) => ({held: state.heldBytes}))
  const blocks = useMemo(() => commonBlocks(columns), [columns])
  const rows = useVirtualizer({
    count: blocks.length,
    getScrollElement: () => ref.current,
    estimateSize: () => ROW_PX,
    overscan: 16,
    initialRect: {width: 1, height: 480},
  })
  const items = rows.getVirtualItems()
  const beforePx = items[0]?.start ?? 0
  const afterPx = rows.getTotalSize() - (items.at(-1)?.end ?? 0)
  const span = columns.rows.length + 2
  return (
    <section
      ref={ref}
      className="block-scroll"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label="Tokens by stretch of the text"
    >
      <table
        className="metrics-table block-table"
        aria-rowcount={blocks.length + 1}
        data-testid="blocks"
      >
        <thead>
          <tr>
            <th scope="col">bytes</th>
            <th scope="col" className="word">
              text
            </th>
            {columns.rows.map(({tokenizer}) => (
              <th key={tokenizer} scope="col" className="word">
                {nameOfChoice(tokenizer)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {beforePx > 0 && (
            <tr>
              <td colSpan={span} style={{height: beforePx, padding: 0}} />
            </tr>
          )}
          {items.map(({index}) => {
            const [from, to] = blocks[index]!
            const bytesHex = hexOfBytes(columns.bytes.subarray(from, to))
            return (
              <tr
                key={index}
                aria-rowindex={index + 2}
                className={held?.[0] === from ? 'on' : ''}
                onClick={() => holdBytes(held?.[0] === from ? null : [from, to])}
              >
                <td>
                  {formatCount(from)}–{formatCount(to)}
                </td>
                <th scope="row" className="word mono">
                  {plainGlyphs({bytesHex, isSpecial: false})}
                </th>
                {columns.rows.map((row, i) => (
                  <td key={row.tokenizer} className="word mono">
                    {tokensWithin(row, [from, to]).map((token) => (
                      <span key={token} className="block-token">
                        {glyphs(compared, i, token)}
                        <span className="ink-3"> {compared.rows[i]!.tokens.ids[token]}</span>
                      </span>
                    ))}
                  </td>
                ))}
              </tr>
            )
          })}
          {afterPx > 0 && (
            <tr>
              <td colSpan={span} style={{height: afterPx, padding: 0}} />
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}

function glyphs({rows}: ComparedText, row: number, token: number): string {
  const {pool, poolStarts} = rows[row]!.tokens
  const bytesHex = hexOfBytes(pool.subarray(poolStarts[token], poolStarts[token + 1]))
  return plainGlyphs({bytesHex, isSpecial: false}) || '∅'
}

/** Stretches between neighbouring places that every row cuts. */
function commonBlocks({
  cutCounts,
  rows,
  byteLength,
}: TextColumns): readonly (readonly [number, number])[] {
  const blocks: [number, number][] = []
  let from = 0
  for (let at = 1; at <= byteLength; at++) {
    if (at !== byteLength && cutCounts[at] !== rows.length) continue
    blocks.push([from, at])
    from = at
  }
  return blocks
}
