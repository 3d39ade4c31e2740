import {attentionGuardOf} from '../../../shared/figures/attention/layout.ts'
import {matrixCaptionOf} from '../../../shared/figures/attention/matrix-caption.ts'
import {HintArea} from '../../ui/hint-area.tsx'
import {useSize} from '../../ui/use-size.ts'
import {CaptionText} from '../caption-text.tsx'
import {useRunData} from '../use-tokens.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {AttentionControls} from './attention-controls.tsx'
import {AttentionWait} from './attention-wait.tsx'
import {MatrixView} from './matrix-view.tsx'
import {
  isHiddenAt,
  readRowOf,
  type ShownMatrix,
  selectCell,
  selectMarked,
  useMatrix,
  weightAt,
} from './use-picture.ts'
import './attention-panel.css'

/** The attention lens: what each token reads, by layer and head. */
export function AttentionPanel() {
  const data = useRunData()
  const matrix = useMatrix()
  if (!data) return null
  const id = data.provenance?.model.id ?? data.request.model
  return (
    <div className="tokens-panel attention-panel">
      <div className="panel-body">
        <div className="figure-words">
          <div className="caption" data-testid="caption">
            {matrix ? (
              <MatrixCaption matrix={matrix} />
            ) : (
              'What each token reads, by layer and head.'
            )}
          </div>
          <div className="guard">{attentionGuardOf({model: {id}, status: 'completed'})}</div>
        </div>
        <div className="figure attention-figure">
          {matrix ? <MatrixPlace matrix={matrix} /> : <AttentionWait />}
        </div>
      </div>
      <AttentionControls matrix={matrix} />
    </div>
  )
}

function MatrixPlace({matrix}: {readonly matrix: ShownMatrix}) {
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  return (
    <div ref={ref} className="matrix-place">
      {widthPx > 0 && (
        <HintArea>
          <MatrixView matrix={matrix} widthPx={widthPx} heightPx={heightPx} />
        </HintArea>
      )}
      <AttentionWait isBeside />
    </div>
  )
}

/** The lit weight, else what the selected token reads. */
function MatrixCaption({matrix}: {readonly matrix: ShownMatrix}) {
  const {captures} = useWorkbench()
  const {spec, data, tiles, runId} = matrix
  const {query, key, marked} = useWorkbenchState((state) => ({
    query: selectCell(state, captures, runId)?.query ?? null,
    key: selectCell(state, captures, runId)?.key ?? null,
    marked: selectMarked(state, captures, runId),
  }))
  const place = query === null || key === null ? null : {query, key}
  const weight = place && weightAt(captures, spec, place)
  const cell = place && {
    ...place,
    weight,
    isHidden: weight !== null && isHiddenAt(tiles, place, weight),
  }
  const row = readRowOf(captures, spec, marked)
  return (
    <CaptionText
      parts={matrixCaptionOf({map: spec.map, row, cell, probeName: null, tokens: data.tokens})}
    />
  )
}
