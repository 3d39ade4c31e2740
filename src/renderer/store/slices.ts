import {DEFAULT_PREFERENCES} from '../../shared/domain/preferences.ts'
import {initialGraph, initialGraphWork} from './attention-graph-state.ts'
import {initialAttentionHeads} from './attention-heads.ts'
import {initialAttentionLines} from './attention-lines.ts'
import {initialAttentionOverview} from './attention-overview.ts'
import {initialPrune} from './attention-prune.ts'
import {initialSimilar} from './attention-similar.ts'
import {initialAttention, initialAttentionWork} from './attention-state.ts'
import {initialAttentionTrials} from './attention-trials.ts'
import {initialAttribution, initialAttributionWork} from './attribution-state.ts'
import {initialConnection} from './connection.ts'
import {initialCritical, initialCriticalWork} from './critical-state.ts'
import {initialFrame} from './frame.ts'
import {initialHeadLabels, initialHeadLabelsWork} from './head-labels.ts'
import {initialLinks} from './links.ts'
import {initialLogitLens} from './logit-lens.ts'
import {initialChosenModel, initialModels} from './models.ts'
import {initialNextBytes, initialNextBytesWork} from './next-bytes.ts'
import {initialPanes} from './panes.ts'
import {initialParameters} from './parameters.ts'
import {initialPrompt, initialPromptFacts} from './prompt.ts'
import {initialListJob, initialListView, initialPromptList} from './prompt-list.ts'
import {initialPromptTools} from './prompt-tools.ts'
import {initialRunStates, initialRuns} from './runs.ts'
import {initialSamples} from './samples.ts'
import {initialCard, initialHover, initialSelection} from './selection.ts'
import type {
  DocumentState,
  PreferencesState,
  SessionState,
  UndoState,
  ViewsState,
  WorkbenchState,
} from './state.ts'
import {initialTables} from './tables.ts'
import {initialTokenizers, initialTokenizersWork} from './tokenizers-state.ts'
import {initialTree, initialTreeWork} from './tree-state.ts'
import {initialUnit, initialUnitWork} from './unit.ts'
import {initialWindow} from './window.ts'

/**
 * Where a slice lives. `document`: what a workspace is; it changes only by `context.change`, which makes
 * it undoable, and outlives a reload of its tab. `session`: this visit alone. `preference`: every
 * workspace of this person, on disk.
 */
export type SliceKind = 'document' | 'session' | 'preference'

interface Slice<Kind extends SliceKind, State extends object> {
  readonly kind: Kind
  readonly initial: State
}

const document = <State extends Partial<DocumentState>>(
  initial: State
): Slice<'document', State> => ({kind: 'document', initial})
const session = <State extends Partial<SessionState>>(initial: State): Slice<'session', State> => ({
  kind: 'session',
  initial,
})
const preference = <State extends Partial<PreferencesState>>(
  initial: State
): Slice<'preference', State> => ({kind: 'preference', initial})

const initialUndo: UndoState = {past: [], future: []}
const initialViews: ViewsState = {views: [], viewIndex: -1}

/** Every slice of the store and what it is. */
export const SLICES = {
  prompt: document(initialPrompt),
  promptList: document(initialPromptList),
  parameters: document(initialParameters),
  runs: document(initialRuns),
  panes: document(initialPanes),
  selection: document(initialSelection),
  nextBytes: document(initialNextBytes),
  unit: document(initialUnit),
  attention: document(initialAttention),
  graph: document(initialGraph),
  headLabels: document(initialHeadLabels),
  attribution: document(initialAttribution),
  critical: document(initialCritical),
  tokenizers: document(initialTokenizers),
  tree: document(initialTree),
  chosenModel: document(initialChosenModel),
  connection: session(initialConnection),
  models: session(initialModels),
  promptFacts: session(initialPromptFacts),
  promptTools: session(initialPromptTools),
  listJob: session(initialListJob),
  listView: session(initialListView),
  runStates: session(initialRunStates),
  hover: session(initialHover),
  unitWork: session(initialUnitWork),
  card: session(initialCard),
  tables: session(initialTables),
  logitLens: session(initialLogitLens),
  nextBytesWork: session(initialNextBytesWork),
  attentionWork: session(initialAttentionWork),
  graphWork: session(initialGraphWork),
  prune: session(initialPrune),
  similar: session(initialSimilar),
  attentionHeads: session(initialAttentionHeads),
  headLabelsWork: session(initialHeadLabelsWork),
  attentionLines: session(initialAttentionLines),
  attentionOverview: session(initialAttentionOverview),
  attentionTrials: session(initialAttentionTrials),
  treeWork: session(initialTreeWork),
  samples: session(initialSamples),
  attributionWork: session(initialAttributionWork),
  criticalWork: session(initialCriticalWork),
  tokenizersWork: session(initialTokenizersWork),
  links: session(initialLinks),
  undo: session(initialUndo),
  views: session(initialViews),
  preferencesProblem: session({preferencesProblem: null}),
  window: session(initialWindow),
  frame: session(initialFrame),
  preferences: preference<PreferencesState>({preferences: DEFAULT_PREFERENCES}),
}

/** The state before anything happened. */
export function initialState(): WorkbenchState {
  const states = Object.values(SLICES).map((slice) => slice.initial)
  return Object.assign({}, ...states) as WorkbenchState
}

/** Keys of the state that are the document. */
export const DOCUMENT_KEYS = Object.values(SLICES)
  .filter((slice) => slice.kind === 'document')
  .flatMap((slice) => Object.keys(slice.initial)) as (keyof DocumentState)[]

/** The document as it stands; its parts are never changed, only replaced. */
export function selectDocument(state: WorkbenchState): DocumentState {
  return Object.fromEntries(DOCUMENT_KEYS.map((key) => [key, state[key]])) as never
}
