import {useState} from 'react'
import {Tab, TabList, TabPanel, Tabs} from 'react-aria-components'
import {LENSES} from '../lenses/registry.ts'
import {useActions, useWorkbenchState} from '../lenses/use-workbench.ts'
import {selectActiveRun} from '../store/runs.ts'
import {selectRunData} from '../store/selectors.ts'
import {EmptyPage} from './empty-page.tsx'
import {LoadingPage} from './loading-page.tsx'
import {OfferPage} from './offer-page.tsx'
import {ModelProblemPage, RunProblemPage} from './problem-pages.tsx'
import {RunBar} from './run-bar.tsx'
import './centre.css'

/** The lenses as tabs; where there is nothing to draw, a page says why and what can be done. */
export function Centre() {
  const [lensId, setLensId] = useState(LENSES[0]!.id)
  return (
    <Tabs
      className="centre"
      selectedKey={lensId}
      onSelectionChange={(key) => setLensId(String(key))}
      data-testid="centre"
    >
      <div className="tabs">
        <TabList className="tab-list" aria-label="Lenses">
          {LENSES.map((lens) => (
            <Tab key={lens.id} id={lens.id} className="tab">
              {lens.title}
            </Tab>
          ))}
        </TabList>
        <span className="grow" />
        <LensViews lensId={lensId} />
      </div>
      {LENSES.map((lens) => (
        <TabPanel key={lens.id} id={lens.id} className="tab-panel">
          <LensBody Panel={lens.Panel} />
        </TabPanel>
      ))}
    </Tabs>
  )
}

/** The views of the lens, where it has something to show. */
function LensViews({lensId}: {readonly lensId: string}) {
  const hasTokens = useWorkbenchState(
    (state, {captures}) =>
      state.shownProblemPath === null && (selectRunData(state, captures)?.tokens.length ?? 0) > 0
  )
  const Views = LENSES.find((lens) => lens.id === lensId)?.Views
  return hasTokens && Views ? <Views /> : null
}

function LensBody({Panel}: {readonly Panel: React.ComponentType}) {
  const {runAgain} = useActions()
  const state = useWorkbenchState((current, {captures}) => {
    const run = selectActiveRun(current)
    return {
      run,
      hasTokens: run !== null && (captures.runs.peek(run.id)?.tokens.length ?? 0) > 0,
      problemPath: current.shownProblemPath,
      isStarting:
        current.connection === 'connecting' ||
        (!current.areListingsKnown && current.connection === 'connected') ||
        Object.keys(current.loads).length > 0,
    }
  })
  const {run} = state
  if (state.problemPath !== null) return <ModelProblemPage path={state.problemPath} />
  if (!run) return state.isStarting ? <LoadingPage /> : <EmptyPage />
  if (state.hasTokens) {
    return (
      <>
        <RunBar run={run} />
        <Panel />
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
