import {createStore, type StoreApi} from 'zustand/vanilla'
import type {ModelListing, ModelRef} from '../../shared/domain/model.ts'
import type {HostBridge} from '../../shared/host/host-bridge.ts'
import {FIRST_SAMPLE} from '../../shared/samples/samples.ts'
import {type AttentionActions, createAttentionActions} from './attention.ts'
import {type AttentionChoiceActions, createAttentionChoiceActions} from './attention-choices.ts'
import {createGraphActions, type GraphActions} from './attention-graph.ts'
import {type AttentionGrowthActions, createAttentionGrowthActions} from './attention-growth.ts'
import {type AttentionHeadsActions, createAttentionHeadsActions} from './attention-heads.ts'
import {createImportanceActions, type ImportanceActions} from './attention-importance.ts'
import {type AttentionLinesActions, createAttentionLinesActions} from './attention-lines.ts'
import {type AttentionLookActions, createAttentionLookActions} from './attention-look.ts'
import {
  type AttentionOverviewActions,
  createAttentionOverviewActions,
} from './attention-overview.ts'
import {createPruneActions, type PruneActions} from './attention-prune.ts'
import {type AttentionSampleActions, createAttentionSampleActions} from './attention-samples.ts'
import {createSimilarActions, type SimilarActions} from './attention-similar.ts'
import {type AttentionTrialActions, createAttentionTrialActions} from './attention-trials.ts'
import {type AttributionActions, createAttributionActions} from './attribution.ts'
import {
  type AttributionChoiceActions,
  createAttributionChoiceActions,
} from './attribution-choices.ts'
import {type Captures, createCaptures} from './captures.ts'
import {type ConnectionActions, createConnectionActions} from './connection.ts'
import type {StoreContext, WorkbenchDeps} from './context.ts'
import {type CriticalActions, createCriticalActions} from './critical.ts'
import {type CriticalChoiceActions, createCriticalChoiceActions} from './critical-choices.ts'
import {type CriticalDatasetActions, createCriticalDatasetActions} from './critical-dataset.ts'
import {type CriticalResponseActions, createCriticalResponseActions} from './critical-responses.ts'
import {createChange, createUndoActions, type UndoActions} from './document.ts'
import {createDraftActions, type DraftActions} from './drafts.ts'
import {createFrameActions, DEFAULT_FRAME, type FrameActions, readStartFrame} from './frame.ts'
import {createHeadLabelActions, type HeadLabelActions} from './head-labels.ts'
import {readKeptHeadLabels} from './head-labels-kept.ts'
import {createLinkActions, type LinkActions} from './links.ts'
import {ListKeeper} from './list-keeper.ts'
import {createLogitLensActions, type LogitLensActions} from './logit-lens.ts'
import {createModelActions, type ModelActions, refOfListing, selectLoaded} from './models.ts'
import {createNextBytesActions, type NextBytesActions} from './next-bytes.ts'
import {createPaneActions, type PaneActions} from './panes.ts'
import {createParameterActions, type ParameterActions} from './parameters.ts'
import {
  readDocument,
  readHistory,
  readLastPrompt,
  readPreferencesCopy,
  readViews,
  writeDocument,
  writeLastPrompt,
  writeViews,
} from './persistence.ts'
import {createPreferenceActions, type PreferenceActions} from './preferences.ts'
import {createPromptActions, type PromptActions} from './prompt.ts'
import {createPromptListActions, type PromptListActions} from './prompt-list.ts'
import {createPromptToolActions, type PromptToolActions} from './prompt-tools.ts'
import {selectActiveRun} from './run-records.ts'
import {createRunActions, type RunActions} from './runs.ts'
import {createSampleActions, type SampleActions} from './samples.ts'
import {createSelectionActions, type SelectionActions} from './selection.ts'
import {DOCUMENT_KEYS, initialState, selectDocument} from './slices.ts'
import type {WorkbenchState} from './state.ts'
import {createTableActions, type TableActions} from './tables.ts'
import {createTokenizersActions, type TokenizersActions} from './tokenizers.ts'
import {createTokenizersChoiceActions, type TokenizersChoiceActions} from './tokenizers-choices.ts'
import {createTokenizersDetailActions, type TokenizersDetailActions} from './tokenizers-details.ts'
import {readLastTokenizers} from './tokenizers-kept.ts'
import {createTreeActions, type TreeActions} from './tree.ts'
import {createTreeFileActions, type TreeFileActions} from './tree-files.ts'
import {createTreeMarkActions, type TreeMarkActions} from './tree-marks.ts'
import {createTreeSampleActions, type TreeSampleActions} from './tree-samples.ts'
import {createUnitActions, type UnitActions} from './unit.ts'
import {createViewActions, restoredViews, type ViewActions} from './views.ts'
import {createWindowActions, type WindowActions} from './window.ts'

export interface WorkbenchActions
  extends ConnectionActions,
    LinkActions,
    FrameActions,
    ModelActions,
    PaneActions,
    ParameterActions,
    PreferenceActions,
    PromptActions,
    PromptListActions,
    PromptToolActions,
    SampleActions,
    RunActions,
    SelectionActions,
    TableActions,
    LogitLensActions,
    NextBytesActions,
    AttentionActions,
    AttentionChoiceActions,
    AttentionGrowthActions,
    AttentionHeadsActions,
    AttentionLookActions,
    AttentionSampleActions,
    AttentionLinesActions,
    AttentionOverviewActions,
    AttentionTrialActions,
    GraphActions,
    ImportanceActions,
    PruneActions,
    SimilarActions,
    HeadLabelActions,
    AttributionActions,
    AttributionChoiceActions,
    CriticalActions,
    CriticalChoiceActions,
    CriticalResponseActions,
    CriticalDatasetActions,
    TokenizersActions,
    TokenizersChoiceActions,
    TokenizersDetailActions,
    TreeActions,
    TreeSampleActions,
    TreeMarkActions,
    TreeFileActions,
    DraftActions,
    UndoActions,
    UnitActions,
    ViewActions,
    WindowActions {
  /** Connects, opens the first model and runs what was last on the screen, or the first sample. */
  start(): void
  /** Keeps the document for a reload now, as when the page is left. */
  keepDocument(): void
  /** Opens a folder that the chooser found, loads it and makes it the one to run. */
  openListing(listing: ModelListing): Promise<void>
}

export interface Workbench {
  /** Only tests set its state; whoever else changes it calls an action. */
  readonly store: StoreApi<WorkbenchState>
  readonly captures: Captures
  readonly client: StoreContext['client']
  /** What the desktop offers beyond a browser; null in a browser. */
  readonly host: HostBridge | null
  readonly actions: WorkbenchActions
}

const PROMPT_KEYS = ['promptText', 'turns', 'isChat', 'activeModelPath', 'activeModelFile'] as const
/** A pause in changes after which the document is kept for a reload. */
const KEEP_DELAY_MS = 250

/** The page's state and everything that changes it. Nothing happens before `actions.start()`. */
export function createWorkbench(deps: WorkbenchDeps): Workbench {
  const {storage, session} = deps
  const keptDocument = readDocument(session)
  const lastPrompt = readLastPrompt(storage)
  const history = readHistory(storage)
  const store = createStore<WorkbenchState>()(() => ({
    ...initialState(),
    ...history,
    ...readLastTokenizers(storage),
    ...(keptDocument ?? lastPrompt),
    // Known once the models are listed.
    activeModelPath: null,
    activeModelFile: null,
    preferences: readPreferencesCopy(storage),
    headLabels: readKeptHeadLabels(storage),
    ...(keptDocument ? restoredViews(readViews(session), deps.pages) : {}),
    frame: readStartFrame(session, storage) ?? DEFAULT_FRAME,
  }))
  const captures = createCaptures()
  const {client} = deps.connection
  const context: StoreContext = {
    store,
    set: (change) => store.setState(change),
    change: createChange(store, deps.now),
    captures,
    client,
    deps,
  }
  let hasOpened = false
  let tellOpened: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    tellOpened = resolve
  })
  const runs = createRunActions(context)
  const trees = createTreeActions(context)
  const treeMarks = createTreeMarkActions(context, trees, runs)
  const attentionChoices = createAttentionChoiceActions(context)
  const listKeeper = new ListKeeper(context, (list) => store.setState(list))
  const groups = {
    ...createConnectionActions(context),
    ...createFrameActions(context),
    ...createModelActions(context),
    ...createLinkActions(context, {
      opened,
      chooseModel: (path, file) => actions.chooseModel(path, file),
    }),
    ...createPaneActions(context),
    ...createParameterActions(context),
    ...createPreferenceActions(context),
    ...createPromptActions(context),
    ...createPromptListActions(context, runs, listKeeper),
    ...createPromptToolActions(context),
    ...runs,
    ...createSampleActions(context, runs),
    ...createSelectionActions(context),
    ...createTableActions(context),
    ...createLogitLensActions(context),
    ...createNextBytesActions(context),
    ...attentionChoices,
    ...createAttentionActions(context, attentionChoices),
    ...createAttentionGrowthActions(context),
    ...createAttentionHeadsActions(context),
    ...createAttentionLookActions(context),
    ...createAttentionSampleActions(context),
    ...createAttentionLinesActions(context),
    ...createAttentionOverviewActions(context),
    ...createAttentionTrialActions(context),
    ...createGraphActions(context),
    ...createImportanceActions(context),
    ...createPruneActions(context),
    ...createSimilarActions(context),
    ...createHeadLabelActions(context),
    ...createAttributionActions(context),
    ...createAttributionChoiceActions(context),
    ...createCriticalActions(context),
    ...createCriticalChoiceActions(context, runs),
    ...createCriticalResponseActions(context, runs),
    ...createCriticalDatasetActions(context, runs),
    ...createTokenizersActions(context),
    ...createTokenizersChoiceActions(context),
    ...createTokenizersDetailActions(context),
    ...trees,
    ...createTreeSampleActions(context),
    ...treeMarks,
    ...createTreeFileActions(context, runs, trees),
    ...createDraftActions(context, treeMarks),
    ...createUndoActions(store),
    ...createUnitActions(context),
    ...createViewActions(context),
    ...createWindowActions(context),
  }

  const openFirst = async () => {
    await groups.refreshModels()
    const {listings, areListingsKnown} = store.getState()
    if (hasOpened || listings.length === 0) {
      if (areListingsKnown) tellOpened()
      return
    }
    hasOpened = true
    await openFirstModel(listings)
    // Nobody did any of this, so there is nothing of it to be undone.
    store.setState({past: [], future: []})
    groups.watchPages()
    tellOpened()
  }

  const openFirstModel = async (listings: readonly ModelListing[]) => {
    const isFirstVisit = keptDocument === null && lastPrompt === null && history.runs.length === 0
    if (keptDocument === null && lastPrompt === null) {
      store.setState({promptText: FIRST_SAMPLE.prompt})
    }
    const last = keptDocument?.activeModelPath ? keptDocument : lastPrompt
    const before = listings.find(
      (listing) => listing.path === last?.activeModelPath && !listing.problem
    )
    const first =
      before ?? listings.find((listing) => listing.source === 'builtin' && !listing.problem)
    if (!first) return
    const isFileThere = before?.files.includes(last?.activeModelFile ?? '') ?? false
    const isLoaded = await groups.chooseModel(
      first.path,
      isFileThere ? last?.activeModelFile : null
    )
    groups.countTokens()
    // What the link shows is run instead.
    if (store.getState().isLinkComing) return
    if (selectActiveRun(store.getState()) === null) openFirstRun(isFirstVisit && isLoaded)
    else await computeIfLoaded()
  }

  const openFirstRun = (isFirstVisit: boolean) => {
    // Nobody asked for anything yet, so that there is something to see the first sample is run.
    if (isFirstVisit) groups.runSample(FIRST_SAMPLE)
    const {runs, promptText, isChat} = store.getState()
    // A new tab has the prompt that was typed last: the run beside it is that prompt's where there is one.
    const own = isChat ? undefined : runs.find(({request}) => request.prompt === promptText)
    const last = own ?? runs[0]
    if (isFirstVisit || keptDocument !== null || !last) return
    const {panes} = store.getState()
    store.setState({panes: panes.map((pane) => ({...pane, runId: last.id}))})
    void computeIfLoaded()
  }

  // What was on the screen is computed again in its own row of the history; no model is loaded for it.
  const computeIfLoaded = async () => {
    const state = store.getState()
    const isLoaded = ({model, file}: ModelRef) => {
      const own = state.listings.find((listing) => refOfListing(listing).model === model)
      return own !== undefined && selectLoaded(state, own.path, file) !== null
    }
    const run = selectActiveRun(state)
    if (run && isLoaded(run.request)) await groups.computeShown()
  }

  let cancelKeeping: () => void = () => undefined
  let kept = selectDocument(store.getState())
  let isPromptNew = false
  const keepDocument = () => {
    cancelKeeping()
    writeDocument(session, kept, (list) => listKeeper.saveList(list))
    writeViews(session, store.getState().views)
    // Only what was typed here: another tab may have typed later.
    if (isPromptNew) writeLastPrompt(storage, kept)
    isPromptNew = false
  }
  const watchDocument = () => {
    store.subscribe((state) => {
      if (DOCUMENT_KEYS.every((key) => state[key] === kept[key])) return
      isPromptNew ||= PROMPT_KEYS.some((key) => state[key] !== kept[key])
      kept = selectDocument(state)
      cancelKeeping()
      cancelKeeping = deps.after(KEEP_DELAY_MS, keepDocument)
    })
  }

  const actions: WorkbenchActions = {
    ...groups,
    keepDocument,
    start() {
      groups.watchTables()
      groups.watchLogitLens()
      groups.watchNextBytes()
      groups.watchAttention()
      groups.watchGrowth()
      groups.watchLooks()
      groups.watchLines()
      groups.watchOverview()
      groups.watchHeads()
      groups.watchHeadLabels()
      groups.watchGraph()
      groups.watchImportance()
      groups.watchPrune()
      groups.watchTrees()
      groups.watchTreeSamples()
      groups.watchAttentionSamples()
      groups.watchAttribution()
      groups.watchCritical()
      groups.watchTokenizers()
      groups.watchTokenizerDetails()
      groups.watchUnits()
      groups.watchPrompt()
      groups.watchRuns()
      groups.watchList()
      watchDocument()
      void listKeeper.restore()
      groups.watchEngine(() => {
        groups.watchPreferences()
        void openFirst()
      })
    },
    cancelRun(id) {
      groups.cancelRun(id)
      groups.watchFinishing()
    },
    async chooseModel(path, file) {
      const isLoaded = await groups.chooseModel(path, file)
      if (isLoaded) groups.countTokens()
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
  return {store, captures, client, host: deps.host ?? null, actions}
}
