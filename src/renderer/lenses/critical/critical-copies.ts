import {criticalJson, criticalRows} from '../../../shared/figures/critical/critical-data.ts'
import {criticalPictureSchema} from '../../../shared/lenses/critical-picture.ts'
import type {LensCopies} from '../../sharing/lens-copies.ts'
import {tsvText} from '../../sharing/tsv-text.ts'
import {criticalCommand} from './critical-command.ts'
import {selectPaneCritical} from './use-critical.ts'

/** What can be copied of critical tokens: completions and contrast as one result. */
export const criticalCopies: LensCopies = {
  noun: 'critical tokens',
  copiesOf(state, captures) {
    const result = selectPaneCritical(state, captures, state.activePane)?.result
    if (!result) return null
    return {
      command: () => criticalCommand({result}),
      tsv: () => {
        const {columns, cells} = criticalRows(result, false)
        return tsvText(columns, cells)
      },
      json: () =>
        `${JSON.stringify(criticalJson(result, criticalPictureSchema.parse({}), false), null, 2)}\n`,
    }
  },
}
