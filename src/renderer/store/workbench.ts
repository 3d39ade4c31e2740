import {createStore} from 'zustand/vanilla'
import type {ModelListing} from '../../shared/domain/model.ts'
import {type Captures, createCaptures} from './captures.ts'
import {type ConnectionActions, createConnectionActions, initialConnection} from './connection.ts'
import type {StoreContext, WorkbenchDeps} from './context.ts'
import {
  createModelActions,
  initialModels,
  type ModelActions,
  refOfListing,
  selectLoaded,
} from './models.ts'
import {readHistory, readPrompt, readSettings, readShown, writeShown} from './persistence.ts'
import {createPromptActions, initialPrompt, type PromptActions} from './prompt.ts'
import {createRunActions, initialRuns, type RunActions} from './runs.ts'
import {SAMPLES} from './samples.ts'
import {createSelectionActions, initialSelection, type SelectionActions} from './selection.ts'
import {createSettingsActions, type SettingsActions} from './settings.ts'
import type {WorkbenchState} from './state.ts'
import {createTableActions, initialTables, type TableActions} from './tables.ts'
import {createWindowActions, initialWindow, type WindowActions} from './window.ts'

export interface WorkbenchActions
  extends ConnectionActions,
    ModelActions,
    PromptActions,
    RunActions,
    SelectionActions,
    SettingsActions,
    TableActions,
    WindowActions {
  /** Connects, opens the first model and runs what was last on the screen, or the first sample. */
  start(): void
  /** Opens a folder that the chooser found, loads it and makes it the one to run. */
  openListing(listing: ModelListing): Promise<void>
}

export interface Workbench {
  readonly store: StoreContext['store']
  readonly captures: Captures
  readonly client: StoreContext['client']
  readonly actions: WorkbenchActions
}

/** The page's state and everything that changes it. Nothing happens before `actions.start()`. */
export function createWorkbench(deps: WorkbenchDeps): Workbench {
  const store = createStore<WorkbenchState>()(() => ({
    ...initialConnection,
    ...initialModels,
    ...initialPrompt,
    ...initialRuns,
    ...initialSelection,
    ...initialTables,
    ...initialWindow,
    settings: readSettings(deps.storage),
    runs: readHistory(deps.storage),
  }))
  const captures = createCaptures()
  const {client} = deps.connection
  const context: StoreContext = {store, captures, client, deps}
  const groups = {
    ...createConnectionActions(context),
    ...createModelActions(context),
    ...createPromptActions(context),
    ...createRunActions(context),
    ...createSelectionActions(context),
    ...createSettingsActions(context),
    ...createTableActions(context),
    ...createWindowActions(context),
  }

  let hasOpened = false
  const openFirst = async () => {
    await groups.refreshModels()
    const {listings} = store.getState()
    if (hasOpened || listings.length === 0) return
    hasOpened = true
    const kept = readPrompt(deps.storage, deps.session)
    store.setState({
      promptText: kept?.text ?? SAMPLES[0]!.text,
      systemText: kept?.system ?? '',
      isChat: kept?.isChat ?? false,
    })
    const first =
      listings.find((listing) => listing.path === kept?.modelPath && !listing.problem) ??
      listings.find((listing) => listing.source === 'builtin' && !listing.problem)
    if (!first) return
    const isLoaded = await groups.chooseModel(first.path)
    groups.countTokens()
    const {activeRunId, runs} = store.getState()
    if (activeRunId !== null) return
    // Nobody asked for anything yet, so that there is something to see the first sample is run.
    if (kept === null && runs.length === 0) {
      if (isLoaded) groups.runPrompt()
      return
    }
    const [last] = runs
    const shown = readShown(deps.session) ?? (last ? {runId: last.id} : null)
    const run = runs.find(({id}) => id === shown?.runId)
    if (!shown || !run) return
    // What was on the screen is computed again in its own row of the history, if that is quick; no
    // model is loaded for it.
    const own = listings.find((listing) => refOfListing(listing).model === run.request.model)
    const canCompute = own !== undefined && selectLoaded(store.getState(), own.path) !== null
    await groups.restoreShown(shown, canCompute)
  }

  const actions: WorkbenchActions = {
    ...groups,
    start() {
      groups.watchTables()
      store.subscribe(({activeRunId, locked}, before) => {
        if (activeRunId === before.activeRunId && locked === before.locked) return
        const hasTokens = activeRunId !== null && captures.runs.peek(activeRunId) !== undefined
        if (hasTokens) writeShown(deps.session, {runId: activeRunId, locked})
        // What is kept of a run that is computed again stays until its tokens are there.
        else if (readShown(deps.session)?.runId !== activeRunId) {
          writeShown(deps.session, {runId: activeRunId})
        }
      })
      groups.watchEngine(() => void openFirst())
    },
    cancelRun(id) {
      groups.cancelRun(id)
      groups.watchFinishing()
    },
    async chooseModel(path) {
      const isLoaded = await groups.chooseModel(path)
      if (isLoaded) {
        groups.countTokens()
        groups.keepPrompt()
      }
      return isLoaded
    },
    async openListing(listing) {
      store.setState(({listings}) => ({
        listings: listings.some((known) => known.path === listing.path)
          ? listings
          : [...listings, {...listing, source: 'recent'}],
      }))
      groups.closeDialog()
      await actions.chooseModel(listing.path)
      await groups.refreshModels()
    },
  }
  return {store, captures, client, actions}
}
