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

export const initialChosenModel: ChosenModelState = {activeModelPath: null}

export interface ModelActions {
  refreshModels(): Promise<void>
  /** Makes a model the one that Run uses, and loads it if it is not. False where it cannot be. */
  chooseModel(path: string): Promise<boolean>
  unloadModel(path: string): Promise<void>
  cancelLoad(path: string): void
  /** Takes a folder off the models that were opened before; its files stay as they are. */
  forgetModel(path: string): Promise<void>
  hideModelProblem(): void
}

/** What names a listed model in a request. */
export function refOfListing(listing: Pick<ModelListing, 'id' | 'path' | 'source'>): ModelRef {
  const isNamed = listing.source === 'builtin' || listing.source === 'cache'
  return {model: isNamed ? listing.id : listing.path}
}

export function selectActiveListing(state: WorkbenchState): ModelListing | null {
  return state.listings.find((listing) => listing.path === state.activeModelPath) ?? null
}

export function selectLoaded(
  state: Pick<WorkbenchState, 'status'>,
  path: string | null
): ModelInfo | null {
  if (path === null) return null
  return state.status?.loaded.find((model) => model.path === path) ?? null
}

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

  const load = async (listing: ModelListing): Promise<boolean> => {
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
      const events = await client.models.load(refOfListing(listing), {signal: abort.signal})
      for await (const event of events) {
        if (event.kind === 'stage') {
          set((state) => ({loads: {...state.loads, [path]: event}}))
        } else {
          // The status says so too, a moment later; until then the page need not wait for it.
          set(({status}) =>
            status && !status.loaded.some((model) => model.path === event.model.path)
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
    async chooseModel(path) {
      const listing = store.getState().listings.find((candidate) => candidate.path === path)
      if (!listing) return false
      const before = store.getState().activeModelPath
      if (listing.problem) {
        const {problem} = listing
        set((state) => ({
          loadProblems: {...state.loadProblems, [path]: problem},
          shownProblemPath: path,
        }))
        return false
      }
      set({shownProblemPath: null})
      change('choose a model', {activeModelPath: path})
      if (selectLoaded(store.getState(), path)) return true
      const isLoaded = await load(listing)
      // A model that cannot be loaded is not left as the one to run.
      if (!isLoaded && store.getState().activeModelPath === path) {
        const canGoBack = before !== null && selectLoaded(store.getState(), before) !== null
        if (canGoBack) change('choose a model', {activeModelPath: before})
      }
      return isLoaded
    },
    async unloadModel(path) {
      const listing = store.getState().listings.find((candidate) => candidate.path === path)
      if (!listing) return
      try {
        await client.models.unload(refOfListing(listing))
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
        change('choose a model', {activeModelPath: first && !first.problem ? first.path : null})
      }
    },
    hideModelProblem: () => set({shownProblemPath: null}),
  }
}
