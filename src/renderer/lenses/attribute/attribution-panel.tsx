import {heatCaption} from '../../../shared/figures/attribution/layout.ts'
import {rowsOfResult} from '../../../shared/figures/attribution/value-rows.ts'
import {attributionCaption, attributionGuard} from '../../../shared/figures/attribution/words.ts'
import type {CaptionPart} from '../../../shared/figures/tokens/caption.ts'
import type {AttributionMethod} from '../../../shared/lenses/attribute.ts'
import {sampleOfResult} from '../../../shared/samples/caption.ts'
import {filledCaption, slotsOf} from '../../../shared/samples/sample.ts'
import {
  COMPARE_VIEW,
  HEAT_MAP_VIEW,
  REPLACE_VIEW,
  VALUES_VIEW,
} from '../../store/attribution-state.ts'
import {selectPane} from '../../store/panes.ts'
import {HintArea} from '../../ui/hint-area.tsx'
import {CaptionText} from '../caption-text.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useRunData} from '../use-tokens.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {AttributionControls} from './attribution-controls.tsx'
import {AttributionWait} from './attribution-wait.tsx'
import {BarsView} from './bars-view.tsx'
import {CompareView} from './compare-view.tsx'
import {HeatView} from './heat-view.tsx'
import {ReplaceView} from './replace-view.tsx'
import {
  besideMethods,
  idsOfTarget,
  type PaneAttribution,
  useAttribution,
  useTokenNames,
} from './use-attribution.ts'
import {ValuesTable} from './values-table.tsx'
import '../lens-panel.css'
import './attribution-panel.css'

/** The attribution lens: what each token of the context is worth to a target, as it converges. */
export function AttributionPanel() {
  const data = useRunData()
  const shown = useAttribution()
  const pane = usePaneIndex()
  const view = useWorkbenchState((state) => selectPane(state, pane).view)
  if (!data) return null
  return (
    <div className="tokens-panel attribution-panel">
      <div className="panel-body">
        <div className="figure-words">
          <div className="caption" data-testid="caption">
            <Caption shown={shown} view={view} />
          </div>
          <div className="guard">{guardText(shown)}</div>
        </div>
        <div className="figure attribution-figure" data-view={view ?? 'bars'}>
          <HintArea>
            <View shown={shown} view={view} />
          </HintArea>
        </div>
      </div>
      <AttributionControls shown={shown} view={view} />
    </div>
  )
}

interface ViewProps {
  readonly shown: PaneAttribution | null
  readonly view: string | null
}

function View({shown, view}: ViewProps) {
  const isHeatMap = view === HEAT_MAP_VIEW
  if (isHeatMap && shown && shown.data.tokens.length === shown.data.promptTokenCount) {
    return <NothingGenerated />
  }
  const isThere = isHeatMap ? shown?.result : shown?.row
  if (!shown?.main || !isThere) return <AttributionWait shown={shown} />
  switch (view) {
    case HEAT_MAP_VIEW:
      return <HeatView shown={shown} />
    case COMPARE_VIEW:
      return <CompareView shown={shown} />
    case REPLACE_VIEW:
      return <ReplaceView shown={shown} />
    case VALUES_VIEW:
      return <ValuesTable shown={shown} />
    default:
      return <BarsView shown={shown} />
  }
}

/** A heat map has a row for each generated token. */
function NothingGenerated() {
  return (
    <div className="lens-wait" data-testid="nothing-generated">
      <p>
        Nothing was generated after this prompt, so there are no rows. Let some tokens follow
        (beside Run, or Generate), then each of them is explained by all that stands before it.
      </p>
    </div>
  )
}

function Caption({shown, view}: ViewProps) {
  const scores = useWorkbenchState((state) => state.attributionLooks.scores)
  const row = shown?.row ?? null
  const names = useTokenNames(shown?.data.request.model, idsOfTarget(row?.target))
  if (!shown?.result || !row) return 'What each token of the context is worth to a token after it.'
  if (view === HEAT_MAP_VIEW) return <CaptionText parts={heatCaption(shown.result)} />
  const [beside = null] = besideMethods(shown.beside)
  const claim = claimOf(shown)
  if (claim) return <CaptionText parts={claim} />
  return <CaptionText parts={attributionCaption(shown.result, row, {scores, names, beside})} />
}

/** What a sample shows, where this is one, unchanged, and its claim holds. */
function claimOf({data, result, row, main, beside}: PaneAttribution): CaptionPart[] | null {
  const {provenance, request} = data
  const sample = provenance && sampleOfResult({request, model: provenance.model}, 'attribute')
  const target = main?.wish.request
  if (!sample || !result || !row || !target) return null
  const {settings} = sample
  if (target.method !== settings?.method || target.preset !== settings.preset) return null
  const isNext =
    target.targetPosition === undefined &&
    !target.contrast &&
    !target.targetSpan &&
    target.targetToken === undefined
  const rowOf = (wanted: AttributionMethod) =>
    besideMethods(beside).find(({method}) => method === wanted)?.row
  const [masked, rollout] = [rowOf('occlusion-mask'), rowOf('attention-rollout')]
  if (!isNext || !masked || !rollout || row.stopReason === 'cancelled') return null
  const slots = slotsOf(sample.claim, {tokens: result.tokens, reagent: row, masked, rollout})
  return slots && filledCaption(sample.claim.caption, slots)
}

function guardText(shown: PaneAttribution | null): string {
  if (!shown?.result) return 'Forward passes alone: no gradients are taken.'
  const {result, main, row} = shown
  const isStopped = main?.job?.phase.kind === 'cancelled' || main?.job?.phase.kind === 'failed'
  // Where only checks were left the values are whole.
  const isCut = isStopped && rowsOfResult(result).some(({stopReason}) => stopReason === 'cancelled')
  return attributionGuard({...result, status: isCut ? 'cancelled' : 'completed'}, row?.target)
}
