import {headName} from '../../../shared/figures/attention/map-name.ts'
import {overviewCaptionOf} from '../../../shared/figures/attention/overview-words.ts'
import {CaptionText} from '../caption-text.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {AttentionWait} from './attention-wait.tsx'
import {OverviewView} from './overview-view.tsx'
import {knownHeads, useOverview} from './use-overview.ts'

/** All heads in small, or what is done for them. */
export function OverviewPlace() {
  const overview = useOverview()
  return overview ? <OverviewView overview={overview} /> : <AttentionWait />
}

/** The head under the pointer, else the selected one, with its numbers. */
export function OverviewCaption() {
  const overview = useOverview()
  const pane = usePaneIndex()
  const {store, captures} = useWorkbench()
  const pointed = useWorkbenchState((state) => state.pointedHead)
  useWorkbenchState((state) => ({heads: state.headsRevision, labels: state.headLabels}))
  if (!overview) return 'Every head in small, layers down and heads across.'
  const head = pointed ?? overview.shown
  const {statistics, names, labels} = knownHeads(store.getState(), captures, pane)
  const name = headName(head)
  return (
    <CaptionText
      parts={overviewCaptionOf({
        head,
        statistics: statistics.get(name) ?? null,
        named: names.get(name) ?? null,
        label: labels.get(name) ?? '',
      })}
    />
  )
}
