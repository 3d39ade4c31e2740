import {tintOf} from '../../../shared/figures/attribution/bars-layout.ts'
import {
  neutralLevel,
  rowsOfResult,
  valuesOfRow,
} from '../../../shared/figures/attribution/value-rows.ts'
import {METHOD_NAMES} from '../../../shared/figures/attribution/words.ts'
import {formatFixed} from '../../../shared/figures/number-format.ts'
import type {AttributeResult, AttributionRow} from '../../../shared/lenses/attribute.ts'
import type {AttributionScores} from '../../../shared/lenses/attribution-picture.ts'
import {selectShown} from '../../store/attribution.ts'
import {selectAttributionWish} from '../../store/attribution-requests.ts'
import {selectLock} from '../../store/selection.ts'
import type {WorkbenchState} from '../../store/state.ts'
import type {Workbench} from '../../store/workbench.ts'
import type {LensTrack} from '../lens.ts'

/** The strip's chips tinted by what each token is worth to the target that is looked at. */
export function attributionTrack(state: WorkbenchState, {captures}: Workbench): LensTrack | null {
  const wish = selectAttributionWish(state, captures, state.activePane)
  const result = wish && selectShown(state, captures, wish).result
  if (!wish || !result) return null
  const rows = rowsOfResult(result)
  const locked = selectLock(state, captures, wish.runId)
  const row = rows.find(({target}) => target.positions[0] === locked) ?? rows[0]
  return row ? trackOf(result, row, state.attributionLooks.scores, wish.runId) : null
}

const known = new WeakMap<AttributionRow, Map<AttributionScores, LensTrack>>()

function trackOf(
  {method}: AttributeResult,
  row: AttributionRow,
  scores: AttributionScores,
  runId: string
): LensTrack {
  const own = known.get(row) ?? new Map<AttributionScores, LensTrack>()
  known.set(row, own)
  const before = own.get(scores)
  if (before) return before
  const level = neutralLevel(row, scores)
  const values = new Map(valuesOfRow(row, scores).map(({position, value}) => [position, value]))
  const largest = [...values.values()].reduce(
    (most, value) => Math.max(most, Math.abs(value - level)),
    0
  )
  const track: LensTrack = {
    label: METHOD_NAMES[method],
    runId,
    valueAt(position) {
      const value = values.get(position)
      if (value === undefined) return null
      const share = largest === 0 ? 0 : Math.abs(value - level) / largest
      return {text: formatFixed(value, 3), share, ground: groundOf(tintOf(value - level, largest))}
    },
  }
  own.set(scores, track)
  return track
}

function groundOf(tint: number): string {
  return tint < 0 ? `var(--div-${6 + tint})` : `var(--seq-${tint + 1})`
}
