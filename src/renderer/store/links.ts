import {type Problem, ProblemError} from '../../shared/domain/problem.ts'
import {fingerprint} from '../../shared/links/fingerprint.ts'
import type {LinkData, LinkDataInput, LinkModel} from '../../shared/links/link-data.ts'
import {parseLink} from '../../shared/links/link-text.ts'
import type {Captures} from './captures.ts'
import {type StoreContext, shownProblem} from './context.ts'
import {lensesOf, lensesPatch, runLensesOf} from './link-lenses.ts'
import {missingModelProblem} from './link-problems.ts'
import {nameWithFile} from './model-files.ts'
import {refOfListing, selectActiveListing, selectLoaded, selectLoadedFiles} from './models.ts'
import {FIRST_LENS_ID} from './panes.ts'
import {KEPT_RUN, selectRun} from './run-records.ts'
import {selectLock} from './selection.ts'
import type {LinksState, ModelListing, RunEntry, RunId, WorkbenchState} from './state.ts'

export const initialLinks: LinksState = {
  linkProblem: null,
  waitingLink: null,
  isLinkComing: false,
  openProblem: null,
}

export interface LinkActions {
  /**
   * Opens a link in any of its forms: one undo step. What cannot be opened is said in a dialog; a link
   * to a model that is not there waits for it.
   */
  openLink(text: string): Promise<boolean>
  /** Opens the link that waits, now that its model may be there. */
  continueLink(): Promise<boolean>
  /** Lets go of the link that waits, and of what is said about it. */
  dropLink(): void
  dismissLinkProblem(): void
  /** Says in a dialog why something cannot be opened. */
  showOpenProblem(problem: Problem): void
}

/** What only the whole workbench can do. */
export interface LinkDeps {
  /** Resolves once the page has opened what it starts with. */
  readonly opened: Promise<unknown>
  chooseModel(path: string, file?: string | null): Promise<boolean>
}

/** A model as a link names it. */
function linkModelOf(
  state: WorkbenchState,
  listing: ModelListing | null,
  fallback: {readonly id: string; readonly sha256: string | null; readonly file?: string}
): LinkModel {
  if (!listing) return fallback
  const {id, path, source} = listing
  const isNamed = source === 'builtin' || source === 'cache'
  const sha256 = fallback.sha256 ?? selectLoaded(state, path, fallback.file)?.sha256 ?? null
  return {
    id,
    sha256,
    ...(fallback.file === undefined ? {} : {file: fallback.file}),
    ...(isNamed ? {} : {place: fingerprint(path)}),
  }
}

const byRef = (state: WorkbenchState, model: string) =>
  state.listings.find((listing) => refOfListing(listing).model === model) ?? null
const lastName = (path: string) => path.split(/[\\/]/u).findLast((part) => part !== '') ?? path

/** The view that is shown, as a link restores it: what came of its runs goes along as ids. */
export function selectLink(state: WorkbenchState, captures: Captures): LinkDataInput {
  const ids = [...new Set(state.panes.map(({runId}) => runId))].filter((id) => id !== null)
  const shown = ids.flatMap((id) => selectRun(state, id) ?? [])
  const modelOf = (request: {readonly model: string; readonly file?: string}, runId?: RunId) => {
    const made = runId === undefined ? null : captures.runs.peek(runId)?.provenance?.model
    const id = made?.id ?? lastName(request.model)
    return linkModelOf(state, byRef(state, request.model), {
      id,
      sha256: made?.sha256 ?? null,
      ...(request.file === undefined ? {} : {file: request.file}),
    })
  }
  const runs = shown.map((run) => {
    const data = captures.runs.peek(run.id)
    const {model: _, file: __, kvCache: ___, ...request} = run.request
    const given = request.completionIds?.length ?? 0
    const known = data && data.tokens.length > 0 ? data.completionIds : null
    const left = Math.max(0, request.generate - ((known?.length ?? given) - given))
    const lock = data ? selectLock(state, captures, run.id) : state.locks[run.id]
    return {
      model: modelOf(run.request, run.id),
      request: {
        ...request,
        // The very tokens, not how they were drawn: another machine may round another way.
        ...(known && known.length > 0 ? {completionIds: [...known]} : {}),
        generate: run.phase.kind === 'completed' ? 0 : left,
      },
      label: run.label.slice(0, 200),
      ...(lock === undefined ? {} : {lock}),
      pins: [...(state.pins[run.id] ?? [])],
      drawnSpans: [...(state.drawnSpans[run.id] ?? [])],
      ...(run.suggestedTrack === null ? {} : {suggestedTrack: [...run.suggestedTrack]}),
      ...runLensesOf(state, run.id),
    }
  })
  const active = selectActiveListing(state)
  const {tracked, tracks, ...parameters} = state.parameters
  const trackedRefs = [...new Set(shown.map((run) => run.request.model))]
  return {
    model:
      active &&
      linkModelOf(state, active, {
        id: active.id,
        sha256: null,
        ...(state.activeModelFile === null ? {} : {file: state.activeModelFile}),
      }),
    promptText: state.promptText,
    turns: [...state.turns],
    isChat: state.isChat,
    parameters: {...parameters, tracks: [...tracks]},
    tracked: trackedRefs.flatMap((model) => {
      const chosen = tracked[model]
      return chosen ? [{model: modelOf({model}), ids: [...chosen]}] : []
    }),
    runs,
    panes: state.panes.map(({lensId, runId, view}) => {
      const run = shown.findIndex(({id}) => id === runId)
      return {lensId, view, run: run < 0 ? null : (run as 0 | 1)}
    }),
    activePane: state.activePane,
    unit: state.unit,
    ...lensesOf(state),
  }
}

/**
 * The listed model that a link means: by its hash where it is loaded, else of its name, where several
 * have it the one at the same place. Null where none has its name or hash.
 */
export function findLinkedModel(
  state: Pick<WorkbenchState, 'listings' | 'status'>,
  model: LinkModel
): ModelListing | null {
  const usable = state.listings.filter((listing) => !listing.problem)
  const named = usable.filter(({id}) => id === model.id)
  const isSame = ({path}: ModelListing) =>
    selectLoadedFiles(state, path).some(({sha256}) => sha256 === model.sha256)
  return (
    (model.sha256 === null ? undefined : (named.find(isSame) ?? usable.find(isSame))) ??
    named.find(({path}) => model.place !== undefined && fingerprint(path) === model.place) ??
    named[0] ??
    // The hub's `org/name` may lie here as a folder of that name, and the other way round.
    usable.find(({id}) => lastName(id) === lastName(model.id)) ??
    null
  )
}

/** Models that a link needs and that are not listed. */
export function findMissingModels(
  state: Pick<WorkbenchState, 'listings' | 'status'>,
  {model, runs}: LinkData
): readonly LinkModel[] {
  const needed = [...runs.map((run) => run.model), ...(model ? [model] : [])]
  const missing = needed.filter((candidate) => !findLinkedModel(state, candidate))
  return missing.filter(({id}, i) => missing.findIndex((other) => other.id === id) === i)
}

export function createLinkActions(context: StoreContext, linkDeps: LinkDeps): LinkActions {
  const {store, set, change, deps} = context
  let linkCount = 0
  let newest = 0

  /** The document with the link's view in it; the runs of before stay in the history. */
  const apply = (data: LinkData) => {
    const state = store.getState()
    const count = linkCount++
    const refOf = (model: LinkModel) => refOfListing(findLinkedModel(state, model)!).model
    const entries = data.runs.map((run, i): RunEntry => {
      const {file, id, sha256} = run.model
      const model = refOf(run.model)
      return {
        id: `${deps.now().toString(36)}-link${count}-${i}`,
        startedAt: deps.now(),
        request: {...run.request, model, ...(file === undefined ? {} : {file})},
        modelName: nameWithFile(findLinkedModel(state, run.model)!, file),
        label: run.label,
        ...(sha256 === null ? {} : {linked: {id, sha256}}),
      }
    })
    const idOf = (run: 0 | 1 | null) => (run === null ? null : (entries[run]?.id ?? null))
    const locks = entries.flatMap(({id}, i) => {
      const {lock} = data.runs[i]!
      return lock === undefined ? [] : [[id, lock] as const]
    })
    const known = deps.lensIds
    const strange = data.panes.find(({lensId}) => known && !known.includes(lensId))
    const path = data.model && findLinkedModel(state, data.model)!.path
    const {tracked, ...parameters} = {...data.parameters, tracked: data.tracked}
    change('open a link', {
      promptText: data.promptText,
      turns: data.turns,
      isChat: data.isChat,
      parameters: {
        ...parameters,
        tracked: {
          ...state.parameters.tracked,
          ...Object.fromEntries(tracked.map(({model, ids}) => [refOf(model), ids])),
        },
      },
      runs: [...entries, ...state.runs],
      panes: data.panes.map(({lensId, run, view}) => ({
        lensId: !known || known.includes(lensId) ? lensId : FIRST_LENS_ID,
        runId: idOf(run),
        view,
      })),
      activePane: data.activePane,
      unit: data.unit,
      locks: {...state.locks, ...Object.fromEntries(locks)},
      pins: {
        ...state.pins,
        ...Object.fromEntries(entries.map(({id}, i) => [id, data.runs[i]!.pins])),
      },
      drawnSpans: {
        ...state.drawnSpans,
        ...Object.fromEntries(entries.map(({id}, i) => [id, data.runs[i]!.drawnSpans])),
      },
      ...lensesPatch(
        state,
        data,
        entries.map(({id}) => id)
      ),
      ...(path === null ? {} : {activeModelPath: path, activeModelFile: data.model?.file ?? null}),
    })
    set(({runStates}) => ({
      runStates: {
        ...runStates,
        ...Object.fromEntries(
          entries.flatMap(({id}, i) => {
            const {suggestedTrack} = data.runs[i]!
            return suggestedTrack ? [[id, {...KEPT_RUN, suggestedTrack}]] : []
          })
        ),
      },
      linkProblem: null,
      waitingLink: null,
      hovered: null,
      shownProblemPath: null,
      dialog: null,
      dialogNote: null,
      ...(strange
        ? {notice: `This version has no lens “${strange.lensId}”: the tokens are shown instead.`}
        : {}),
    }))
    if (path !== null) void linkDeps.chooseModel(path, data.model?.file)
  }

  const open = (data: LinkData): boolean => {
    const [missing] = findMissingModels(store.getState(), data)
    if (!missing) {
      apply(data)
      return true
    }
    set({
      waitingLink: data,
      linkProblem: missingModelProblem(missing, store.getState().listings),
      dialog: 'link',
      dialogNote: null,
    })
    return false
  }

  return {
    async openLink(text) {
      const mine = ++newest
      set({isLinkComing: true})
      await linkDeps.opened
      // Of two links that came while the page was opening, the later one is meant.
      if (mine !== newest) return false
      set({isLinkComing: false})
      try {
        return open(parseLink(text))
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error
        set({linkProblem: shownProblem(error), dialog: 'link', dialogNote: null})
        return false
      }
    },
    async continueLink() {
      const {waitingLink} = store.getState()
      return waitingLink ? open(waitingLink) : false
    },
    dropLink: () => set({waitingLink: null, linkProblem: null}),
    dismissLinkProblem: () => set({linkProblem: null}),
    showOpenProblem: (openProblem) => set({openProblem, dialog: 'open-problem', dialogNote: null}),
  }
}
