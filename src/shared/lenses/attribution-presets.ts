import {z} from 'zod'

export const attributionPresetSchema = z.enum(['ours', 'paper', 'inseq', 'token'])
export type AttributionPresetName = z.infer<typeof attributionPresetSchema>

/** The numbers that ReAGent goes by (Zhao and Shan 2024). */
export interface AttributionPreset {
  /** Share of the context that a step replaces. */
  readonly ratio: number
  /** Tokens that the stopping test keeps; below 1 a share of the context. */
  readonly keep: number
  readonly overlap: number
  readonly stopK: number
  readonly maxSteps: number
  readonly probes: number
}

/**
 * `paper`: ratio, keep and stop-k are the paper's, while overlap, steps and probes are ours, since it does not say
 * them. `inseq` and `token` are as in inseq-team/inseq and in the token-level settings of casszhao/ReAGent. An
 * overlap of 0 takes every list's positions together.
 */
export const ATTRIBUTION_PRESETS: Readonly<Record<AttributionPresetName, AttributionPreset>> = {
  ours: {ratio: 0.3, keep: 0.3, overlap: 2, stopK: 3, maxSteps: 500, probes: 8},
  paper: {ratio: 0.3, keep: 0.3, overlap: 2, stopK: 3, maxSteps: 3000, probes: 5},
  inseq: {ratio: 0.3, keep: 5, overlap: 0, stopK: 3, maxSteps: 3000, probes: 16},
  token: {ratio: 0.1, keep: 8, overlap: 2, stopK: 3, maxSteps: 5000, probes: 5},
}

/** Tokens that the stopping test keeps of a context: as many as said, or a share of it rounded up. */
export function keptCountOf(keep: number, contextCount: number): number {
  return keep < 1 ? Math.ceil(keep * contextCount) : Math.round(keep)
}
