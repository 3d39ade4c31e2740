import {criticalCaption, criticalGuardLine} from '../../../shared/figures/critical/words.ts'
import type {CaptionPart} from '../../../shared/figures/tokens/caption.ts'
import {sampleOfResult} from '../../../shared/samples/caption.ts'
import {filledCaption, slotsOf} from '../../../shared/samples/sample.ts'
import {DATASET_VIEW, RESPONSES_VIEW, SCORES_VIEW} from '../../store/critical-state.ts'
import {selectPane} from '../../store/panes.ts'
import {HintArea} from '../../ui/hint-area.tsx'
import {CaptionText} from '../caption-text.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useRunData} from '../use-tokens.ts'
import {useWorkbenchState} from '../use-workbench.ts'
import {CriticalControls} from './critical-controls.tsx'
import {DatasetView} from './dataset-view.tsx'
import {ContrastState, RolloutState} from './job-state.tsx'
import {ResponseNeeded} from './response-needed.tsx'
import {ResponseView} from './response-view.tsx'
import {ResponsesCaption} from './responses-caption.tsx'
import {ResponsesView} from './responses-view.tsx'
import {ScoresTable} from './scores-table.tsx'
import {type PaneCritical, useCritical} from './use-critical.ts'
import '../lens-panel.css'
import './critical-panel.css'

/** The critical tokens lens: the token of a response after which it does not come right any more. */
export function CriticalPanel() {
  const data = useRunData()
  const shown = useCritical()
  const pane = usePaneIndex()
  const view = useWorkbenchState((state) => selectPane(state, pane).view)
  if (!data) return null
  return (
    <div className="tokens-panel critical-panel">
      <div className="panel-body">
        <div className="figure-words">
          <div className="caption" data-testid="caption">
            {view === RESPONSES_VIEW && shown ? (
              <ResponsesCaption shown={shown} />
            ) : (
              <CaptionText parts={view === DATASET_VIEW ? DATASET_CAPTION : captionOf(shown)} />
            )}
          </div>
          <div className="guard" data-testid="guard">
            {guardOf(shown, view)}
          </div>
        </div>
        <div className="figure critical-figure" data-view={view ?? 'response'}>
          <HintArea>
            <Body shown={shown} view={view} />
          </HintArea>
        </div>
      </div>
      <CriticalControls shown={shown} />
    </div>
  )
}

function Body({shown, view}: {readonly shown: PaneCritical | null; readonly view: string | null}) {
  if (view === DATASET_VIEW) return <DatasetView />
  if (!shown) {
    return (
      <p className="lens-wait ink-3" role="status">
        Comes when the prompt has been read.
      </p>
    )
  }
  if (view === RESPONSES_VIEW) return <ResponsesView shown={shown} />
  if (!shown.hasResponse) return <ResponseNeeded shown={shown} />
  const isThere = shown.result !== null && shown.result.tokens.length > 0
  return (
    <div className="critical-place">
      {isThere &&
        (view === SCORES_VIEW ? (
          <ScoresTable result={shown.result!} />
        ) : (
          <ResponseView result={shown.result!} />
        ))}
      <RolloutState shown={shown} />
      <ContrastState shown={shown} />
    </div>
  )
}

function guardOf(shown: PaneCritical | null, view: string | null): string {
  if (view === RESPONSES_VIEW) {
    return 'Each was sampled until one was wrong: not how often the model is wrong.'
  }
  return shown?.result && view !== DATASET_VIEW
    ? criticalGuardLine(shown.result)
    : 'Prefixes of the response are completed as ids, never re-encoded.'
}

const DATASET_CAPTION: readonly CaptionPart[] = [
  {kind: 'words', text: 'Many prompts, each with the token after which its response went wrong.'},
]

function captionOf(shown: PaneCritical | null): readonly CaptionPart[] {
  const words = (text: string): CaptionPart[] => [{kind: 'words', text}]
  if (!shown?.hasResponse)
    return words('The token after which a response does not come right any more.')
  const {result} = shown
  if (!result) return words('Reading the response.')
  return claimOf(shown, result) ?? criticalCaption(result)
}

/** What a sample shows, where this is one and its claim holds. */
function claimOf(
  {data}: PaneCritical,
  result: NonNullable<PaneCritical['result']>
): readonly CaptionPart[] | null {
  const {provenance, request} = data
  const sample = provenance && sampleOfResult({request, model: provenance.model}, 'critical')
  if (!sample || result.status !== 'completed') return null
  const slots = slotsOf(sample.claim, result)
  return slots && filledCaption(sample.claim.caption, slots)
}
