import type {ModelInfo, ModelListing, ModelRef} from '../../shared/domain/model.ts'
import {isCancellation, type StoreContext, shownProblem} from './context.ts'
import type {ChosenModelState, ModelsState, WorkbenchState} from './state.ts'

export const initialModels: ModelsState = {
  listings: [],
  areListingsKnown: false,
  loads: {},
  loadProblems: {},
  shownProblemPath: null,
}

export const initialChosenModel: ChosenModelState = {activeModelPath: null, activeModelFile: null}

export interface ModelActions {
  refreshModels(): Promise<void>
  /**
   * Makes a model the one that Run uses, and loads it if it is not: one of its files, else its default.
   * False where it cannot be.
   */
  chooseModel(path: string, file?: string | null): Promise<boolean>
  unloadModel(path: string): Promise<void>
  cancelLoad(path: string): void
  /** Takes a folder off the models that were opened before; its files stay as they are. */
  forgetModel(path: string): Promise<void>
  hideModelProblem(): void
}

/** What names a listed model in a request: one of its files, else its default. */
export function refOfListing(
  listing: Pick<ModelListing, 'id' | 'path' | 'source'>,
  file: string | null = null
): ModelRef {
  const isNamed = listing.source === 'builtin' || listing.source === 'cache'
  return {model: isNamed ? listing.id : listing.path, ...(file === null ? {} : {file})}
}

export function selectActiveListing(state: WorkbenchState): ModelListing | null {
  return state.listings.find((listing) => listing.path === state.activeModelPath) ?? null
}

type LoadedPart = Pick<WorkbenchState, 'status' | 'listings'>

/** A model as it is loaded, by one of its files, else by its default. */
export function selectLoaded(
  {status, listings}: LoadedPart,
  path: string | null,
  file: string | null = null
): ModelInfo | null {
  if (path === null) return null
  const wanted = file ?? listings.find((listing) => listing.path === path)?.files[0]
  const loaded = selectLoadedFiles({status}, path)
  return loaded.find((model) => wanted === undefined || model.file === wanted) ?? null
}

/** What is loaded of a model: one for each of its files that is. */
export function selectLoadedFiles(
  {status}: Pick<WorkbenchState, 'status'>,
  path: string
): readonly ModelInfo[] {
  return status?.loaded.filter((model) => model.path === path) ?? []
}

/** The model that Run uses, where it is loaded. */
export function selectActiveModel(
  state: LoadedPart & Pick<WorkbenchState, 'activeModelPath' | 'activeModelFile'>
): ModelInfo | null {
  return selectLoaded(state, state.activeModelPath, state.activeModelFile)
}

/** What names the model that Run uses; null where none is chosen. */
export function selectActiveRef(state: WorkbenchState): ModelRef | null {
  const listing = selectActiveListing(state)
  return listing && refOfListing(listing, state.activeModelFile)
}

const isSameFile = (a: ModelInfo, b: ModelInfo) => a.path === b.path && a.file === b.file

export function createModelActions({store, set, change, client}: StoreContext): ModelActions {
  const aborts = new Map<string, AbortController>()

  const without = <Value>(record: Readonly<Record<string, Value>>, key: string) => {
    const {[key]: _, ...others} = record
    return others
  }

  const refreshModels = async () => {
    try {
      const known = await client.models.list()
      const {listings, activeModelPath, loadProblems} = store.getState()
      // A folder that was opened just now stays listed even where the engine keeps no recents, and
      // so does one that could not be: its row says so.
      const kept = listings.filter(
        (listing) =>
          (listing.path === activeModelPath || listing.path in loadProblems) &&
          !known.some((other) => other.path === listing.path)
      )
      set({listings: [...known, ...kept], areListingsKnown: true})
    } catch {
      // Asked again at the next connection.
    }
  }

  const load = async (listing: ModelListing, file: string | null): Promise<boolean> => {
    const {path} = listing
    if (aborts.has(path)) return false
    const abort = new AbortController()
    aborts.set(path, abort)
    set((state) => ({
      loads: {...state.loads, [path]: null},
      loadProblems: without(state.loadProblems, path),
      shownProblemPath: state.shownProblemPath === path ? null : state.shownProblemPath,
    }))
    try {
      const events = await client.models.load(refOfListing(listing, file), {signal: abort.signal})
      for await (const event of events) {
        if (event.kind === 'stage') {
          set((state) => ({loads: {...state.loads, [path]: event}}))
        } else {
          // The status says so too, a moment later; until then the page need not wait for it.
          set(({status}) =>
            status && !status.loaded.some((model) => isSameFile(model, event.model))
              ? {status: {...status, loaded: [...status.loaded, event.model]}}
              : {}
          )
        }
      }
      return !abort.signal.aborted
    } catch (error) {
      if (!abort.signal.aborted && !isCancellation(error)) {
        const problem = shownProblem(error)
        set((state) => ({
          loadProblems: {...state.loadProblems, [path]: problem},
          shownProblemPath: path,
        }))
      }
      return false
    } finally {
      aborts.delete(path)
      set((state) => ({loads: without(state.loads, path)}))
    }
  }

  return {
    refreshModels,
    async chooseModel(path, wantedFile = null) {
      const listing = store.getState().listings.find((candidate) => candidate.path === path)
      if (!listing) return false
      const {activeModelPath, activeModelFile} = store.getState()
      const file = wantedFile === listing.files[0] ? null : wantedFile
      if (listing.problem) {
        const {problem} = listing
        set((state) => ({
          loadProblems: {...state.loadProblems, [path]: problem},
          shownProblemPath: path,
        }))
        return false
      }
      set({shownProblemPath: null})
      change('choose a model', {activeModelPath: path, activeModelFile: file})
      if (selectActiveModel(store.getState())) return true
      const isLoaded = await load(listing, file)
      // A model that cannot be loaded is not left as the one to run.
      const state = store.getState()
      if (!isLoaded && state.activeModelPath === path && state.activeModelFile === file) {
        const canGoBack = selectLoaded(state, activeModelPath, activeModelFile) !== null
        if (canGoBack) change('choose a model', {activeModelPath, activeModelFile})
      }
      return isLoaded
    },
    async unloadModel(path) {
      const listing = store.getState().listings.find((candidate) => candidate.path === path)
      if (!listing) return
      try {
        for (const {file} of selectLoadedFiles(store.getState(), path)) {
          await client.models.unload(refOfListing(listing, file === listing.files[0] ? null : file))
        }
        set(({status}) =>
          status
            ? {status: {...status, loaded: status.loaded.filter((model) => model.path !== path)}}
            : {}
        )
      } catch (error) {
        set({notice: shownProblem(error).message})
      }
    },
    cancelLoad: (path) => aborts.get(path)?.abort(),
    async forgetModel(path) {
      aborts.get(path)?.abort()
      try {
        await client.models.forget({path})
      } catch (error) {
        set({notice: shownProblem(error).message})
        return
      }
      set(({listings, loadProblems, shownProblemPath}) => ({
        listings: listings.filter((listing) => listing.path !== path),
        loadProblems: without(loadProblems, path),
        shownProblemPath: shownProblemPath === path ? null : shownProblemPath,
      }))
      const {activeModelPath, listings} = store.getState()
      const [first] = listings
      if (activeModelPath === path) {
        change('choose a model', {
          activeModelPath: first && !first.problem ? first.path : null,
          activeModelFile: null,
        })
      }
    },
    hideModelProblem: () => set({shownProblemPath: null}),
  }
}
