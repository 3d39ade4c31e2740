import {useLayoutEffect, useRef} from 'react'
import {Tab, TabList, Tabs} from 'react-aria-components'
import {LENSES} from '../lenses/registry.ts'
import {useLater} from '../lenses/use-later.ts'
import {PaneContext, usePaneIndex} from '../lenses/use-pane.ts'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {LinkedModelNote} from '../sharing/linked-model-note.tsx'
import {selectPane} from '../store/panes.ts'
import {selectRun} from '../store/run-records.ts'
import {selectRunData} from '../store/selectors.ts'
import type {PaneIndex} from '../store/state.ts'
import {Choice} from '../ui/choice.tsx'
import {EmptyPage} from './empty-page.tsx'
import {LoadingPage} from './loading-page.tsx'
import {OfferPage} from './offer-page.tsx'
import {PaneButtons, PaneRunLabel} from './pane-head.tsx'
import {ModelProblemPage, RunProblemPage} from './problem-pages.tsx'
import {RunBar} from './prompt/run-bar.tsx'
import {PromptListPanel} from './prompt-list/prompt-list-panel.tsx'
import {PromptListViews, useIsListShown} from './prompt-list/prompt-list-views.tsx'

/** One half of the centre: the lenses as tabs; where there is nothing to draw, a page says why. */
export function CentrePane({index}: {readonly index: PaneIndex}) {
  const {changePane, activatePane} = useActions()
  const {lensId, isActive} = useWorkbenchState((state) => ({
    lensId: selectPane(state, index).lensId,
    isActive: state.panes.length === 1 || state.activePane === index,
  }))
  // A pane that comes beside the first is there within a frame, and what is in it right after.
  const isLater = useLater()
  const isFilled = index === 0 || isLater
  const activate = () => activatePane(index)
  return (
    <PaneContext value={index}>
      <section
        className={`centre ${isActive ? '' : 'inactive'}`}
        aria-label={index === 0 ? 'First lens' : 'Second lens'}
        data-testid={index === 0 ? 'centre' : 'centre-2'}
        data-landmark={`pane-${index + 1}`}
        onPointerDownCapture={activate}
        onFocusCapture={activate}
      >
        <div className="tabs">
          {isFilled && (
            <PaneHead lensId={lensId} onChoose={(chosen) => changePane({lensId: chosen}, index)} />
          )}
        </div>
        {isFilled && <LensPanel key={lensId} lensId={lensId} />}
      </section>
    </PaneContext>
  )
}

interface PaneHeadProps {
  readonly lensId: string
  readonly onChoose: (lensId: string) => void
}

/** The lenses as tabs, the views of the chosen one, and what can be done with the pane. */
function PaneHead({lensId, onChoose}: PaneHeadProps) {
  return (
    <>
      <Tabs
        className="lens-tabs"
        selectedKey={lensId}
        onSelectionChange={(key) => onChoose(String(key))}
      >
        <TabList className="tab-list" aria-label="Lenses">
          {LENSES.map((lens) => (
            <Tab key={lens.id} id={lens.id} className="tab">
              {lens.title}
            </Tab>
          ))}
        </TabList>
      </Tabs>
      <PaneRunLabel />
      <div className="tab-ends">
        <LensViews lensId={lensId} />
        <PromptListViews />
        <PaneButtons />
      </div>
    </>
  )
}

/**
 * What the tab shows. A panel of the library looks for something that takes the focus whenever anything
 * in it changes, and has the whole page laid out for that, inside the key press.
 */
function LensPanel({lensId}: {readonly lensId: string}) {
  const ref = useRef<HTMLDivElement>(null)
  // The tabs' ids are their list's own, with these endings.
  useLayoutEffect(() => {
    const panel = ref.current
    const list = panel?.parentElement?.querySelector('[role=tablist]')
    if (!panel || !list) return
    panel.id = `${list.id}-tabpanel-${lensId}`
    panel.setAttribute('aria-labelledby', `${list.id}-tab-${lensId}`)
  }, [lensId])
  const {Panel, needsNoRun} = LENSES.find((lens) => lens.id === lensId) ?? LENSES[0]!
  return (
    <div ref={ref} role="tabpanel" className="tab-panel" data-landmark-focus="">
      <LensBody Panel={Panel} needsNoRun={needsNoRun === true} />
    </div>
  )
}

/** The views of the lens, where it has something to show. */
function LensViews({lensId}: {readonly lensId: string}) {
  const pane = usePaneIndex()
  const hasTokens = useWorkbenchState((state, {captures}) => {
    const data = selectRunData(state, captures, selectPane(state, pane).runId)
    return state.shownProblemPath === null && (data?.tokens.length ?? 0) > 0
  })
  const {changePane} = useActions()
  const chosen = useWorkbenchState((state) => selectPane(state, pane).view)
  const isListShown = useIsListShown()
  const lens = LENSES.find(({id}) => id === lensId)
  const views = lens?.views ?? []
  if ((!hasTokens && !lens?.needsNoRun) || views.length < 2 || isListShown) return null
  return (
    <Choice
      label="Show as"
      value={chosen ?? views[0]!.id}
      options={views.map(({id, title}) => ({value: id, text: title}))}
      onChange={(view) => changePane({view: view === views[0]!.id ? null : view}, pane)}
    />
  )
}

interface LensBodyProps {
  readonly Panel: React.ComponentType
  readonly needsNoRun: boolean
}

function LensBody({Panel, needsNoRun}: LensBodyProps) {
  const {runAgain} = useActions()
  const pane = usePaneIndex()
  const isListShown = useIsListShown()
  const isLater = useLater()
  const state = useWorkbenchState((current, {captures}) => {
    const run = selectRun(current, selectPane(current, pane).runId)
    return {
      run,
      hasTokens: run !== null && (captures.runs.peek(run.id)?.tokens.length ?? 0) > 0,
      problemPath: current.activePane === pane ? current.shownProblemPath : null,
      isStarting:
        current.connection === 'connecting' ||
        (!current.areListingsKnown && current.connection === 'connected') ||
        Object.keys(current.loads).length > 0,
    }
  })
  const {run} = state
  if (state.problemPath !== null) return <ModelProblemPage path={state.problemPath} />
  if (isListShown) return <PromptListPanel />
  if (needsNoRun) return isLater ? <Panel /> : null
  if (!run) return state.isStarting ? <LoadingPage /> : <EmptyPage />
  if (state.hasTokens) {
    return (
      <>
        <LinkedModelNote run={run} />
        <RunBar run={run} />
        {isLater && <Panel />}
      </>
    )
  }
  switch (run.phase.kind) {
    case 'failed':
      return <RunProblemPage run={run} problem={run.phase.problem} />
    case 'running':
      return <LoadingPage />
    default:
      return <OfferPage run={run} onRun={() => runAgain(run.id)} />
  }
}
