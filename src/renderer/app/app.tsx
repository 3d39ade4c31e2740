import {WorkbenchContext} from '../lenses/use-workbench.ts'
import {LinkBar} from '../sharing/link-bar.tsx'
import {LinkDialog} from '../sharing/link-dialog.tsx'
import {OpenProblemDialog} from '../sharing/open-problem-dialog.tsx'
import type {Workbench} from '../store/workbench.ts'
import {HintArea} from '../ui/hint-area.tsx'
import {HintWordsContext} from '../ui/hint-words.ts'
import {Dialogs} from './dialogs.tsx'
import {DropTarget} from './drop-target.tsx'
import {EngineBar} from './engine-bar.tsx'
import {ErrorBoundary} from './error-boundary.tsx'
import {ExportDialogHost} from './export-host.tsx'
import {hintWordsOf} from './hint-words.ts'
import {JobLine} from './job-line.tsx'
import {FolderDialog} from './models/folder-dialog.tsx'
import {useKeyboard} from './palette/use-keyboard.ts'
import {PromptDialogs} from './prompt/prompt-dialogs.tsx'
import {TokenCardHost} from './token-card/token-card.tsx'
import {TopBar} from './top-bar.tsx'
import {useFollowWindow} from './use-follow-window.ts'
import {usePreferences} from './use-preferences.ts'
import {Work} from './work.tsx'
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

function Frame() {
  useKeyboard()
  useFollowWindow()
  usePreferences()
  return (
    <DropTarget>
      <HintArea>
        <div className="app">
          <TopBar />
          <div className="bars">
            <EngineBar />
            <LinkBar />
          </div>
          <Work />
          <JobLine />
        </div>
      </HintArea>
      <FolderDialog />
      <PromptDialogs />
      <ExportDialogHost />
      <TokenCardHost />
      <Dialogs />
      <LinkDialog />
      <OpenProblemDialog />
    </DropTarget>
  )
}
