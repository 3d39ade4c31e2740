import {createORPCClient, ORPCError} from '@orpc/client'
import type {RouterClient} from '@orpc/server'
import {expect, test, vi} from 'vitest'
import {encodeMessage} from '../../shared/contract/codec.ts'
import {servePeer, WINDOW_BYTES, WINDOW_ITEMS} from '../../shared/contract/peer.ts'
import type {ByteChannel} from '../../shared/engine-client/channel.ts'
import {createPeerLink} from '../../shared/engine-client/link.ts'
import {memoryChannelPair} from '../../shared/engine-client/memory-channel.ts'
import {isCancellation, problemOf} from '../../shared/engine-client/problem-of.ts'
import {createBlobs} from './blobs.ts'
import {routerTarget} from './connections.ts'
import {createTestRouter, type TestRouter} from './test-engine.ts'

type TestClient = RouterClient<TestRouter>

function connect() {
  const router = createTestRouter(createBlobs())
  const target = routerTarget(router)
  const another = (): {client: TestClient; far: ByteChannel; near: ByteChannel} => {
    const [near, far] = memoryChannelPair()
    servePeer(far, target)
    return {client: createORPCClient<TestClient>(createPeerLink(near)), far, near}
  }
  return {...another(), another, target}
}

const settle = (ms = 50) => new Promise((resolve) => setTimeout(resolve, ms))
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error
  )

test('numbers arrive as they were sent', async () => {
  const {client} = connect()
  const input = {a: Float32Array.of(1, Number.NaN, -0), b: [Int32Array.of(-1), {c: 'é'}]}
  expect(await client.test.echo(input)).toStrictEqual(input)
  expect(await client.blobs.probe({byteLength: 3, asBlob: false})).toStrictEqual({
    bytes: Uint8Array.of(7, 7, 7),
  })
})

test('a stream arrives in order and ends', async () => {
  const {client} = connect()
  const seen: number[] = []
  for await (const {at} of await client.test.count({to: 1000})) seen.push(at)
  expect(seen).toEqual(Array.from({length: 1000}, (_, i) => i))
  expect(await client.test.log()).toEqual(['count 1000 not aborted'])
})

test('an expected failure arrives with its four parts, after what came before it', async () => {
  const {client} = connect()
  const events: string[] = []
  const error = await caught(
    (async () => {
      for await (const event of await client.models.load({model: 'nowhere'}))
        events.push(event.kind)
    })()
  )
  expect(events).toEqual(['stage'])
  expect(error).toBeInstanceOf(ORPCError)
  expect(error).toMatchObject({code: 'PROBLEM', defined: true})
  expect(problemOf(error)).toEqual({
    code: 'no-such-model',
    message: 'There is no such model.',
    found: 'nowhere',
    advice: 'Choose another.',
  })

  const values: number[] = []
  const stream = await client.test.failLater()
  await settle()
  const later = await caught(
    (async () => {
      for await (const value of stream) values.push(value)
    })()
  )
  expect(values).toEqual([1, 2])
  expect(problemOf(later)?.code).toBe('later')
})

test('wrong input, an unknown call and a bug each fail alone', async () => {
  const {client} = connect()
  const wrong = await caught(client.blobs.probe({byteLength: -1, asBlob: false}))
  expect(wrong).toMatchObject({code: 'BAD_REQUEST', data: {issues: [{path: ['byteLength']}]}})
  // biome-ignore lint/suspicious/noExplicitAny: a call that the types forbid.
  const anything: any = client
  for (const path of [['nothing'], ['test', 'constructor'], ['__proto__', 'echo']]) {
    const call = path.reduce((node, name) => node[name], anything)
    expect(await caught(call())).toMatchObject({code: 'NOT_FOUND'})
  }
  expect(await caught(client.test.throws())).toMatchObject({
    code: 'INTERNAL_SERVER_ERROR',
    message: 'TypeError: a bug',
  })
  expect(await caught(client.test.tooLarge())).toMatchObject({code: 'INTERNAL_SERVER_ERROR'})
  expect(await caught(client.test.echo(new Map()))).toMatchObject({name: 'CodecError'})
  expect(await client.test.echo(1)).toBe(1)
})

test('leaving the loop reaches the generator, and so does an abort while it waits', async () => {
  const {client} = connect()
  for await (const {at} of await client.test.count({to: 1e9})) if (at === 5) break
  await settle()
  const [line] = await client.test.log()
  expect(line).toMatch(/^count \d+ aborted$/)
  expect(Number(line?.split(' ')[1])).toBeLessThan(5 + 2 * WINDOW_ITEMS)

  const controller = new AbortController()
  const waiting = client.test.wait(undefined, {signal: controller.signal})
  await settle(10)
  const started = performance.now()
  controller.abort()
  expect(isCancellation(await caught(waiting))).toBe(true)
  expect(performance.now() - started).toBeLessThan(50)

  const second = new AbortController()
  const stream = await client.test.waitStream(undefined, {signal: second.signal})
  expect((await stream.next()).value).toBe('first')
  const next = stream.next()
  second.abort()
  expect(isCancellation(await caught(next))).toBe(true)
  await settle()
  expect(await client.test.log()).toEqual([line, 'wait aborted', 'waitStream aborted'])

  const third = new AbortController()
  third.abort()
  expect(isCancellation(await caught(client.test.echo(1, {signal: third.signal})))).toBe(true)
})

test('a slow reader holds a fast generator, by items and by bytes', async () => {
  const {client} = connect()
  const byItems = await client.test.count({to: 1e9})
  await byItems.next()
  await settle(100)
  await byItems.return('left')
  const byteLength = 2 ** 20
  const byBytes = await client.test.count({to: 1e9, byteLength})
  await byBytes.next()
  await settle(200)
  await byBytes.return('left')
  await settle()
  const reached = (await client.test.log()).map((line) => Number(line.split(' ')[1]))
  expect(reached[0]).toBeGreaterThanOrEqual(WINDOW_ITEMS - 1)
  expect(reached[0]).toBeLessThanOrEqual(WINDOW_ITEMS + 2)
  expect(reached[1]).toBeLessThanOrEqual(WINDOW_BYTES / byteLength + 2)
})

test('a lost connection aborts its calls on both sides and no others', async () => {
  const {client, another} = connect()
  const {client: other, near} = another()
  const waiting = caught(other.test.wait())
  const stream = await other.test.waitStream()
  await stream.next()
  const next = caught(stream.next())
  await settle(10)
  near.close()
  expect(problemOf(await waiting)?.code).toBe('engine-lost')
  expect(problemOf(await next)?.code).toBe('engine-lost')
  expect(problemOf(await caught(other.test.echo(1)))?.code).toBe('engine-lost')
  await settle()
  expect((await client.test.log()).sort()).toEqual(['wait aborted', 'waitStream aborted'])
})

test.each([
  ['garbage', Uint8Array.of(1, 2, 3, 4, 5)],
  ['nothing', new Uint8Array()],
  ['a message of no kind', encodeMessage({kind: 'please', id: 1})],
  ['a call without an id', encodeMessage({kind: 'call', path: ['test', 'echo']})],
  ['a call of a huge id', encodeMessage({kind: 'call', id: 2 ** 60, path: ['test', 'echo']})],
  ['endless credit', encodeMessage({kind: 'credit', id: 0, count: Number.POSITIVE_INFINITY})],
  ['a list', encodeMessage([1, 2])],
])('%s closes that connection and leaves the others', async (_, message) => {
  const {client, another} = connect()
  const {near, client: bad} = another()
  const waiting = caught(bad.test.wait())
  let isClosed = false
  near.onClose(() => {
    isClosed = true
  })
  await settle(10)
  near.send(message)
  expect(problemOf(await waiting)?.code).toBe('engine-lost')
  expect(isClosed).toBe(true)
  expect(await client.test.echo('still here')).toBe('still here')
})

test('more calls than one connection may have are refused, and the rest go on', async () => {
  const {near, another} = connect()
  const replies: Uint8Array[] = []
  near.onMessage((reply) => replies.push(reply))
  for (let id = 0; id < 1001; id++) {
    near.send(encodeMessage({kind: 'call', id, path: ['test', 'wait']}))
  }
  await vi.waitFor(() => expect(replies).not.toHaveLength(0), {timeout: 20_000})
  // One is refused, and no other after it.
  await settle(300)
  expect(replies.length).toBe(1)
  expect(Buffer.from(replies[0]!).toString()).toContain('TOO_MANY_REQUESTS')
  expect(await another().client.test.echo(2)).toBe(2)
})
