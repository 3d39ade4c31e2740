import type {ByteChannel} from './channel.ts'

/** Two ends of a channel inside one process, for the fake engine and for tests. */
export function memoryChannelPair(): [ByteChannel, ByteChannel] {
  const ends = [createEnd(), createEnd()] as const
  let isClosed = false
  const close = () => {
    if (isClosed) return
    isClosed = true
    queueMicrotask(() => {
      for (const end of ends) for (const listener of end.closeListeners) listener()
    })
  }
  const channel = (own: End, other: End): ByteChannel => ({
    send(message) {
      if (isClosed) throw new Error('the connection is closed')
      const copy = message.slice()
      // As on a real transport, nothing is received while it is being sent.
      setTimeout(() => {
        if (!isClosed) for (const listener of other.messageListeners) listener(copy)
      })
    },
    onMessage: (listener) => own.messageListeners.push(listener),
    onClose: (listener) => own.closeListeners.push(listener),
    close,
  })
  return [channel(ends[0], ends[1]), channel(ends[1], ends[0])]
}

interface End {
  readonly messageListeners: ((message: Uint8Array) => void)[]
  readonly closeListeners: (() => void)[]
}

const createEnd = (): End => ({messageListeners: [], closeListeners: []})
