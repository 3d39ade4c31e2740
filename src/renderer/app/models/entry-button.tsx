import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {targetProps} from '../../lenses/target.ts'
import {useActions} from '../../lenses/use-workbench.ts'
import type {RunId} from '../../store/state.ts'
import {Chip} from '../../ui/chip.tsx'
import {cellsOf} from '../token-strip/token-cells.ts'

export interface EntryButtonProps {
  readonly entry: {readonly id: number; readonly bytesHex: string}
  readonly runId: RunId
  /** After which it may follow, with that probability. */
  readonly position: number
  readonly prob: number | null
}

/** An entry of the vocabulary as a chip; a click opens its card, a right click what else there is. */
export function EntryButton({entry, runId, position, prob}: EntryButtonProps) {
  const {openCard} = useActions()
  const name = plainGlyphs({...entry, isSpecial: true}) || `#${entry.id}`
  return (
    <button
      type="button"
      className="entry-button"
      aria-label={`${name}, open its card`}
      onClick={() => openCard({kind: 'entry', runId, tokenId: entry.id})}
      {...targetProps({kind: 'candidate', runId, position, tokenId: entry.id, prob})}
    >
      <Chip cells={cellsOf(entry)} size="row" />
    </button>
  )
}
