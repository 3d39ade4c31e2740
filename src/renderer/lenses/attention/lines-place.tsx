import {headColor} from '../../../shared/figures/attention/lines-style.ts'
import {headName} from '../../../shared/figures/attention/map-name.ts'
import {formatWeight, matrixCaptionOf} from '../../../shared/figures/attention/matrix-caption.ts'
import {selectPicture} from '../../store/attention.ts'
import {labelOf, labelWords} from '../../store/head-labels.ts'
import {Button} from '../../ui/button.tsx'
import {HintArea} from '../../ui/hint-area.tsx'
import {useSize} from '../../ui/use-size.ts'
import {CaptionText} from '../caption-text.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {usePalette} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {AttentionWait} from './attention-wait.tsx'
import {useHeadLabels} from './head-label-control.tsx'
import {HiddenNotice} from './hidden-notice.tsx'
import {LinesView} from './lines-view.tsx'
import {type ShownLines, useLines} from './use-lines.ts'

/** The lines with the heads that they may be drawn of, or what is done for them. */
export function LinesPlace() {
  const shown = useLines()
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  return (
    <div className="lines-place">
      {shown && <LineHeads shown={shown} />}
      <LinesPhase />
      <div ref={ref} className="lines-body">
        {shown && widthPx > 0 ? (
          <HintArea>
            <LinesView shown={shown} widthPx={widthPx} heightPx={heightPx} />
            <HiddenNotice summaries={shown.summaries} />
          </HintArea>
        ) : (
          <AttentionWait />
        )}
      </div>
    </div>
  )
}

/** Heads of the layer, each a colour while it is drawn. */
function LineHeads({shown}: {readonly shown: ShownLines}) {
  const pane = usePaneIndex()
  const palette = usePalette()
  const {captures} = useWorkbench()
  const {toggleCompanion} = useActions()
  useWorkbenchState((state) => state.attentionCompanions[pane])
  const labels = useHeadLabels()
  const {map} = shown.specs[0]!
  if (map.kind !== 'head') return null
  const facts = captures.attentionFacts.peek(shown.runId) ?? []
  const count = facts.find(({layer}) => layer === map.layer)?.queryHeadCount ?? 0
  const drawn = shown.specs.flatMap((spec) => (spec.map.kind === 'head' ? [spec.map.head] : []))
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a frame of its own.
    <div className="line-heads" role="group" aria-label="Heads whose lines are drawn together">
      <span className="ink-3 small">heads of L{map.layer}</span>
      {Array.from({length: count}, (_, head) => {
        const group = drawn.indexOf(head)
        const isOne = head === map.head
        const words = labelWords(labelOf(labels, {layer: map.layer, head}))
        return (
          <button
            key={head}
            type="button"
            className="line-head"
            aria-pressed={group >= 0}
            aria-disabled={isOne}
            aria-label={[headName({layer: map.layer, head}), words].filter(Boolean).join(' ')}
            onClick={() => {
              if (!isOne) toggleCompanion(head, pane)
            }}
          >
            {drawn.length > 1 && (
              <i
                style={{background: group >= 0 ? headColor(palette, group) : 'var(--line-strong)'}}
              />
            )}
            H{head}
            {words !== '' && <span className="line-head-label clip">{words}</span>}
          </button>
        )
      })}
    </div>
  )
}

function LinesPhase() {
  const pane = usePaneIndex()
  const {askLinesAgain} = useActions()
  const phase = useWorkbenchState((state) => state.linesPhases[pane])
  if (phase.kind !== 'failed') return null
  return (
    <div className="overview-phase" role="alert">
      <span>
        <span className="failed">✕</span> {phase.problem.message} {phase.problem.advice}
      </span>
      <Button look="edge" onPress={() => askLinesAgain(pane)} testId="lines-again">
        Try again
      </Button>
    </div>
  )
}

/** The line that is pointed at, with its exact weight; null where none is. */
export function PointedLineCaption() {
  const pane = usePaneIndex()
  const {store, captures} = useWorkbench()
  const pointed = useWorkbenchState((state) => state.pointedLine)
  const spec = selectPicture(store.getState(), captures, pane)
  const data = pointed && captures.runs.peek(pointed.runId)
  if (!pointed || !spec || !data || pointed.runId !== spec.runId) return null
  const map = pointed.head ? {kind: 'head' as const, ...pointed.head} : spec.map
  const {query, key, weight} = pointed
  return (
    <span data-weight={weight} data-text={formatWeight(weight)}>
      <CaptionText
        parts={matrixCaptionOf({
          ...{map, row: null, probeName: null, tokens: data.tokens},
          cell: {query, key, weight},
        })}
      />
    </span>
  )
}
