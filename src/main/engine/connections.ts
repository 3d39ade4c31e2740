import type {Duplex} from 'node:stream'
import {
  type AnyRouter,
  createProcedureClient,
  isLazy,
  isProcedure,
  type Lazyable,
  ORPCError,
} from '@orpc/server'
import {WebSocketServer} from 'ws'
import {MAX_MESSAGE_BYTES} from '../../shared/contract/codec.ts'
import {type CallTarget, type RemoteError, servePeer} from '../../shared/contract/peer.ts'
import {ProblemError} from '../../shared/domain/problem.ts'
import type {ByteChannel} from '../../shared/engine-client/channel.ts'
import {webSocketChannel} from '../../shared/engine-client/websocket-channel.ts'
import type {ToEngine} from './host-messages.ts'

type UpgradeMessage = Extract<ToEngine, {kind: 'upgrade'}>
type ProcedureClient = (input: unknown, options: {signal: AbortSignal}) => Promise<unknown>

/** The router as what answers calls: input and output are validated by the contract's schemas. */
export function routerTarget(router: AnyRouter): CallTarget {
  // A flat table of what there is, so that no path can reach a prototype's own names.
  const procedures = new Map<string, ProcedureClient>()
  const walk = (node: Lazyable<AnyRouter>, path: readonly string[]) => {
    if (isLazy(node)) throw new Error(`${path.join('.')} is lazy, which the engine has no use for`)
    if (isProcedure(node)) {
      const client = createProcedureClient(node, {path, context: {}})
      procedures.set(path.join('/'), client as unknown as ProcedureClient)
      return
    }
    for (const [name, child] of Object.entries(node)) walk(child, [...path, name])
  }
  walk(router, [])
  return {
    call: (path, input, signal) => procedures.get(path.join('/'))?.(input, {signal}) ?? null,
    describeError,
  }
}

function describeError(error: unknown): RemoteError {
  if (error instanceof ProblemError) {
    return {code: 'PROBLEM', defined: true, message: error.message, data: error.problem}
  }
  if (error instanceof ORPCError) {
    const {code, defined, message, data} = error
    if (code === 'INTERNAL_SERVER_ERROR') console.error(error.cause ?? error)
    return {code, defined, message, data: code === 'BAD_REQUEST' ? issuesOf(data) : data}
  }
  // A bug. Its words go to the person's own page, its stack to the log.
  console.error(error)
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return {code: 'INTERNAL_SERVER_ERROR', defined: false, message, data: null}
}

/** What a schema said, without the values it said it about (which may be whole prompts). */
function issuesOf(data: unknown): unknown {
  const issues = (data as {issues?: {message: string; path?: unknown}[]} | undefined)?.issues ?? []
  return {issues: issues.map(({message, path}) => ({message, path: path ?? []}))}
}

/** A port as Electron's `MessagePortMain` has it; the engine never imports Electron for its types. */
export interface MainPort {
  postMessage(message: Uint8Array): void
  on(event: 'message', listener: (event: {data: unknown}) => void): unknown
  on(event: 'close', listener: () => void): unknown
  start(): void
  close(): void
}

export function mainPortChannel(port: MainPort): ByteChannel {
  return {
    send: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on('message', ({data}) => {
        listener(data instanceof Uint8Array ? data : new Uint8Array())
      })
      port.start()
    },
    onClose: (listener) => void port.on('close', listener),
    close: () => port.close(),
  }
}

/** Everyone the engine talks to; each connection's calls end when it closes. */
export interface Connections {
  attach(channel: ByteChannel): void
  /** Finishes the WebSocket handshake on a socket that arrived from the host. */
  attachSocket(upgrade: UpgradeMessage, socket: Duplex): void
}

export function createConnections(router: AnyRouter): Connections {
  const target = routerTarget(router)
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
  })
  const attach = (channel: ByteChannel) => servePeer(channel, target)
  return {
    attach,
    attachSocket({url, headers, head}, socket) {
      socket.on('error', () => socket.destroy())
      // `ws` reads nothing of a request but these.
      const request = Object.assign(Object.create(null), {method: 'GET', url, headers})
      sockets.handleUpgrade(request, socket, Buffer.from(head), (webSocket) => {
        // An oversized or torn frame ends this connection; unheard it would end the process.
        webSocket.on('error', (error) => console.error('a connection failed:', error.message))
        attach(webSocketChannel(webSocket))
      })
      socket.resume()
    },
  }
}
