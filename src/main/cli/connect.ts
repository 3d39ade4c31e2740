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

/** Starts an engine process and connects to it. */
export const connectLocal: Connect = async ({threads, maxMemoryBytes}) => {
  const {openLocalEngine} = await import('../local-engine.ts')
  return openLocalEngine({
    threads: threads ?? null,
    ...(maxMemoryBytes === undefined ? {} : {maxMemoryBytes}),
  })
}
