import {hexOfBytes} from '../../../shared/domain/token.ts'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {tokensWithin} from '../../../shared/figures/tokenize/aligned-line.ts'
import type {TextColumns} from '../../../shared/figures/tokenize/columns.ts'
import {selectHeldRow} from '../../store/tokenizers-details.ts'
import type {ComparedText} from '../../store/tokenizers-state.ts'
import {HintArea} from '../../ui/hint-area.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {EntryOrigin} from './entry-origin.tsx'
import {nameOfChoice} from './names.ts'
import {useColumns, useCompared} from './use-compared.ts'

const MOST_TOKENS = 24

/** The bytes that are held, else those under the pointer, as every tokenizer cuts them. */
export function TokenizeInspector() {
  const compared = useCompared()
  const columns = useColumns(compared)
  const {held, pointed} = useWorkbenchState((state) => ({
    held: state.heldBytes,
    pointed: state.pointedBytes,
  }))
  const bytes = pointed ?? held
  if (!compared || !columns || !bytes || bytes[1] > columns.byteLength) {
    return (
      <section>
        <h2>Inspector</h2>
        <div className="ink-3">
          Point at the text to see how each tokenizer cuts the same bytes. Click to hold them; a row
          tells how its tokens were built.
        </div>
      </section>
    )
  }
  const hex = hexOfBytes(columns.bytes.subarray(bytes[0], bytes[1]))
  const isHeld = held !== null && held[0] === bytes[0] && held[1] === bytes[1]
  return (
    <HintArea>
      <div className="inspector-head" data-testid="inspected-bytes">
        <span className="stretch-name mono">{plainGlyphs({bytesHex: hex, isSpecial: false})}</span>
        <span className="inspected-name">
          <span className="strong">
            bytes {formatCount(bytes[0])} to {formatCount(bytes[1])}
          </span>
          <span className="small ink-3">{isHeld ? 'held, Esc' : 'pointed at'}</span>
        </span>
      </div>
      <section>
        <h2>Bytes</h2>
        <div className="mono stretch-hex">{hex.replace(/(..)(?=.)/g, '$1 ')}</div>
      </section>
      <CutAs compared={compared} columns={columns} bytes={bytes} />
      {isHeld && <EntryOrigin />}
    </HintArea>
  )
}

interface CutAsProps {
  readonly compared: ComparedText
  readonly columns: TextColumns
  readonly bytes: readonly [number, number]
}

/** One row a tokenizer: its tokens of these bytes, with their ids. */
function CutAs({compared, columns, bytes}: CutAsProps) {
  const {holdRow} = useActions()
  const chosen = useWorkbenchState(selectHeldRow)
  return (
    <section>
      <h2>Cut as</h2>
      <ul className="cut-as">
        {columns.rows.map((row, i) => {
          const {tokens} = compared.rows[i]!
          const indexes = tokensWithin(row, bytes)
          return (
            <li key={row.tokenizer} className={row.tokenizer === chosen ? 'on' : ''}>
              <button
                type="button"
                className="row-choice"
                aria-pressed={row.tokenizer === chosen}
                onClick={() => holdRow(row.tokenizer)}
              >
                {nameOfChoice(row.tokenizer)}
              </button>
              <span className="cut-tokens mono">
                {indexes.slice(0, MOST_TOKENS).map((index) => (
                  <span key={index} className="cut-token">
                    {glyphsOf(tokens, index)}
                    <span className="ink-3"> {tokens.ids[index]}</span>
                  </span>
                ))}
                {indexes.length > MOST_TOKENS && (
                  <span className="ink-3">and {indexes.length - MOST_TOKENS} more</span>
                )}
                {indexes.length === 0 && <span className="ink-3">no token: dropped</span>}
              </span>
              <span className="ink-3 small">
                {formatCount(indexes.length)} {indexes.length === 1 ? 'token' : 'tokens'}
              </span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function glyphsOf(
  {pool, poolStarts}: ComparedText['rows'][number]['tokens'],
  index: number
): string {
  const bytesHex = hexOfBytes(pool.subarray(poolStarts[index], poolStarts[index + 1]))
  return plainGlyphs({bytesHex, isSpecial: false}) || '∅'
}
