import type {ByteChannel} from './channel.ts'

/** Above this many unsent bytes a sender waits, so that a slow reader holds the writer. */
const HIGH_WATER_BYTES = 4 * 2 ** 20
const POLL_MS = 5
const OPEN_STATE = 1

/** The part of a WebSocket that is used, so that the browser's and that of `ws` both fit. */
export interface WebSocketLike {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  send(bytes: Uint8Array<ArrayBuffer>): void
  close(): void
  addEventListener(type: 'message', listener: (event: {data: unknown}) => void): void
  addEventListener(type: 'close' | 'error' | 'open', listener: () => void): void
}

/** A channel over a WebSocket that is open already. */
export function webSocketChannel(socket: WebSocketLike): ByteChannel {
  socket.binaryType = 'arraybuffer'
  return {
    async send(message) {
      if (socket.readyState !== OPEN_STATE) throw new Error('the connection is closed')
      socket.send(message as Uint8Array<ArrayBuffer>)
      // A WebSocket tells nobody when it has drained.
      while (socket.bufferedAmount > HIGH_WATER_BYTES && socket.readyState === OPEN_STATE) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    },
    onMessage(listener) {
      socket.addEventListener('message', ({data}) => {
        // Text is never ours; an empty message is what the decoder refuses.
        listener(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array())
      })
    },
    onClose(listener) {
      socket.addEventListener('close', listener)
    },
    close: () => socket.close(),
  }
}

/** Opens a WebSocket; `url` is `ws://…/engine` of the page's own host. Rejects where it is refused. */
export function openWebSocketChannel(url: string): Promise<ByteChannel> {
  return new Promise((resolve, reject) => {
    const socket: WebSocketLike = new WebSocket(url)
    const refuse = () => reject(new Error(`no connection to ${url}`))
    socket.addEventListener('open', () => resolve(webSocketChannel(socket)))
    socket.addEventListener('error', refuse)
    socket.addEventListener('close', refuse)
  })
}
