import {randomBytes} from 'node:crypto'
import {mkdtemp, rm} from 'node:fs/promises'
import {createServer} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {BytesRef} from '../../shared/contract/contract.ts'
import {ProblemError} from '../../shared/domain/problem.ts'

/** Up to this many bytes a WebSocket is faster than a fetch; beyond it the fetch wins. */
export const INLINE_BYTES = 512 * 1024

const DEFAULT_MAX_BYTES = 512 * 2 ** 20
const DEFAULT_LIFETIME_MS = 60_000

/** Bytes waiting to be fetched, each once, by an id that cannot be guessed. */
export interface Blobs {
  /** Keeps the bytes until they are taken, expire, or newer ones need the room. */
  keep(bytes: Uint8Array<ArrayBuffer>): {blobId: string; byteLength: number}
  /** Hands the bytes out and forgets them; null where they were taken, expired or never kept. */
  take(blobId: string): Uint8Array<ArrayBuffer> | null
  /** The bytes themselves where they are few, else a reference to fetch them by. */
  refer(bytes: Uint8Array<ArrayBuffer>): BytesRef
  readonly keptBytes: number
  clear(): void
}

/**
 * Oldest blobs give way when `maxBytes` is passed; each is forgotten `lifetimeMs` after it was kept.
 * Keeping more than `maxBytes` at once throws a Problem.
 */
export function createBlobs({
  maxBytes = DEFAULT_MAX_BYTES,
  lifetimeMs = DEFAULT_LIFETIME_MS,
} = {}): Blobs {
  const kept = new Map<string, {bytes: Uint8Array<ArrayBuffer>; timer: NodeJS.Timeout}>()
  let keptBytes = 0

  const take = (blobId: string): Uint8Array<ArrayBuffer> | null => {
    const entry = kept.get(blobId)
    if (!entry) return null
    kept.delete(blobId)
    keptBytes -= entry.bytes.byteLength
    clearTimeout(entry.timer)
    return entry.bytes
  }

  const keep = (bytes: Uint8Array<ArrayBuffer>) => {
    if (bytes.byteLength > maxBytes) {
      throw new ProblemError({
        code: 'bytes-too-large',
        message: 'What was asked for is too large to hand over at once.',
        found: `${bytes.byteLength} bytes`,
        expected: `at most ${maxBytes} bytes`,
        advice: 'Ask for a smaller part, or write it to a file from the command line.',
      })
    }
    for (const oldest of kept.keys()) {
      if (keptBytes + bytes.byteLength <= maxBytes) break
      take(oldest)
    }
    const blobId = randomBytes(24).toString('base64url')
    const timer = setTimeout(() => take(blobId), lifetimeMs)
    timer.unref()
    kept.set(blobId, {bytes, timer})
    keptBytes += bytes.byteLength
    return {blobId, byteLength: bytes.byteLength}
  }

  return {
    keep,
    take,
    refer: (bytes) => (bytes.byteLength <= INLINE_BYTES ? {bytes} : keep(bytes)),
    get keptBytes() {
      return keptBytes
    },
    clear() {
      for (const blobId of [...kept.keys()]) take(blobId)
    },
  }
}

/** The bytes of a blob, which are forgotten; throws a Problem where there are none. */
export function takeBlob(blobs: Blobs, blobId: string): Uint8Array<ArrayBuffer> {
  const bytes = blobs.take(blobId)
  if (bytes) return bytes
  throw new ProblemError({
    code: 'blob-gone',
    message: 'These bytes have been fetched already, or have waited too long.',
    found: blobId,
    expected: 'an id that was just given out',
    advice: 'Ask for the figure again.',
  })
}

/** Bytes with a buffer of their own, so that no more than they are is kept. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes)
}

/** The engine's own door for blobs, open to the host process alone. */
export interface BlobServer {
  /** Path of a unix socket in a folder only this user may enter, or a Windows named pipe. */
  readonly address: string
  close(): Promise<void>
}

/** Answers `GET /blob/<id>` on a private socket; the host checks who asks before it pipes. */
export async function startBlobServer(blobs: Blobs): Promise<BlobServer> {
  // mkdtemp creates the folder with mode 0700.
  const folder = process.platform === 'win32' ? null : await mkdtemp(join(tmpdir(), 'tokenscope-'))
  const address = folder
    ? join(folder, 'blobs.sock')
    : `\\\\.\\pipe\\tokenscope-${process.pid}-${randomBytes(16).toString('hex')}`
  const server = createServer((request, response) => {
    const blobId = /^\/blob\/([\w-]{1,64})$/.exec(request.url ?? '')?.[1]
    const bytes = request.method === 'GET' && blobId ? blobs.take(blobId) : null
    if (!bytes) {
      response.writeHead(404, {'content-length': 0}).end()
      return
    }
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': bytes.byteLength,
    })
    response.end(bytes)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, resolve)
  })
  // The door alone must not keep an engine alive whose host has gone.
  server.unref()
  return {
    address,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      if (folder) await rm(folder, {recursive: true, force: true})
    },
  }
}
