/** What a host decides about its engine, handed over as JSON in `TOKENSCOPE_ENGINE_OPTIONS`. */
export interface EngineOptions {
  readonly version: string
  /** Folder with one sub-folder a built-in model. */
  readonly builtinModelsFolder: string
  /** Vectors of reference tokenizers, and aligned sentences. */
  readonly tokenizersFolder: string
  /** Fonts that figures are drawn with. */
  readonly fontsFolder: string
  /** Where recent folders and preferences are kept; null keeps nothing. */
  readonly stateFolder: string | null
  /** Threads of one model run; null lets the preference or else the physical cores decide. */
  readonly threads: number | null
  /**
   * What captures and kept logits may take together; null lets the preference or else a quarter of this
   * machine's memory decide.
   */
  readonly maxMemoryBytes: number | null
  /** A model that whoever connects first is expected to ask for: loaded at once. */
  readonly firstModel?: string | null
  /** How often the host has started this engine; 1 at first. */
  readonly startCount: number
  /** Why the previous process ended, in words. */
  readonly lastExit: string | null
}

/** The options that the host handed to this process. */
export function readEngineOptions(): EngineOptions {
  const json = process.env.TOKENSCOPE_ENGINE_OPTIONS
  if (!json)
    throw new Error('TOKENSCOPE_ENGINE_OPTIONS is not set: the engine is started by a host')
  return JSON.parse(json) as EngineOptions
}
