import type {StoreContext} from './context.ts'
import {shownProblem} from './context.ts'
import type {DialogName, NoticeAction, RunId, WindowState} from './state.ts'

export const initialWindow: WindowState = {
  dialog: null,
  dialogNote: null,
  folder: {listing: null, isReading: false, problem: null},
  notice: null,
  noticeAction: null,
  renamingRunId: null,
  drawer: null,
}

export interface WindowActions {
  openDialog(dialog: DialogName, note?: string): void
  closeDialog(): void
  setDrawer(drawer: WindowState['drawer']): void
  /** Lets the person type another label for a run; null ends it. */
  startRenaming(runId: RunId | null): void
  /** Reads a folder of the engine's machine; its home folder where no path is given. */
  readFolder(path?: string): Promise<void>
  /** Says something in the job line for a few seconds, longer where it offers to do something. */
  notify(text: string, action?: NoticeAction): void
}

const NOTICE_MS = 4000
const NOTICE_ACTION_MS = 12_000

export function createWindowActions({store, set, client, deps}: StoreContext): WindowActions {
  let cancelNotice: () => void = () => undefined
  let readCount = 0

  const readFolder = async (path?: string) => {
    const mine = ++readCount
    set(({folder}) => ({folder: {...folder, isReading: true}}))
    try {
      const listing = await client.folders.list({path})
      if (mine !== readCount) return
      set({folder: {listing, isReading: false, problem: null}})
    } catch (error) {
      if (mine !== readCount) return
      set(({folder}) => ({
        folder: {...folder, isReading: false, problem: shownProblem(error)},
      }))
    }
  }

  return {
    readFolder,
    openDialog(dialog, note) {
      set({dialog, dialogNote: note ?? null, drawer: null})
      if (dialog === 'folder') void readFolder(store.getState().folder.listing?.path)
    },
    closeDialog: () => set({dialog: null, dialogNote: null}),
    setDrawer: (drawer) => set({drawer}),
    startRenaming: (renamingRunId) => set({renamingRunId}),
    notify(text, action) {
      cancelNotice()
      set({notice: text, noticeAction: action ?? null})
      cancelNotice = deps.after(action ? NOTICE_ACTION_MS : NOTICE_MS, () =>
        set({notice: null, noticeAction: null})
      )
    },
  }
}
