import {z} from 'zod'

const fields = {
  theme: z.enum(['system', 'light', 'dark']),
  /** Size of the interface's text in CSS pixels; everything else grows with it. */
  textSizePx: z.number().min(11).max(26),
  /** Typeface of tokens. */
  tokenFont: z.enum(['jetbrains-mono', 'dejavu-sans-mono']),
  /** The sequential scale that tints tokens. */
  colors: z.enum(['ember', 'ocean', 'grey']),
  /** Bytes that the engine may keep of captures; null: a quarter of the machine's memory. */
  maxMemoryBytes: z
    .number()
    .int()
    .min(64 * 2 ** 20)
    .nullable(),
  /** Threads a model computes with; null: one a physical core. */
  threads: z.number().int().min(1).max(256).nullable(),
}

/**
 * What a person has set for every workspace, kept by the engine in `preferences.json` of its state
 * folder and shared by all windows.
 */
export const preferencesSchema = z.object(fields)
export type Preferences = z.infer<typeof preferencesSchema>

/** Some preferences to be set. */
export const preferencesChangeSchema = z.object(fields).partial()
export type PreferencesChange = z.infer<typeof preferencesChangeSchema>

export const DEFAULT_PREFERENCES: Preferences = {
  theme: 'system',
  textSizePx: 13,
  tokenFont: 'jetbrains-mono',
  colors: 'ember',
  maxMemoryBytes: null,
  threads: null,
}
