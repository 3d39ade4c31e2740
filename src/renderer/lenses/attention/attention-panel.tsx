import {memo, type ReactNode} from 'react'
import {attentionGuardOf} from '../../../shared/figures/attention/layout.ts'
import {headName} from '../../../shared/figures/attention/map-name.ts'
import {matrixCaptionOf} from '../../../shared/figures/attention/matrix-caption.ts'
import {formatFixed} from '../../../shared/figures/number-format.ts'
import {filledCaption} from '../../../shared/samples/sample.ts'
import {selectBestHead} from '../../store/attention.ts'
import {nameOfProbed, selectProbe} from '../../store/attention-heads.ts'
import {selectAttentionClaim} from '../../store/attention-samples.ts'
import {scoreWords} from '../../store/best-head.ts'
import {selectPane} from '../../store/panes.ts'
import {Choice} from '../../ui/choice.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {useSize} from '../../ui/use-size.ts'
import {CaptionText} from '../caption-text.tsx'
import {usePaneIndex, usePaneSuffix} from '../use-pane.ts'
import {useRunData} from '../use-tokens.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {AttentionControls} from './attention-controls.tsx'
import {AttentionWait} from './attention-wait.tsx'
import {GraphControls} from './graph-controls.tsx'
import {GraphCaption, GraphPlace} from './graph-place.tsx'
import {HeadTable} from './head-table.tsx'
import {HiddenNotice} from './hidden-notice.tsx'
import {LinesPlace, PointedLineCaption} from './lines-place.tsx'
import {MatrixView} from './matrix-view.tsx'
import {OverviewCaption, OverviewPlace} from './overview-place.tsx'
import {PruneCaption, PruneControls, PruneView} from './prune-view.tsx'
import {SimilarHeads} from './similar-heads.tsx'
import {TrialPanel} from './trial-panel.tsx'
import {TwoHeads, TwoHeadsCaption} from './two-heads.tsx'
import {
  isHiddenAt,
  readRowOf,
  type ShownMatrix,
  selectCell,
  selectMarked,
  useMatrix,
  weightAt,
} from './use-picture.ts'
import {
  GRAPH_VIEW,
  HEADS_VIEW,
  LINES_VIEW,
  OVERVIEW_VIEW,
  PRUNE_VIEW,
  TEST_VIEW,
  TWO_HEADS_VIEW,
} from './views.ts'
import '../lens-panel.css'
import './attention-panel.css'

/** The attention lens: what each token reads, by layer and head. */
export function AttentionPanel() {
  const data = useRunData()
  const matrix = useMatrix()
  const pane = usePaneIndex()
  const view = useWorkbenchState((state) => selectPane(state, pane).view)
  const isLinePointed = useWorkbenchState((state) => state.pointedLine !== null)
  const suffix = usePaneSuffix()
  if (!data) return null
  const id = data.provenance?.model.id ?? data.request.model
  return (
    <div className="tokens-panel attention-panel">
      <div className="panel-body">
        <div className="figure-words">
          <div className="caption" data-testid="caption">
            {view === PRUNE_VIEW ? (
              <PruneCaption />
            ) : view === GRAPH_VIEW ? (
              <GraphCaption />
            ) : view === OVERVIEW_VIEW ? (
              <OverviewCaption />
            ) : view === TWO_HEADS_VIEW && matrix ? (
              <TwoHeadsCaption matrix={matrix} />
            ) : view === LINES_VIEW && isLinePointed ? (
              <PointedLineCaption />
            ) : matrix ? (
              <MatrixCaption matrix={matrix} />
            ) : (
              'What each token reads, by layer and head.'
            )}
          </div>
          <div className="guard">{attentionGuardOf({model: {id}, status: 'completed'})}</div>
        </div>
        {view === PRUNE_VIEW ? (
          <div className="figure attention-figure">
            <PruneView />
          </div>
        ) : view === GRAPH_VIEW ? (
          // A low window scrolls it, and before there is a graph nothing in it takes the focus.
          <section
            className="figure attention-figure"
            aria-label={`Attention graph${suffix}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
            tabIndex={0}
          >
            <GraphPlace />
          </section>
        ) : view === OVERVIEW_VIEW ? (
          <div className="figure attention-figure">
            <OverviewPlace />
          </div>
        ) : view === TWO_HEADS_VIEW && matrix ? (
          <div className="figure attention-figure">
            <TwoHeads matrix={matrix} />
          </div>
        ) : view === TEST_VIEW ? (
          <div className="figure attention-figure">
            <TrialPanel />
          </div>
        ) : view === HEADS_VIEW && matrix ? (
          <div className="figure attention-figure">
            <Side isBrief={false} isAlone />
          </div>
        ) : (
          <FigureWithSide isReady={matrix !== null}>
            {view === LINES_VIEW ? (
              <LinesPlace />
            ) : matrix ? (
              <MatrixPlace matrix={matrix} />
            ) : (
              <AttentionWait />
            )}
          </FigureWithSide>
        )}
      </div>
      {view === PRUNE_VIEW ? (
        <PruneControls />
      ) : view === GRAPH_VIEW ? (
        <GraphControls />
      ) : (
        <AttentionControls />
      )}
    </div>
  )
}

const LEAST_SIDE_PX = 312
const SIDE_SHARE = 0.34
const MOST_SIDE_PX = 520
/** Narrower than this the heads have their own view alone. */
const LEAST_TWO_COLUMNS_PX = 760
/** From this width on the side has room for every column. */
const LEAST_FULL_PX = 470

interface FigureWithSideProps {
  /** There is something to stand beside. */
  readonly isReady: boolean
  readonly children: ReactNode
}

/** A figure, and the heads beside it where there is room. */
function FigureWithSide({isReady, children}: FigureWithSideProps) {
  const [ref, {widthPx}] = useSize<HTMLDivElement>()
  const hasSide = isReady && widthPx >= LEAST_TWO_COLUMNS_PX
  const sidePx = Math.round(Math.min(MOST_SIDE_PX, Math.max(LEAST_SIDE_PX, widthPx * SIDE_SHARE)))
  return (
    <div
      ref={ref}
      className={`figure attention-figure ${hasSide ? 'with-side' : ''}`}
      style={hasSide ? {gridTemplateColumns: `minmax(0, 1fr) ${sidePx}px`} : undefined}
    >
      {children}
      {hasSide && <Side isBrief={sidePx < LEAST_FULL_PX} />}
    </div>
  )
}

interface SideProps {
  readonly isBrief: boolean
  readonly isAlone?: boolean
}

/** Beside the matrix: its heads, those like one of them, or what was tried; alone it is of heads. */
const Side = memo(function Side({isBrief, isAlone = false}: SideProps) {
  const {showAttentionSide} = useActions()
  const {side, hasTrials, hasSimilar} = useWorkbenchState((state) => ({
    side: state.attentionSide,
    hasTrials: !isAlone && state.trials.length > 0,
    hasSimilar: state.similarOf !== null,
  }))
  const chosen = side === 'test' && isAlone ? 'heads' : side
  return (
    <div className="attention-side">
      {(hasTrials || hasSimilar) && (
        <Choice
          label="Beside the matrix"
          value={chosen}
          options={[
            {value: 'heads', text: 'Heads'},
            ...(hasSimilar ? [{value: 'similar', text: 'Alike'} as const] : []),
            ...(hasTrials ? [{value: 'test', text: 'Causal test'} as const] : []),
          ]}
          onChange={showAttentionSide}
        />
      )}
      {chosen === 'test' ? (
        <TrialPanel />
      ) : chosen === 'similar' ? (
        <SimilarHeads />
      ) : (
        <HeadTable isBrief={isBrief} />
      )}
    </div>
  )
})

function MatrixPlace({matrix}: {readonly matrix: ShownMatrix}) {
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  const placed = matrix.tiles.whole ?? matrix.tiles.close
  return (
    <div ref={ref} className="matrix-place">
      {widthPx > 0 && (
        <HintArea>
          <MatrixView matrix={matrix} widthPx={widthPx} heightPx={heightPx} />
        </HintArea>
      )}
      <AttentionWait isBeside />
      {placed && <HiddenNotice summaries={[placed.tile.summary]} />}
    </div>
  )
}

/** The lit weight, else what a sample shows, else what the selected token reads. */
function MatrixCaption({matrix}: {readonly matrix: ShownMatrix}) {
  const {captures, store} = useWorkbench()
  const pane = usePaneIndex()
  const {spec, data, tiles, runId} = matrix
  const {query, key, marked} = useWorkbenchState((state) => ({
    query: selectCell(state, captures, runId)?.query ?? null,
    key: selectCell(state, captures, runId)?.key ?? null,
    marked: selectMarked(state, captures, runId),
    headsRevision: state.headsRevision,
    sampleSlots: state.sampleSlots,
  }))
  const place = query === null || key === null ? null : {query, key}
  const weight = place && weightAt(captures, spec, place)
  const cell = place && {
    ...place,
    weight,
    isHidden: weight !== null && isHiddenAt(tiles, place, weight),
  }
  const row = readRowOf(captures, spec, marked)
  const claim = selectAttentionClaim(store.getState(), captures, pane)
  if (claim && !place && marked === claim.position) {
    return <CaptionText parts={filledCaption(claim.sample.claim.caption, claim.slots)} />
  }
  const {map} = spec
  const probed =
    map.kind === 'head'
      ? selectProbe(store.getState(), captures)?.find(
          ({layer, head}) => layer === map.layer && head === map.head
        )
      : undefined
  const probeName = probed ? nameOfProbed(probed) : null
  const best = map.kind === 'head' ? selectBestHead(store.getState(), captures, pane) : null
  return (
    <>
      <CaptionText
        parts={matrixCaptionOf({
          ...{map, row, cell, probeName, tokens: data.tokens},
          valueNorms: (tiles.whole ?? tiles.close)?.tile.summary.valueNorms,
        })}
      />
      {best && !cell && (
        <span className="caption-aside" data-testid="best-head">
          {` Opened on ${headName(best)}: its ${scoreWords(best.score)} on this text, ${formatFixed(best.value, 2)}, is the furthest above chance, ${formatFixed(best.chance, 2)}.`}
        </span>
      )}
    </>
  )
}
