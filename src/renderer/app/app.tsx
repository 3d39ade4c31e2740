import {Group, Panel, Separator, useDefaultLayout} from 'react-resizable-panels'
import {WorkbenchContext} from '../lenses/use-workbench.ts'
import {LinkBar} from '../sharing/link-bar.tsx'
import {LinkDialog} from '../sharing/link-dialog.tsx'
import {OpenProblemDialog} from '../sharing/open-problem-dialog.tsx'
import type {Workbench} from '../store/workbench.ts'
import {HintWordsContext} from '../ui/hint-words.ts'
import {useMedia} from '../ui/use-size.ts'
import {CentrePane} from './centre.tsx'
import {Dialogs} from './dialogs.tsx'
import {DropTarget} from './drop-target.tsx'
import {EngineBar} from './engine-bar.tsx'
import {ErrorBoundary} from './error-boundary.tsx'
import {ExportDialogHost} from './export-host.tsx'
import {FolderDialog} from './folder-dialog.tsx'
import {hintWordsOf} from './hint-words.ts'
import {Inspector} from './inspector.tsx'
import {JobLine} from './job-line.tsx'
import {LeftPane} from './left-pane.tsx'
import {Drawer, LeftRail, RightRail} from './rails.tsx'
import {TokenStrip} from './token-strip.tsx'
import {TopBar} from './top-bar.tsx'
import {useKeyboard} from './use-keyboard.ts'
import {usePreferences} from './use-preferences.ts'
import './app.css'

export function App({workbench}: {readonly workbench: Workbench}) {
  return (
    <WorkbenchContext value={workbench}>
      <HintWordsContext value={hintWordsOf}>
        <ErrorBoundary>
          <Frame />
        </ErrorBoundary>
      </HintWordsContext>
    </WorkbenchContext>
  )
}

/** Below this width both side panes are rails. */
export const NARROW = '(max-width: 1199px)'

function Frame() {
  useKeyboard()
  usePreferences()
  const isNarrow = useMedia(NARROW)
  return (
    <DropTarget>
      <div className="app">
        <TopBar />
        <div className="bars">
          <EngineBar />
          <LinkBar />
        </div>
        {isNarrow ? <NarrowWork /> : <WideWork />}
        <JobLine />
      </div>
      <FolderDialog />
      <ExportDialogHost />
      <Dialogs />
      <LinkDialog />
      <OpenProblemDialog />
    </DropTarget>
  )
}

function WideWork() {
  const outer = useDefaultLayout({id: 'tokenscope-work', storage: localStorage})
  const inner = useDefaultLayout({id: 'tokenscope-main', storage: localStorage})
  return (
    <Group className="work" orientation="horizontal" {...outer}>
      <Panel
        id="left"
        defaultSize={232}
        minSize={200}
        maxSize={420}
        groupResizeBehavior="preserve-pixel-size"
      >
        <LeftPane />
      </Panel>
      <Separator className="separator" aria-label="Width of the left pane" />
      <Panel id="main" minSize={640}>
        <div className="main">
          <TokenStrip />
          <Group className="main-body" orientation="horizontal" {...inner}>
            <Panel id="centre" minSize={420}>
              <CentrePane index={0} />
            </Panel>
            <Separator className="separator" aria-label="Width of the inspector" />
            <Panel
              id="inspector"
              defaultSize={268}
              minSize={240}
              maxSize={460}
              groupResizeBehavior="preserve-pixel-size"
            >
              <Inspector />
            </Panel>
          </Group>
        </div>
      </Panel>
    </Group>
  )
}

function NarrowWork() {
  return (
    <div className="work narrow">
      <LeftRail />
      <div className="main">
        <TokenStrip />
        <div className="main-body">
          <CentrePane index={0} />
          <RightRail />
          <Drawer side="right">
            <Inspector />
          </Drawer>
        </div>
      </div>
      <Drawer side="left">
        <LeftPane />
      </Drawer>
    </div>
  )
}
