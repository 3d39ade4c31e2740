import type {EngineClient} from '../../shared/engine-client/connect.ts'

/** What a command chooses of its engine. */
export interface EngineWishes {
  readonly threads?: number | null
  readonly maxMemoryBytes?: number | undefined
}

/** An engine of the command's own. */
export interface CommandEngine {
  readonly client: EngineClient
  close(): Promise<void>
}

/** How a command comes by its engine; tests hand in another. */
export type Connect = (wishes: EngineWishes) => Promise<CommandEngine>

/** Starts an engine process and connects to it; rejects with a Problem where it cannot be started. */
export const connectLocal: Connect = async ({threads, maxMemoryBytes}) => {
  const {openLocalEngine} = await import('../local-engine.ts')
  const engine = openLocalEngine({
    threads: threads ?? null,
    ...(maxMemoryBytes === undefined ? {} : {maxMemoryBytes}),
  })
  try {
    // A connection dials again for as long as it takes: a window waits, a command does not.
    await engine.host.ready()
  } catch (error) {
    await engine.close()
    throw error
  }
  return engine
}
