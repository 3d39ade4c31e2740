import {
  attributionJson,
  attributionRows,
} from '../../../shared/figures/attribution/attribution-data.ts'
import type {LensCopies} from '../../sharing/lens-copies.ts'
import {tsvText} from '../../sharing/tsv-text.ts'
import {attributionCommand} from './attribution-command.ts'
import {selectExported} from './exported.ts'

/** What can be copied of an attribution: of its own method, and of those that stand beside it. */
export const attributionCopies: LensCopies = {
  noun: 'attribution',
  copiesOf(state, captures) {
    const exported = selectExported(state, captures)
    if (!exported) return null
    const {result, picture} = exported
    return {
      command: () => attributionCommand({result}),
      tsv: () => {
        const {columns, cells} = attributionRows(result, picture, false)
        return tsvText(columns, cells)
      },
      json: () => `${JSON.stringify(attributionJson(result, picture, false), null, 2)}\n`,
    }
  },
}
