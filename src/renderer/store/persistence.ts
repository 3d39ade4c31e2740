import {z} from 'zod'
import {problemSchema} from '../../shared/domain/problem.ts'
import {figureOptionsSchema} from '../../shared/figures/request.ts'
import {tokensRequestSchema} from '../../shared/lenses/tokens.ts'
import type {KeyValueStorage} from './context.ts'
import type {RunId, RunPhase, RunRecord, Settings} from './state.ts'

const SETTINGS_KEY = 'tokenscope.settings'
const HISTORY_KEY = 'tokenscope.history'
const PROMPT_KEY = 'tokenscope.prompt'
const SHOWN_KEY = 'tokenscope.shown'
const HISTORY_LENGTH = 50

const track = figureOptionsSchema.shape.tracks.unwrap().element

export const DEFAULT_SETTINGS: Settings = {
  theme: 'system',
  temperature: 1,
  topP: 1,
  topK: 10,
  generateCount: 5,
  isSampled: false,
  seed: 0,
  tracks: ['surprisal', 'entropy', 'rank'],
  stripTrack: 'surprisal',
  isTableShown: false,
  tracked: {},
}

const settingsSchema = z.object({
  theme: z.enum(['light', 'dark', 'system']).catch(DEFAULT_SETTINGS.theme),
  temperature: z.number().positive().max(100).catch(1),
  topP: z.number().positive().max(1).catch(1),
  topK: z.number().int().min(1).max(1000).catch(10),
  generateCount: z.number().int().min(0).max(100_000).catch(DEFAULT_SETTINGS.generateCount),
  isSampled: z.boolean().catch(false),
  seed: z.number().int().nonnegative().catch(0),
  tracks: z
    .array(track)
    .min(1)
    .max(6)
    .catch([...DEFAULT_SETTINGS.tracks]),
  stripTrack: track.catch(DEFAULT_SETTINGS.stripTrack),
  isTableShown: z.boolean().catch(false),
  tracked: z.record(z.string(), z.array(z.number().int().nonnegative()).max(64)).catch({}),
})

const historySchema = z.array(
  z.object({
    id: z.string(),
    startedAt: z.number(),
    modelName: z.string(),
    label: z.string(),
    tokenCount: z.number().int().nullable(),
    request: tokensRequestSchema,
    end: z.enum(['none', 'cancelled', 'failed']).catch('none'),
    problem: problemSchema.optional().catch(undefined),
  })
)
type KeptRun = z.infer<typeof historySchema>[number]

const promptSchema = z.object({
  text: z.string(),
  system: z.string(),
  isChat: z.boolean(),
  modelPath: z.string().nullable(),
})
export type KeptPrompt = z.infer<typeof promptSchema>

// Storage may be off or full, and what is in it may be from another version: neither may stop the
// page, so reading falls back and writing gives up.
function readJson(storage: KeyValueStorage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null')
  } catch {
    return null
  }
}

function writeJson(storage: KeyValueStorage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value))
  } catch {
    // Kept in memory only.
  }
}

export function readSettings(storage: KeyValueStorage): Settings {
  const parsed = settingsSchema.safeParse(readJson(storage, SETTINGS_KEY) ?? {})
  return parsed.success ? {...DEFAULT_SETTINGS, ...parsed.data} : DEFAULT_SETTINGS
}

export function writeSettings(storage: KeyValueStorage, settings: Settings): void {
  writeJson(storage, SETTINGS_KEY, settings)
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
  const {id, startedAt, modelName, label, tokenCount, request, phase} = run
  const kept = {id, startedAt, modelName, label, tokenCount, request}
  if (phase.kind === 'failed') return {...kept, end: 'failed', problem: phase.problem}
  // Leaving the page ends what runs on it, so that is what a next visit finds.
  const isCancelled = phase.kind === 'cancelled' || phase.kind === 'running'
  return {...kept, end: isCancelled ? 'cancelled' : 'none'}
}

/** The runs of earlier visits: their requests and how they ended, without results. */
export function readHistory(storage: KeyValueStorage): RunRecord[] {
  return readKeptRuns(storage).map((kept) => ({
    id: kept.id,
    startedAt: kept.startedAt,
    modelName: kept.modelName,
    label: kept.label,
    tokenCount: kept.tokenCount,
    request: kept.request,
    phase: phaseOfKept(kept),
    revision: 0,
    suggestedTrack: null,
  }))
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

/** What this tab had typed before it was reloaded, else what was typed last; null on the very first visit. */
export function readPrompt(storage: KeyValueStorage, session: KeyValueStorage): KeptPrompt | null {
  for (const place of [session, storage]) {
    const parsed = promptSchema.safeParse(readJson(place, PROMPT_KEY))
    if (parsed.success) return parsed.data
  }
  return null
}

export function writePrompt(
  storage: KeyValueStorage,
  session: KeyValueStorage,
  prompt: KeptPrompt
): void {
  writeJson(session, PROMPT_KEY, prompt)
  writeJson(storage, PROMPT_KEY, prompt)
}

const shownSchema = z.object({
  runId: z.string().nullable(),
  /** Null where the lock was released; absent where the run had no tokens yet. */
  locked: z.number().int().nonnegative().nullish(),
})
/** The run on the screen and its locked token, to be found again after a reload. */
export type KeptShown = z.infer<typeof shownSchema>

/** Null in a tab that has shown nothing yet. */
export function readShown(session: KeyValueStorage): KeptShown | null {
  const parsed = shownSchema.safeParse(readJson(session, SHOWN_KEY))
  return parsed.success ? parsed.data : null
}

export function writeShown(session: KeyValueStorage, shown: KeptShown): void {
  writeJson(session, SHOWN_KEY, shown)
}
