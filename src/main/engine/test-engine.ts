import {implement, os} from '@orpc/server'
import {z} from 'zod'
import {contract} from '../../shared/contract/contract.ts'
import {ProblemError} from '../../shared/domain/problem.ts'
import {type Blobs, createBlobs} from './blobs.ts'
import {serveHost} from './engine-process.ts'
import {readEngineOptions} from './options.ts'

/**
 * An engine without models, for tests of everything around the engine: a few calls of the contract, and
 * some beside it that misbehave on demand.
 */
export function createTestRouter(
  blobs: Blobs,
  engine = {startCount: 1, lastExit: null as string | null}
) {
  const implemented = implement(contract)
  const log: string[] = []
  return {
    engine: {
      status: implemented.engine.status.handler(() => ({
        processId: process.pid,
        ...engine,
        versions: {tokenscope: '0', onnxruntime: '0', schema: '1'},
        threads: 1,
        maxMemoryBytes: 0,
        usedMemoryBytes: 0,
        loaded: [],
        runningCount: 0,
      })),
    },
    models: {
      load: implemented.models.load.handler(async function* ({input}) {
        yield {kind: 'stage', stage: 'reading', doneBytes: 1, totalBytes: 2, memoryBytes: 3}
        throw new ProblemError({
          code: 'no-such-model',
          message: 'There is no such model.',
          found: input.model,
          advice: 'Choose another.',
        })
      }),
    },
    blobs: {
      probe: implemented.blobs.probe.handler(({input}) => {
        const bytes = new Uint8Array(input.byteLength).fill(7)
        return input.asBlob ? blobs.keep(bytes) : {bytes}
      }),
      read: implemented.blobs.read.handler(
        ({input}) => blobs.take(input.blobId) ?? new Uint8Array()
      ),
    },
    test: {
      echo: os.input(z.unknown()).handler(({input}) => input),
      environment: os.handler(() => Object.keys(process.env)),
      throws: os.handler((): never => {
        throw new TypeError('a bug')
      }),
      tooLarge: os.handler(() => new Uint8Array(65 * 2 ** 20)),
      crash: os.input(z.enum(['exit', 'abort', 'heap'])).handler(({input}): null => {
        if (input === 'exit') process.exit(3)
        if (input === 'abort') process.abort()
        const hoard: unknown[] = []
        for (;;) hoard.push(new Array(1e6).fill(hoard))
      }),
      rejectUnheard: os.handler(() => {
        void Promise.reject(new Error('nobody listens'))
        return null
      }),
      log: os.handler(() => log),
      /** Counts as fast as it is read, and notes how far it got and how it ended. */
      count: os
        .input(z.object({to: z.number(), byteLength: z.number().default(0)}))
        .handler(async function* ({input, signal}) {
          let reached = 0
          try {
            for (; reached < input.to; reached++)
              yield {at: reached, bytes: new Uint8Array(input.byteLength)}
            return 'all'
          } finally {
            log.push(`count ${reached} ${signal?.aborted ? 'aborted' : 'not aborted'}`)
          }
        }),
      /** Waits until it is aborted. */
      wait: os.handler(
        ({signal}) =>
          new Promise<null>((resolve) => {
            signal?.addEventListener('abort', () => {
              log.push('wait aborted')
              resolve(null)
            })
          })
      ),
      waitStream: os.handler(async function* ({signal}) {
        yield 'first'
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        log.push('waitStream aborted')
      }),
      failLater: os.handler(async function* () {
        yield 1
        yield 2
        throw new ProblemError({code: 'later', message: 'It failed later.', advice: 'Look.'})
      }),
    },
  }
}
export type TestRouter = ReturnType<typeof createTestRouter>

/** What `scripts/run-ts.mjs` runs when this file is the engine of a host's test. */
export async function main(): Promise<void> {
  const blobs = createBlobs()
  await serveHost({
    router: createTestRouter(blobs, readEngineOptions()),
    blobs,
    close: () => undefined,
  })
}
