import type {ByteChannel} from './channel.ts'
import {ENGINE_ENDED, ENGINE_PORT, ENGINE_PORT_WANTED} from './port-messages.ts'

/** The part of a browser's MessagePort that is used. */
export interface MessagePortLike {
  postMessage(message: Uint8Array): void
  addEventListener(type: 'message', listener: (event: {data: unknown}) => void): void
  addEventListener(type: 'close', listener: () => void): void
  start(): void
  close(): void
}

/** A channel over a browser's MessagePort. Bytes are copied at the crossing. */
export function messagePortChannel(port: MessagePortLike): ByteChannel {
  let isClosed = false
  const closeListeners: (() => void)[] = []
  const closed = () => {
    if (isClosed) return
    isClosed = true
    for (const listener of closeListeners) listener()
  }
  port.addEventListener('close', closed)
  return {
    send(message) {
      if (isClosed) throw new Error('the connection is closed')
      port.postMessage(message)
    },
    onMessage(listener) {
      port.addEventListener('message', ({data}) => {
        listener(data instanceof Uint8Array ? data : new Uint8Array())
      })
      port.start()
    },
    onClose(listener) {
      closeListeners.push(listener)
    },
    close() {
      port.close()
      // A port does not tell the side that closed it.
      closed()
    },
  }
}

/** The part of `window` that the hand-over needs. */
export interface PageWindow {
  postMessage(message: string, targetOrigin: string): void
  addEventListener(type: 'message', listener: (event: PageMessage) => void): void
}
interface PageMessage {
  readonly data: unknown
  readonly source: unknown
  readonly ports: readonly MessagePortLike[]
}

/**
 * The way to open channels in the desktop window: the page asks, and preload passes a port on as soon
 * as there is an engine. The host also says when an engine has ended, because a port's own `close` is
 * not promised on every platform.
 */
export function messagePortOpener(page: PageWindow): () => Promise<ByteChannel> {
  let current: ByteChannel | null = null
  let resolveWanted: ((channel: ByteChannel) => void) | null = null
  page.addEventListener('message', ({data, source, ports: [port]}) => {
    if (source !== page) return
    if (data === ENGINE_ENDED) {
      current?.close()
      current = null
    } else if (data === ENGINE_PORT && port) {
      if (!resolveWanted) {
        port.close()
        return
      }
      current = messagePortChannel(port)
      resolveWanted(current)
      resolveWanted = null
    }
  })
  return () =>
    new Promise((resolve) => {
      resolveWanted = resolve
      page.postMessage(ENGINE_PORT_WANTED, '*')
    })
}
