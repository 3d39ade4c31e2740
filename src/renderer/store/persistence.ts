import {z} from 'zod'
import {figureOptionsSchema} from '../../shared/figures/request.ts'
import {tokensRequestSchema} from '../../shared/lenses/tokens.ts'
import type {KeyValueStorage} from './context.ts'
import type {RunRecord, Settings} from './state.ts'

const SETTINGS_KEY = 'tokenscope.settings'
const HISTORY_KEY = 'tokenscope.history'
const PROMPT_KEY = 'tokenscope.prompt'
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
  })
)

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

/** The runs of earlier visits: their requests, without results. */
export function readHistory(storage: KeyValueStorage): RunRecord[] {
  const parsed = historySchema.safeParse(readJson(storage, HISTORY_KEY))
  if (!parsed.success) return []
  return parsed.data.map((kept) => ({
    ...kept,
    phase: {kind: 'kept'},
    revision: 0,
    suggestedTrack: null,
  }))
}

export function writeHistory(storage: KeyValueStorage, runs: readonly RunRecord[]): void {
  const kept = runs
    .slice(0, HISTORY_LENGTH)
    .map(({id, startedAt, modelName, label, tokenCount, request}) => ({
      id,
      startedAt,
      modelName,
      label,
      tokenCount,
      request,
    }))
  writeJson(storage, HISTORY_KEY, kept)
}

/** Null on the very first visit. */
export function readPrompt(storage: KeyValueStorage): KeptPrompt | null {
  const parsed = promptSchema.safeParse(readJson(storage, PROMPT_KEY))
  return parsed.success ? parsed.data : null
}

export function writePrompt(storage: KeyValueStorage, prompt: KeptPrompt): void {
  writeJson(storage, PROMPT_KEY, prompt)
}
