import {useMemo} from 'react'
import {layoutColumns, type TextColumns} from '../../../shared/figures/tokenize/columns.ts'
import {MOST_SHOWN_TOKENS} from '../../store/tokenizers.ts'
import type {ComparedText} from '../../store/tokenizers-state.ts'
import {hasGlyph} from '../has-glyph.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'

/** The comparison that is shown, which may be of a text that has changed since; null before any. */
export function useCompared(): ComparedText | null {
  const {captures} = useWorkbench()
  const {comparedKey} = useWorkbenchState((state) => ({
    comparedKey: state.comparedKey,
    revision: state.comparedRevision,
  }))
  return comparedKey === null ? null : (captures.compared.peek(comparedKey) ?? null)
}

/** Its columns; they change only with its tokens. */
export function useColumns(compared: ComparedText | null): TextColumns | null {
  const bytes = compared?.bytes
  const rows = compared?.rows
  return useMemo(
    () => (bytes && rows ? layoutColumns(bytes, rows, hasGlyph, MOST_SHOWN_TOKENS) : null),
    [bytes, rows]
  )
}
