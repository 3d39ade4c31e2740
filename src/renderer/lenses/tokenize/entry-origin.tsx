import type {Derivation, TokenizerEntry} from '../../../shared/contract/contract.ts'
import {formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import {
  entryKey,
  otherTokenizers,
  selectHeldIds,
  selectHeldRow,
} from '../../store/tokenizers-details.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {MergeTree} from './merge-tree.tsx'
import {nameOfChoice} from './names.ts'

/** How the told-about tokenizer's tokens of the held bytes came to be, and what they are in the others. */
export function EntryOrigin() {
  const {captures} = useWorkbench()
  const {name, others, ids} = useWorkbenchState((state, {captures: kept}) => {
    const row = selectHeldRow(state)
    return {
      name: row,
      others: row === null ? '' : otherTokenizers(state, row).join('\n'),
      ids: selectHeldIds(state, kept).join(','),
      revision: state.detailsRevision,
    }
  })
  if (name === null || ids === '') return null
  const otherNames = others === '' ? [] : others.split('\n')
  return (
    <section data-testid="entry-origin">
      <h2>
        How they were built<span className="end ink-3">{nameOfChoice(name)}</span>
      </h2>
      {ids.split(',').map((text, i) => {
        const id = Number(text)
        const entry = captures.tokenizerEntries.peek(entryKey(name, id, otherNames))
        return entry ? (
          <Entry key={i} id={id} entry={entry} />
        ) : (
          <div key={i} className="ink-3">
            …
          </div>
        )
      })}
    </section>
  )
}

const KIND_WORDS: Readonly<Record<Derivation['kind'], string>> = {
  special: 'a special token, built from nothing',
  byte: 'one byte, from the start',
  merged: '',
  piece: 'not built from others',
}

export function Entry({id, entry}: {readonly id: number; readonly entry: TokenizerEntry}) {
  const {derivation, bytesHex, isSpecial, elsewhere} = entry
  const words =
    derivation.kind === 'piece' && derivation.score !== null
      ? `score ${formatFixed(derivation.score, 3)}, a natural log-probability`
      : KIND_WORDS[derivation.kind]
  return (
    <div className="entry">
      <div className="entry-head">
        <span className="mono strong">{plainGlyphs({bytesHex, isSpecial}) || '∅'}</span>
        <span className="ink-3">id {formatCount(id)}</span>
        <span className="ink-3 end">{words}</span>
      </div>
      {derivation.merges.length > 0 && <MergeTree bytesHex={bytesHex} merges={derivation.merges} />}
      {elsewhere.length > 0 && (
        <div className="small ink-2">
          {elsewhere.map(({tokenizer, id: other, pieceIds}, i) => (
            <span key={tokenizer}>
              {i > 0 && ', '}
              {nameOfChoice(tokenizer)}{' '}
              {other === null ? `none${pieceIds ? `, ${pieceIds.length} tokens` : ''}` : other}
            </span>
          ))}
        </div>
      )}
    </div>
  )
}
