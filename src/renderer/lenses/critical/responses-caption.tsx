import {formatCount, formatMany} from '../../../shared/figures/number-format.ts'
import {promptKeyOf} from '../../store/critical-requests.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import type {PaneCritical} from './use-critical.ts'

/** What the responses that were sampled say together. */
export function ResponsesCaption({shown}: {readonly shown: PaneCritical}) {
  const rows =
    useWorkbenchState((state) => state.criticalResponses[promptKeyOf(shown.data.request)]) ?? []
  if (rows.length === 0) return 'Many wrong responses to one prompt, each with its critical token.'
  if (rows.some(({isRecoverable}) => isRecoverable === false)) {
    return 'Not recoverable from the start: fewer than 10 % of completions of the prompt alone are right.'
  }
  const count = rows.reduce((sum, row) => sum + row.count, 0)
  const released = rows.filter(({releasedAt}) => releasedAt !== null).length
  const ours = rows.filter(({oursAt}) => oursAt !== null).length
  return `${formatMany(count, 'wrong response')}, ${formatCount(rows.length)} different: a critical token by the released rule in ${formatCount(released)}, by ours in ${formatCount(ours)}.`
}
