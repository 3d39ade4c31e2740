import {afterEach, expect, test, vi} from 'vitest'
import {type CallTarget, servePeer} from '../contract/peer.ts'
import type {ByteChannel} from './channel.ts'
import {connectEngine, type EngineConnection} from './connect.ts'
import {memoryChannelPair} from './memory-channel.ts'
import {isCancellation, problemOf} from './problem-of.ts'

let connection: EngineConnection
afterEach(() => connection.close())

/** Answers every call with the number of the engine that got it; `hang` never answers. */
const engine = (engineNumber: number): CallTarget => ({
  call: (path) =>
    path.includes('watch') ? new Promise(() => undefined) : Promise.resolve(engineNumber),
  describeError: (error) => ({code: 'X', defined: false, message: String(error), data: null}),
})

/** A host whose engine can be taken away; `plan` says which attempts to open find one. */
function createHost(plan: (attempt: number) => boolean = () => true) {
  let attempt = 0
  let far: ByteChannel | null = null
  return {
    get attemptCount() {
      return attempt
    },
    async open(): Promise<ByteChannel> {
      attempt++
      if (!plan(attempt)) throw new Error('refused')
      const [near, end] = memoryChannelPair()
      far = end
      servePeer(end, engine(attempt))
      return near
    },
    drop: () => far?.close(),
  }
}

const caught = (promise: PromiseLike<unknown>) =>
  Promise.resolve(promise).then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error
  )

test('calls made before there is an engine wait for it', async () => {
  const host = createHost((attempt) => attempt > 3)
  connection = connectEngine(host.open)
  expect(connection.state).toBe('connecting')
  expect(await connection.client.engine.status()).toBe(4)
  expect(connection.state).toBe('connected')
})

test('a call that waits can be cancelled', async () => {
  connection = connectEngine(() => new Promise(() => undefined))
  const controller = new AbortController()
  const error = caught(connection.client.engine.status(undefined, {signal: controller.signal}))
  controller.abort()
  expect(isCancellation(await error)).toBe(true)
})

test('after a loss calls fail with what to do until there is a new engine', async () => {
  const host = createHost((attempt) => attempt === 1 || attempt > 4)
  connection = connectEngine(host.open)
  const states: string[] = []
  const stop = connection.onState((state) => states.push(state))
  let failedCount = 0
  connection.onRedialFailed(() => failedCount++)
  expect(await connection.client.engine.status()).toBe(1)
  const underWay = caught(connection.client.engine.watch())
  host.drop()
  expect(problemOf(await underWay)?.code).toBe('engine-lost')
  expect(connection.state).toBe('lost')
  const refused = problemOf(await caught(connection.client.engine.status()))
  expect(refused).toMatchObject({code: 'engine-restarting', advice: expect.any(String)})
  await vi.waitFor(() => expect(connection.state).toBe('connected'), 5000)
  expect(await connection.client.engine.status()).toBe(5)
  expect(states).toEqual(['connected', 'lost', 'connected'])
  // The second to the fourth attempt found nobody.
  expect(failedCount).toBe(3)
  stop()
  host.drop()
  await vi.waitFor(() => expect(host.attemptCount).toBe(6))
  expect(states).toHaveLength(3)
})

test('the pauses between attempts grow', async () => {
  vi.useFakeTimers()
  try {
    const host = createHost(() => false)
    connection = connectEngine(host.open)
    await vi.advanceTimersByTimeAsync(1000)
    // 50, 100, 200, 400 ms after the first.
    expect(host.attemptCount).toBe(5)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(host.attemptCount).toBeLessThan(18)
  } finally {
    vi.useRealTimers()
  }
})

test('a closed connection stays closed', async () => {
  const host = createHost()
  connection = connectEngine(host.open)
  await connection.client.engine.status()
  const underWay = caught(connection.client.engine.watch())
  connection.close()
  expect(problemOf(await underWay)?.code).toBe('engine-lost')
  expect(problemOf(await caught(connection.client.engine.status()))?.code).toBe('engine-closed')
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(host.attemptCount).toBe(1)
})
