import type {MapSummary} from '../../../shared/lenses/attention-maps.ts'
import {EVERYTHING} from '../../store/attention-state.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

/** Whether the filters left nothing of what rows had; what is broken is no hiding. */
export function isAllHidden({rowCount, hiddenShare}: MapSummary): boolean {
  return rowCount > 0 && hiddenShare >= 1 - 1e-6
}

/** Says that the filters hide every weight, and takes them away; nothing while some is seen. */
export function HiddenNotice({summaries}: {readonly summaries: readonly MapSummary[]}) {
  const {changeAttentionFilters} = useActions()
  const isSinkDropped = useWorkbenchState((state) => state.attentionFilters.isSinkDropped)
  if (summaries.length === 0 || !summaries.every(isAllHidden)) return null
  return (
    <div className="hidden-notice" role="status" data-testid="all-hidden">
      <span>The filters hide every weight: hidden 100 %.</span>
      <Button
        look="edge"
        onPress={() => changeAttentionFilters({...EVERYTHING, isSinkDropped})}
        testId="show-everything"
      >
        Show everything
      </Button>
    </div>
  )
}
