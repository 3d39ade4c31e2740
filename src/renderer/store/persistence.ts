import {z} from 'zod'
import {
  DEFAULT_PREFERENCES,
  type Preferences,
  preferencesSchema,
} from '../../shared/domain/preferences.ts'
import {problemSchema} from '../../shared/domain/problem.ts'
import {figureOptionsSchema} from '../../shared/figures/request.ts'
import {colorStepsSchema} from '../../shared/lenses/attention-picture.ts'
import {TRACK_NAMES} from '../../shared/lenses/token-tracks.ts'
import {messageSchema, tokensRequestSchema} from '../../shared/lenses/tokens.ts'
import {
  attentionChoiceSchema,
  attentionFilterChoiceSchema,
  matrixPlaceSchema,
  matrixWindowSchema,
} from '../../shared/links/link-attention.ts'
import {byteSpanSchema, unitChoiceSchema} from '../../shared/units/unit-choice.ts'
import {type GraphState, initialGraph} from './attention-graph-state.ts'
import {type AttentionState, initialAttention} from './attention-state.ts'
import {attributionShape} from './attribution-shape.ts'
import type {KeyValueStorage} from './context.ts'
import {criticalShape} from './critical-shape.ts'
import {DEFAULT_PARAMETERS} from './default-parameters.ts'
import {keptLabelsSchema} from './head-labels-kept.ts'
import type {PromptListState} from './prompt-list-state.ts'
import type {
  DocumentState,
  FrameSizes,
  RunEntry,
  RunId,
  RunPhase,
  RunRecord,
  RunState,
  View,
} from './state.ts'
import {keptSource, tokenizersShape} from './tokenizers-kept.ts'
import {treeShape} from './tree-persistence.ts'

const PREFERENCES_KEY = 'tokenscope.preferences'
const HISTORY_KEY = 'tokenscope.history'
/** What a new tab starts with: the prompt and model that were used last. */
const LAST_KEY = 'tokenscope.last'
/** The document of this tab. */
const VIEWS_KEY = 'tokenscope.views'
const DOCUMENT_KEY = 'tokenscope.document'
/** The prompt list of this tab, which is written only when it has changed. */
const LIST_KEY = 'tokenscope.list'
/** How the window is divided: this tab's in its own storage, the last used in the shared one. */
const FRAME_KEY = 'tokenscope.frame'
const HISTORY_LENGTH = 50
/** Of all prompts and answers; more has no room in a tab's storage, and would stop the page to find out. */
const MOST_KEPT_LIST_CHARS = 3_500_000

const track = figureOptionsSchema.shape.tracks.unwrap().element

const parametersSchema = z.object({
  temperature: z.number().positive().max(100).catch(DEFAULT_PARAMETERS.temperature),
  topP: z.number().positive().max(1).catch(DEFAULT_PARAMETERS.topP),
  topK: z.number().int().min(1).max(1000).catch(DEFAULT_PARAMETERS.topK),
  generateCount: z.number().int().min(0).max(100_000).catch(DEFAULT_PARAMETERS.generateCount),
  isSampled: z.boolean().catch(DEFAULT_PARAMETERS.isSampled),
  seed: z.number().int().nonnegative().catch(DEFAULT_PARAMETERS.seed),
  tracks: z
    .array(track)
    .min(1)
    .max(TRACK_NAMES.length)
    .catch([...DEFAULT_PARAMETERS.tracks]),
  stripTrack: track.catch(DEFAULT_PARAMETERS.stripTrack),
  tracked: z.record(z.string(), z.array(z.number().int().nonnegative()).max(64)).catch({}),
})

const linked = z.object({id: z.string(), sha256: z.string()}).optional()

const tokenId = z.number().int().nonnegative()
const historySchema = z.array(
  z.object({
    id: z.string(),
    startedAt: z.number(),
    modelName: z.string(),
    label: z.string(),
    tokenCount: z.number().int().nullable(),
    request: tokensRequestSchema,
    linked,
    end: z.enum(['none', 'cancelled', 'failed']).catch('none'),
    problem: problemSchema.optional().catch(undefined),
    suggestedTrack: z.array(tokenId).max(64).readonly().nullable().catch(null),
  })
)
type KeptRun = z.infer<typeof historySchema>[number]

const promptShape = {
  promptText: z.string(),
  turns: z.array(messageSchema).catch([]),
  isChat: z.boolean(),
  activeModelPath: z.string().nullable(),
  activeModelFile: z.string().nullable().catch(null),
}
const lastSchema = z.object(promptShape)
export type LastPrompt = Pick<DocumentState, keyof typeof promptShape>

const position = z.number().int().nonnegative()
const panesSchema = z
  .array(z.object({lensId: z.string(), runId: z.string().nullable(), view: z.string().nullable()}))
  .min(1)
  .max(2)
const activePaneSchema = z.union([z.literal(0), z.literal(1)])
const viewsSchema = z.array(
  z.object({
    id: z.number().int(),
    panes: panesSchema,
    activePane: activePaneSchema,
    locked: position.nullable().optional(),
  })
)
const attentionShape = {
  attentionShown: z
    .tuple([attentionChoiceSchema, attentionChoiceSchema])
    .readonly()
    .catch(initialAttention.attentionShown),
  attentionFilters: attentionFilterChoiceSchema.catch(initialAttention.attentionFilters),
  attentionRange: z.number().positive().nullable().catch(null),
  attentionSteps: colorStepsSchema.catch(initialAttention.attentionSteps),
  attentionCompanions: z
    .tuple([z.array(position).max(64), z.array(position).max(64)])
    .readonly()
    .catch([[], []]),
  attentionWindows: z.record(z.string(), matrixWindowSchema).catch({}),
  attentionCells: z.record(z.string(), matrixPlaceSchema).catch({}),
} satisfies Record<keyof AttentionState, z.ZodType>

const graphShape = {
  graphEdgesPerLayer: z.number().int().min(1).max(60).catch(initialGraph.graphEdgesPerLayer),
  graphImportance: z
    .enum([
      ...(['position-corrected', 'plain', 'drop-sink', 'damped'] as const),
      ...(['attention-rollout', 'attention-flow'] as const),
    ])
    .catch(initialGraph.graphImportance),
  graphWindows: z
    .record(z.string(), z.object({start: z.number().min(0), span: z.number().positive()}))
    .catch({}),
  graphLevels: z.record(z.string(), position).catch({}),
} satisfies Record<keyof GraphState, z.ZodType>

const documentSchema = z.object({
  ...promptShape,
  ...attentionShape,
  ...graphShape,
  headLabels: keptLabelsSchema,
  ...attributionShape,
  ...criticalShape,
  isByteShown: z.boolean().catch(false),
  ...tokenizersShape,
  ...treeShape,
  parameters: parametersSchema,
  runs: z.array(
    z.object({
      id: z.string(),
      startedAt: z.number(),
      modelName: z.string(),
      label: z.string(),
      request: tokensRequestSchema,
      linked,
    })
  ),
  panes: panesSchema,
  activePane: activePaneSchema,
  locks: z.record(z.string(), position.nullable()),
  pins: z.record(
    z.string(),
    z.array(
      z.discriminatedUnion('kind', [
        z.object({kind: z.literal('token'), position}),
        z.object({kind: z.literal('pair'), from: position, to: position}),
      ])
    )
  ),
  unit: unitChoiceSchema,
  drawnSpans: z.record(z.string(), z.array(byteSpanSchema)),
}) satisfies z.ZodType<Omit<DocumentState, keyof PromptListState>>

export const listRowSchema = z.object({
  id: z.string(),
  prompt: z.string(),
  messages: z.array(messageSchema).nullable(),
  answer: z.string().nullable(),
  response: z.string().optional(),
  line: z.number().int(),
})
export const listSchema = z.object({
  listRows: z.array(listRowSchema),
  listSource: z
    .object({
      name: z.string(),
      format: z.string().nullable().default(null),
      columns: z.string().nullable().default(null),
      lineCount: z.number().int(),
      rowCount: z.number().int(),
      skippedCount: z.number().int(),
      skipped: z.array(z.object({line: z.number().int(), reason: z.string()})),
      answersFrom: z.string().nullable(),
    })
    .nullable(),
}) satisfies z.ZodType<PromptListState>
const NO_LIST: PromptListState = {listRows: [], listSource: null}

// Storage may be off or full, and what is in it may be from another version: neither may stop the
// page, so reading falls back and writing gives up.
function readJson(storage: KeyValueStorage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null')
  } catch {
    return null
  }
}

/** False where there is no room. */
function writeJson(storage: KeyValueStorage, key: string, value: unknown): boolean {
  try {
    storage.setItem(key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}

/** The preferences as they were last known here, until the engine tells what its file has. */
export function readPreferencesCopy(storage: KeyValueStorage): Preferences {
  const parsed = preferencesSchema.safeParse(readJson(storage, PREFERENCES_KEY))
  return parsed.success ? parsed.data : DEFAULT_PREFERENCES
}

export function writePreferencesCopy(storage: KeyValueStorage, preferences: Preferences): void {
  writeJson(storage, PREFERENCES_KEY, preferences)
}

const frameSchema = z.object({
  leftPx: z.number().min(100).max(1000),
  rightPx: z.number().min(100).max(1000),
  splitShare: z.number().min(0.05).max(0.95),
  isLeftCollapsed: z.boolean(),
  isRightCollapsed: z.boolean(),
}) satisfies z.ZodType<FrameSizes>

/** How a window was divided; null where nothing, or nothing that can be used, is kept. */
export function readFrame(storage: KeyValueStorage): FrameSizes | null {
  const parsed = frameSchema.safeParse(readJson(storage, FRAME_KEY))
  return parsed.success ? parsed.data : null
}

export function writeFrame(storage: KeyValueStorage, frame: FrameSizes): void {
  writeJson(storage, FRAME_KEY, frame)
}

function readKeptRuns(storage: KeyValueStorage): KeptRun[] {
  const parsed = historySchema.safeParse(readJson(storage, HISTORY_KEY))
  return parsed.success ? parsed.data : []
}

function phaseOfKept({end, problem}: KeptRun): RunPhase {
  if (end === 'failed' && problem) return {kind: 'failed', problem}
  return {kind: end === 'none' ? 'kept' : 'cancelled'}
}

function keptOfRun(run: RunRecord): KeptRun {
  const {id, startedAt, modelName, label, tokenCount, request, linked, suggestedTrack, phase} = run
  const kept = {id, startedAt, modelName, label, tokenCount, request, linked, suggestedTrack}
  if (phase.kind === 'failed') return {...kept, end: 'failed', problem: phase.problem}
  // Leaving the page ends what runs on it, so that is what a next visit finds.
  const isCancelled = phase.kind === 'cancelled' || phase.kind === 'running'
  return {...kept, end: isCancelled ? 'cancelled' : 'none'}
}

export interface History {
  readonly runs: readonly RunEntry[]
  readonly runStates: Readonly<Record<RunId, RunState>>
}

/** The runs of earlier visits: their requests and how they ended, without results. */
export function readHistory(storage: KeyValueStorage): History {
  const kept = readKeptRuns(storage)
  return {
    runs: kept.map(({id, startedAt, modelName, label, request, linked}) => ({
      id,
      startedAt,
      modelName,
      label,
      request,
      ...(linked ? {linked} : {}),
    })),
    runStates: Object.fromEntries(
      kept.map((run) => [
        run.id,
        {
          phase: phaseOfKept(run),
          tokenCount: run.tokenCount,
          revision: 0,
          suggestedTrack: run.suggestedTrack,
        },
      ])
    ),
  }
}

/**
 * Writes the runs that this page has made or run again among those that are kept. Other pages write
 * the same entry: what they put there stays, and what they removed is not brought back.
 */
export function writeHistory(
  storage: KeyValueStorage,
  runs: readonly RunRecord[],
  ownIds: ReadonlySet<RunId>
): void {
  const own = runs.filter(({id}) => ownIds.has(id)).map(keptOfRun)
  const others = readKeptRuns(storage).filter(({id}) => !ownIds.has(id))
  const kept = [...own, ...others].sort((a, b) => b.startedAt - a.startedAt)
  writeJson(storage, HISTORY_KEY, kept.slice(0, HISTORY_LENGTH))
}

export function clearHistory(storage: KeyValueStorage): void {
  writeJson(storage, HISTORY_KEY, [])
}

/** What was typed last in any tab; null on the very first visit. */
export function readLastPrompt(storage: KeyValueStorage): LastPrompt | null {
  const parsed = lastSchema.safeParse(readJson(storage, LAST_KEY))
  return parsed.success ? parsed.data : null
}

export function writeLastPrompt(storage: KeyValueStorage, prompt: LastPrompt): void {
  const {promptText, turns, isChat, activeModelPath, activeModelFile} = prompt
  writeJson(storage, LAST_KEY, {promptText, turns, isChat, activeModelPath, activeModelFile})
}

/** The document that this tab had before it was reloaded; null in a new tab. */
export function readDocument(session: KeyValueStorage): DocumentState | null {
  const parsed = documentSchema.safeParse(readJson(session, DOCUMENT_KEY))
  if (!parsed.success) return null
  const list = listSchema.safeParse(readJson(session, LIST_KEY))
  return {...parsed.data, ...(list.success ? list.data : NO_LIST)}
}

/** The views that this tab had before it was reloaded; null in a new tab. */
export function readViews(session: KeyValueStorage): readonly View[] | null {
  const parsed = viewsSchema.safeParse(readJson(session, VIEWS_KEY))
  return parsed.success ? parsed.data.map((view) => ({locked: undefined, ...view})) : null
}

export function writeViews(session: KeyValueStorage, views: readonly View[]): void {
  writeJson(session, VIEWS_KEY, views)
}

/** Whether a tab's text storage has room for a list. */
function isSmallList(rows: PromptListState['listRows']): boolean {
  let charCount = 0
  for (const {prompt, messages, answer} of rows) {
    charCount += prompt.length + (answer?.length ?? 0)
    for (const {content} of messages ?? []) charCount += content.length
  }
  return charCount <= MOST_KEPT_LIST_CHARS
}

const keptLists = new WeakMap<KeyValueStorage, PromptListState>()

/**
 * Keeps the list for a reload. Calls `archive` with what has to be kept elsewhere: the list where it is
 * too large, else none.
 */
function writeList(
  session: KeyValueStorage,
  {listRows, listSource}: PromptListState,
  archive: (list: PromptListState) => void
): void {
  const kept = keptLists.get(session) ?? NO_LIST
  if (kept.listRows === listRows && kept.listSource === listSource) return
  const list = {listRows, listSource}
  keptLists.set(session, list)
  const isKept = isSmallList(listRows) && writeJson(session, LIST_KEY, list)
  if (!isKept) writeJson(session, LIST_KEY, NO_LIST)
  archive(isKept ? NO_LIST : list)
}

/** Keeps the document for a reload of this tab; where there is no room for all of it, what is shown. */
export function writeDocument(
  session: KeyValueStorage,
  state: DocumentState,
  archiveList: (list: PromptListState) => void = () => undefined
): void {
  writeList(session, state, archiveList)
  const {listRows: _, listSource: __, ...rest} = state
  const document = {...rest, comparedSource: keptSource(rest.comparedSource)}
  if (writeJson(session, DOCUMENT_KEY, document)) return
  const shown = new Set(document.panes.map((pane) => pane.runId))
  const runs = document.runs.filter((run) => shown.has(run.id))
  if (writeJson(session, DOCUMENT_KEY, {...document, runs})) return
  writeJson(session, DOCUMENT_KEY, {...document, runs: [], promptText: ''})
}
