import type {GraphLayout} from '../../../shared/figures/attention/graph-layout.ts'
import {importanceKey} from '../../store/attention-importance.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import type {ShownGraph} from './use-graph.ts'

/** Beside an importance that is not there: computes it, ends it, or asks once more. */
export function TrackActions({
  shown,
  layout,
}: {
  readonly shown: ShownGraph
  readonly layout: GraphLayout
}) {
  const {askImportance, cancelImportance} = useActions()
  const phases = useWorkbenchState((state) => state.importancePhases)
  return layout.tracks.map(({track, yPx, heightPx}, i) => {
    const spec = shown.specs[i]
    if (!spec || track.importance) return null
    const phase = phases[importanceKey(spec)]?.kind
    const waits = phase === undefined && track.words?.startsWith('takes')
    const act =
      phase === 'running'
        ? {title: 'Cancel', run: cancelImportance}
        : phase === 'cancelled' || waits
          ? {title: 'Compute', run: () => askImportance(spec)}
          : null
    return act ? (
      <div
        key={track.id}
        className="track-action"
        style={{
          left: layout.xPx,
          top: yPx + heightPx - 26,
          width: layout.widthPx,
        }}
      >
        <Button look="edge" onPress={act.run} testId={`importance-${track.id}`}>
          {act.title}
        </Button>
      </div>
    ) : null
  })
}
