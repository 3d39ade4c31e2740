import {z} from 'zod'
import type {ByteChannel} from '../engine-client/channel.ts'
import {decodeMessage, encodeMessage} from './codec.ts'

/**
 * Calls and streams over one {@link ByteChannel}. oRPC gives the contract, its types, validation and
 * errors; its own peers are not used because they read ahead without bound when a page is slow, need
 * streams disguised as HTTP bodies, and are marked experimental.
 *
 * A call is answered by `value`, `error`, or `stream` followed by `item`s and `end` or `error`. The
 * reader of a stream returns `credit` for what it has consumed, and the writer stops ahead of it at
 * {@link WINDOW_ITEMS} or {@link WINDOW_BYTES}, so that a slow page holds a fast generator.
 */
export const WINDOW_ITEMS = 64
export const WINDOW_BYTES = 8 * 2 ** 20
/** Calls that one connection may have under way. */
const MAX_CALLS = 1000

const callId = z.number().int().nonnegative()

export const requestMessageSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('call'),
    id: callId,
    path: z.array(z.string()).max(8),
    input: z.unknown().optional(),
  }),
  z.object({kind: z.literal('cancel'), id: callId}),
  z.object({kind: z.literal('credit'), id: callId, count: z.number().int().positive()}),
])
export type RequestMessage = z.infer<typeof requestMessageSchema>

const remoteErrorSchema = z.object({
  code: z.string(),
  /** It is one of the errors that the contract names. */
  defined: z.boolean(),
  message: z.string(),
  data: z.unknown().optional(),
})
/** An error as it travels; the client makes an ORPCError of it. */
export type RemoteError = z.infer<typeof remoteErrorSchema>

export const replyMessageSchema = z.discriminatedUnion('kind', [
  z.object({kind: z.literal('value'), id: callId, value: z.unknown().optional()}),
  z.object({kind: z.literal('stream'), id: callId}),
  z.object({kind: z.literal('item'), id: callId, value: z.unknown().optional()}),
  z.object({kind: z.literal('end'), id: callId, value: z.unknown().optional()}),
  z.object({kind: z.literal('error'), id: callId, error: remoteErrorSchema}),
])
export type ReplyMessage = z.infer<typeof replyMessageSchema>

/** What answers calls. */
export interface CallTarget {
  /** The procedure's output, or an async iterator of a stream; null where there is no such procedure. */
  call(path: readonly string[], input: unknown, signal: AbortSignal): Promise<unknown> | null
  /** Expected errors as they are, bugs as something that may be shown. */
  describeError(error: unknown): RemoteError
}

/** Why a call's signal is aborted. */
export class CancelledError extends Error {
  override readonly name = 'AbortError'
}

interface CallState {
  readonly controller: AbortController
  /** Sizes of items sent and not yet consumed, oldest first. */
  readonly unconsumed: number[]
  unconsumedBytes: number
  /** Wakes the writer that waits for credit. */
  wake: (() => void) | null
}

/**
 * Answers the calls that arrive on a channel until it closes; then every call under way is aborted.
 * A message that is not one closes the channel: what follows it could not be trusted.
 */
export function servePeer(channel: ByteChannel, target: CallTarget): void {
  const calls = new Map<number, CallState>()
  let isClosed = false

  const close = () => {
    if (isClosed) return
    isClosed = true
    for (const state of calls.values()) cancel(state, 'the connection closed')
    channel.close()
  }

  const send = async (message: ReplyMessage): Promise<number> => {
    const bytes = encodeMessage(message)
    if (!isClosed) await channel.send(bytes)
    return bytes.byteLength
  }

  const stream = async (id: number, state: CallState, iterator: AsyncIterator<unknown>) => {
    const {signal} = state.controller
    let isDone = false
    try {
      await send({kind: 'stream', id})
      while (!signal.aborted) {
        const step = await iterator.next()
        if (step.done) {
          isDone = true
          await send({kind: 'end', id, value: step.value})
          return
        }
        const byteLength = await send({kind: 'item', id, value: step.value})
        state.unconsumed.push(byteLength)
        state.unconsumedBytes += byteLength
        await creditFor(state)
      }
    } catch (error) {
      isDone = true
      throw error
    } finally {
      // A generator paused at `yield` learns only by return() that nobody listens any more.
      if (!isDone) await iterator.return?.()
    }
  }

  const answer = async (id: number, state: CallState, pending: Promise<unknown>) => {
    try {
      const output = await pending
      if (isAsyncIterator(output)) await stream(id, state, output)
      else await send({kind: 'value', id, value: output})
    } catch (error) {
      if (state.controller.signal.aborted) return
      await send({kind: 'error', id, error: target.describeError(error)}).catch(close)
    } finally {
      calls.delete(id)
    }
  }

  const receive = (request: RequestMessage) => {
    const state = calls.get(request.id)
    switch (request.kind) {
      case 'cancel':
        if (state) cancel(state, 'cancelled by the caller')
        return
      case 'credit':
        if (state) addCredit(state, request.count)
        return
      case 'call': {
        if (state) throw new Error(`call ${request.id} is already under way`)
        const {id, path, input} = request
        const refuse = (code: string, message: string) =>
          void send({
            kind: 'error',
            id,
            error: {code, defined: false, message, data: null},
          }).catch(close)
        if (calls.size >= MAX_CALLS) {
          refuse('TOO_MANY_REQUESTS', `more than ${MAX_CALLS} calls at once`)
          return
        }
        const controller = new AbortController()
        const pending = target.call(path, input, controller.signal)
        if (!pending) {
          refuse('NOT_FOUND', `there is no call ${path.join('.')}`)
          return
        }
        const started = {controller, unconsumed: [], unconsumedBytes: 0, wake: null}
        calls.set(id, started)
        void answer(id, started, pending).catch(close)
      }
    }
  }

  channel.onMessage((bytes) => {
    if (isClosed) return
    try {
      receive(requestMessageSchema.parse(decodeMessage(bytes)))
    } catch (error) {
      console.error('closing a connection that sent no message of ours:', error)
      close()
    }
  })
  channel.onClose(close)
}

function cancel(state: CallState, reason: string): void {
  state.controller.abort(new CancelledError(reason))
  state.wake?.()
}

function addCredit(state: CallState, count: number): void {
  for (const byteLength of state.unconsumed.splice(0, count)) state.unconsumedBytes -= byteLength
  state.wake?.()
}

async function creditFor(state: CallState): Promise<void> {
  while (
    !state.controller.signal.aborted &&
    (state.unconsumed.length >= WINDOW_ITEMS || state.unconsumedBytes >= WINDOW_BYTES)
  ) {
    await new Promise<void>((resolve) => {
      state.wake = resolve
    })
    state.wake = null
  }
}

function isAsyncIterator(value: unknown): value is AsyncIterator<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.asyncIterator in value &&
    'next' in value &&
    typeof value.next === 'function'
  )
}
