import {statSync} from 'node:fs'
import {request} from 'node:http'
import {dirname} from 'node:path'
import {afterEach, expect, test, vi} from 'vitest'
import {ProblemError} from '../../shared/domain/problem.ts'
import {createBlobs, INLINE_BYTES, startBlobServer} from './blobs.ts'

afterEach(() => void vi.useRealTimers())

const bytesOf = (length: number, value = 1) => new Uint8Array(length).fill(value)

test('a blob is handed out once', () => {
  const blobs = createBlobs()
  const {blobId, byteLength} = blobs.keep(bytesOf(10))
  expect(byteLength).toBe(10)
  expect(blobId).toMatch(/^[\w-]{32}$/)
  expect(blobs.take(blobId)).toEqual(bytesOf(10))
  expect(blobs.take(blobId)).toBe(null)
  expect(blobs.take('constructor')).toBe(null)
  expect(blobs.keptBytes).toBe(0)
})

test('few bytes travel in the message, many by reference', () => {
  const blobs = createBlobs()
  expect(blobs.refer(bytesOf(INLINE_BYTES))).toHaveProperty('bytes')
  expect(blobs.refer(bytesOf(INLINE_BYTES + 1))).toEqual({
    blobId: expect.any(String),
    byteLength: INLINE_BYTES + 1,
  })
})

test('the oldest give way to new ones, and one that never fits is refused', () => {
  const blobs = createBlobs({maxBytes: 100})
  const ids = [40, 40, 40].map((length) => blobs.keep(bytesOf(length)).blobId)
  expect(blobs.keptBytes).toBe(80)
  expect(ids.map((id) => blobs.take(id)?.length ?? null)).toEqual([null, 40, 40])
  expect(() => blobs.keep(bytesOf(101))).toThrow(ProblemError)
})

test('what nobody fetches is forgotten', () => {
  vi.useFakeTimers()
  const blobs = createBlobs({lifetimeMs: 1000})
  const {blobId} = blobs.keep(bytesOf(10))
  vi.advanceTimersByTime(999)
  expect(blobs.keptBytes).toBe(10)
  vi.advanceTimersByTime(1)
  expect(blobs.keptBytes).toBe(0)
  expect(blobs.take(blobId)).toBe(null)
})

test('the socket lies where only this user may enter, and answers for blobs alone', async () => {
  const blobs = createBlobs()
  const server = await startBlobServer(blobs)
  const get = (path: string, method = 'GET') =>
    new Promise<{status: number; length: number}>((resolve, reject) => {
      const asked = request({socketPath: server.address, path, method}, (reply) => {
        let length = 0
        reply.on('data', (chunk: Buffer) => {
          length += chunk.length
        })
        reply.on('end', () => resolve({status: reply.statusCode!, length}))
      })
      asked.on('error', reject).end()
    })
  if (process.platform !== 'win32') {
    expect(statSync(dirname(server.address)).mode & 0o777).toBe(0o700)
  }
  const {blobId} = blobs.keep(bytesOf(3_000_000))
  expect(await get(`/blob/${blobId}`, 'DELETE')).toEqual({status: 404, length: 0})
  expect(await get(`/blob/${blobId}/more`)).toEqual({status: 404, length: 0})
  expect(await get(`/blob/${blobId}`)).toEqual({status: 200, length: 3_000_000})
  expect(await get(`/blob/${blobId}`)).toEqual({status: 404, length: 0})
  await server.close()
  await expect(get('/blob/x')).rejects.toThrow()
})
