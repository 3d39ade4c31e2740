import {headName} from '../../../shared/figures/attention/map-name.ts'
import {SHORT_HEAD_NAMES} from '../../../shared/figures/attention/overview-words.ts'
import type {HeadStatistics, ProbedHead} from '../../../shared/lenses/attention-maps.ts'
import type {HeadLabel} from '../../../shared/lenses/head-labels.ts'
import {matchesFilter, nameOfProbed, sortHeads} from '../../store/attention-heads.ts'
import {labelOf, labelSearchText} from '../../store/head-labels.ts'
import type {WorkbenchState} from '../../store/state.ts'

export interface HeadList {
  readonly heads: readonly HeadStatistics[]
  readonly probe: readonly ProbedHead[] | null
  readonly labels: readonly HeadLabel[]
  readonly sort: WorkbenchState['headSort']
  readonly filter: string
}

/** Heads in the order in which they are listed, without those that the filter leaves out. */
export function listedHeads({heads, probe, labels, sort, filter}: HeadList): HeadStatistics[] {
  const probed = new Map((probe ?? []).map((head) => [headName(head), head]))
  return sortHeads(heads, sort).filter((head) => {
    if (filter === '') return true
    const own = probed.get(headName(head))
    const named = own ? nameOfProbed(own) : null
    const label = labelSearchText(labelOf(labels, head))
    return matchesFilter(head, `${named ? SHORT_HEAD_NAMES[named.name] : ''} ${label}`, filter)
  })
}
