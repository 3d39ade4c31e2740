import {METHOD_LABELS, scoresByMethod} from '../../../shared/figures/critical/response-layout.ts'
import {formatFixed} from '../../../shared/figures/number-format.ts'
import {stepOf} from '../../../shared/figures/palette.ts'
import type {CriticalResult} from '../../../shared/lenses/critical.ts'
import type {WorkbenchState} from '../../store/state.ts'
import type {Workbench} from '../../store/workbench.ts'
import type {LensTrack} from '../lens.ts'
import {selectPaneCritical} from './use-critical.ts'

const known = new WeakMap<CriticalResult, LensTrack>()
const STEPS = 5

/** The strip's chips tinted by 1 − s; by the share of wrong completions where no models are contrasted. */
export function criticalTrack(state: WorkbenchState, {captures}: Workbench): LensTrack | null {
  const shown = selectPaneCritical(state, captures, state.activePane)
  if (!shown?.result || shown.result.scores.length === 0) return null
  const {result, runId} = shown
  const found = known.get(result)
  if (found) return found
  const scores = scoresByMethod(result.scores)
  const contrastive = scores.get('contrastive')
  const own = contrastive ?? scores.get('rollout')
  const track: LensTrack = {
    label: contrastive ? METHOD_LABELS.contrastive : 'success',
    runId,
    valueAt(position) {
      const value = own?.get(position)?.value
      if (value === undefined) return null
      const share = contrastive ? value : 1 - value
      return {
        text: formatFixed(value, 3),
        share: Math.min(1, Math.max(0, share)),
        ground: `var(--seq-${stepOf(share, 1, STEPS) + 1})`,
      }
    },
  }
  known.set(result, track)
  return track
}
