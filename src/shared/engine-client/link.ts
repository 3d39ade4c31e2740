import {type ClientLink, ORPCError} from '@orpc/client'
import {decodeMessage, encodeMessage} from '../contract/codec.ts'
import {
  type RemoteError,
  type ReplyMessage,
  type RequestMessage,
  replyMessageSchema,
  WINDOW_ITEMS,
} from '../contract/peer.ts'
import type {Problem} from '../domain/problem.ts'
import type {ByteChannel} from './channel.ts'
import {problemError} from './problem-of.ts'

/** Credit is returned when this many items were consumed, or when nothing is left to read. */
const CREDIT_BATCH = WINDOW_ITEMS / 4

/** The engine went away while a call was under way. */
export const ENGINE_LOST: Problem = {
  code: 'engine-lost',
  message: 'The engine stopped while this was under way.',
  advice: 'Wait until it has restarted, then run it again.',
}

interface PendingCall {
  /** Settles the call's own promise; the first reply decides. */
  receive(reply: ReplyMessage): void
  fail(error: unknown): void
}

type Settled = {readonly done: boolean; readonly value: unknown}

/** The caller's side of `servePeer`: oRPC's client asks through it. */
export function createPeerLink(channel: ByteChannel): ClientLink<Record<never, never>> {
  const pending = new Map<number, PendingCall>()
  let nextId = 0
  let isClosed = false

  const send = (message: RequestMessage) => channel.send(encodeMessage(message))

  // The way back matters to no one once the channel is gone: onClose has failed the call already.
  const notify = (message: RequestMessage) => {
    if (isClosed) return
    Promise.resolve(send(message)).catch(() => undefined)
  }

  channel.onMessage((bytes) => {
    let reply: ReplyMessage
    try {
      reply = replyMessageSchema.parse(decodeMessage(bytes))
    } catch (error) {
      console.error('closing a connection to what is not our engine:', error)
      channel.close()
      closed()
      return
    }
    pending.get(reply.id)?.receive(reply)
  })

  const closed = () => {
    if (isClosed) return
    isClosed = true
    for (const call of [...pending.values()]) call.fail(problemError(ENGINE_LOST))
    pending.clear()
  }
  channel.onClose(closed)

  const call = (path: readonly string[], input: unknown, signal: AbortSignal | undefined) =>
    new Promise<unknown>((resolve, reject) => {
      signal?.throwIfAborted()
      if (isClosed) throw problemError(ENGINE_LOST)
      const id = nextId++
      let stream: ReplyStream | null = null

      const forget = () => {
        pending.delete(id)
        signal?.removeEventListener('abort', abort)
      }
      const fail = (error: unknown) => {
        forget()
        if (stream) stream.fail(error)
        else reject(error)
      }
      const abort = () => {
        notify({kind: 'cancel', id})
        // An abort is felt at once: what nobody has asked for yet is dropped.
        stream?.drop()
        fail(signal?.reason)
      }

      pending.set(id, {
        fail,
        receive(reply) {
          switch (reply.kind) {
            case 'value':
              forget()
              resolve(reply.value)
              return
            case 'stream':
              stream = new ReplyStream(
                (count) => notify({kind: 'credit', id, count}),
                () => {
                  forget()
                  notify({kind: 'cancel', id})
                }
              )
              resolve(stream)
              return
            case 'item':
              stream?.push({done: false, value: reply.value})
              return
            case 'end':
              forget()
              stream?.push({done: true, value: reply.value})
              return
            case 'error':
              fail(errorOf(reply.error))
          }
        },
      })
      signal?.addEventListener('abort', abort)
      // What cannot be encoded or sent fails this call and no other.
      const ask = async () => send({kind: 'call', id, path: [...path], input})
      ask().catch(fail)
    })

  return {call: (path, input, options) => call(path, input, options.signal)}
}

function errorOf({code, defined, message, data}: RemoteError) {
  return new ORPCError(code, {defined, message, data})
}

/** The items of one stream, in order; leaving the loop early cancels the work behind it. */
class ReplyStream implements AsyncIterableIterator<unknown> {
  readonly #items: Settled[] = []
  #waiting: {resolve(item: Settled): void; reject(error: unknown): void} | null = null
  #error: {reason: unknown} | null = null
  #isOver = false
  #consumedCount = 0

  constructor(
    readonly giveCredit: (count: number) => void,
    readonly cancel: () => void
  ) {}

  push(item: Settled): void {
    if (this.#isOver) return
    if (item.done) this.#isOver = true
    if (this.#waiting) {
      this.#waiting.resolve(item)
      this.#waiting = null
      if (!item.done) this.#consume()
    } else {
      this.#items.push(item)
    }
  }

  fail(reason: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#waiting) {
      this.#waiting.reject(reason)
      this.#waiting = null
    } else {
      this.#error = {reason}
    }
  }

  drop(): void {
    this.#items.length = 0
  }

  async next(): Promise<IteratorResult<unknown>> {
    const item = this.#items.shift()
    if (item) {
      if (!item.done) this.#consume()
      return item
    }
    if (this.#error) {
      const {reason} = this.#error
      this.#error = null
      throw reason
    }
    if (this.#isOver) return {done: true, value: undefined}
    if (this.#waiting) throw new Error('a stream is read by one reader, one item at a time')
    return new Promise((resolve, reject) => {
      this.#waiting = {resolve, reject}
    })
  }

  async return(value?: unknown): Promise<IteratorResult<unknown>> {
    if (!this.#isOver) {
      this.#isOver = true
      this.#items.length = 0
      this.cancel()
    }
    this.#waiting?.resolve({done: true, value})
    this.#waiting = null
    return {done: true, value}
  }

  async throw(error: unknown): Promise<IteratorResult<unknown>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #consume(): void {
    this.#consumedCount++
    if (this.#consumedCount < CREDIT_BATCH && this.#items.length > 0) return
    this.giveCredit(this.#consumedCount)
    this.#consumedCount = 0
  }
}
