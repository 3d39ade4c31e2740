import {treeCaptionOf, treeGuardOf} from '../../../shared/figures/tree/tree-caption.ts'
import {filledCaption} from '../../../shared/samples/sample.ts'
import {selectPane} from '../../store/panes.ts'
import {selectTreeClaim} from '../../store/tree-samples.ts'
import type {ShownTree} from '../../store/tree-shown.ts'
import {DRAFT_VIEW} from '../../store/tree-state.ts'
import {useSize} from '../../ui/use-size.ts'
import {CaptionText} from '../caption-text.tsx'
import {usePaneIndex} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {DraftControls} from './draft-controls.tsx'
import {DraftPanel} from './draft-panel.tsx'
import {OutlineTable} from './outline-table.tsx'
import {TreeControls} from './tree-controls.tsx'
import {TreeView} from './tree-view.tsx'
import {TreeWait} from './tree-wait.tsx'
import {useTree, useTreePhase} from './use-tree.ts'
import '../lens-panel.css'
import './tree-panel.css'

/** The tree lens: what else the model could have said, and what a draft would have guessed. */
export function TreePanel() {
  const pane = usePaneIndex()
  const shown = useTree()
  const view = useWorkbenchState((state) => selectPane(state, pane).view)
  const isDraft = view === DRAFT_VIEW
  const phase = useTreePhase()
  const own = shown && (shown.kind === 'draft') === isDraft ? shown : null
  const isPart = phase.kind === 'growing' && own !== null && own.result.status !== 'completed'
  return (
    <div className="tokens-panel tree-panel">
      <div className="panel-body">
        <div className="figure-words">
          <div className="caption" data-testid="caption">
            {own ? (
              isPart ? (
                'It is growing: this is a part of the tree.'
              ) : (
                <TreeCaption shown={own} />
              )
            ) : isDraft ? (
              'A draft guesses several tokens, the model checks them in one call.'
            ) : (
              'What else the model could have said.'
            )}
          </div>
          <div className="guard">
            {own
              ? // What is growing says so above: this line stays as it will be, and nothing moves at the end.
                treeGuardOf(
                  isPart ? {...own.result, status: 'completed'} : own.result,
                  own.distribution
                )
              : 'Children and the stub beside them add up to 1.'}
          </div>
        </div>
        <div className={`figure tree-figure ${isDraft ? 'of-draft' : ''}`}>
          {own === null ? (
            <TreeWait />
          ) : isDraft ? (
            <DraftPanel shown={own} />
          ) : view === 'outline' ? (
            <OutlineTable shown={own} />
          ) : (
            <TreePlace shown={own} view={view === 'icicle' ? 'icicle' : 'tree'} />
          )}
          {own !== null && <TreeWait isBeside />}
        </div>
      </div>
      {isDraft ? <DraftControls shown={own} /> : <TreeControls shown={own} />}
    </div>
  )
}

/** What a sample shows, where this is one and its claim holds; else what there is of any tree. */
function TreeCaption({shown}: {readonly shown: ShownTree}) {
  const {captures} = useWorkbench()
  const pane = usePaneIndex()
  const claim = useWorkbenchState((state) => selectTreeClaim(state, captures, pane))
  const {result, spans, step} = shown
  const isItsOwn = claim?.sample.runs.some(({strategy}) => strategy === result.request.strategy)
  const parts =
    claim && isItsOwn && step === 0
      ? filledCaption(claim.sample.claim.caption, claim.slots)
      : treeCaptionOf(result, spans, step)
  return <CaptionText parts={parts} />
}

/** A place for the canvas, which is as large as there is room. */
export function TreePlace({
  shown,
  view,
}: {
  readonly shown: ShownTree
  readonly view: 'tree' | 'icicle'
}) {
  const [ref, {widthPx, heightPx}] = useSize<HTMLDivElement>()
  return (
    <div ref={ref} className="tree-place">
      {widthPx > 0 && heightPx > 60 && (
        <TreeView key={view} {...{shown, view, widthPx, heightPx}} />
      )}
    </div>
  )
}
