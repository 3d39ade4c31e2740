import type {SendHandle} from 'node:child_process'
import {createServer, type IncomingMessage, request, type ServerResponse} from 'node:http'
import type {AddressInfo, Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import {type Problem, ProblemError} from '../../shared/domain/problem.ts'
import {COMMON_HEADERS} from '../content-policy.ts'
import type {EngineHost} from '../engine-host.ts'
import {readRendererFile} from '../renderer-files.ts'
import {createGate, parseAddress} from './gate.ts'
import {handOver} from './hand-over.ts'

const BLOB_PATH = /^\/blob\/[\w-]{1,64}$/

/** A running web server in front of an engine. */
export interface Served {
  readonly port: number
  /** Carries the one-time token. */
  readonly url: string
  readonly token: string
  /** Stops listening; the sockets that were handed over are the engine's. */
  close(): void
}

/**
 * Serves the page on 127.0.0.1 and hands its WebSocket to the engine process. `port` 0 takes a free one.
 * Rejects with a Problem where the port is taken.
 */
export async function startServer({
  host,
  rendererFolder,
  port,
}: {
  host: EngineHost<SendHandle>
  rendererFolder: string
  port: number
}): Promise<Served> {
  const gate = createGate()

  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const admission = gate.admit(message, false)
    if (admission.kind === 'refused') {
      response.writeHead(403, {'content-length': 0}).end()
      return
    }
    if (admission.kind === 'welcome') {
      response.writeHead(302, {
        ...COMMON_HEADERS,
        'set-cookie': admission.cookie,
        'cache-control': 'no-store',
        'content-length': 0,
        location: '/',
      })
      response.end()
      return
    }
    if (message.method !== 'GET' && message.method !== 'HEAD') {
      response.writeHead(405, {allow: 'GET, HEAD', 'content-length': 0}).end()
      return
    }
    const path = parseAddress(message.url)?.pathname ?? ''
    if (BLOB_PATH.test(path) && message.method === 'GET') {
      pipeBlob(path, response)
      return
    }
    // Every browser asks for it, and would report its absence as an error of the page.
    if (path === '/favicon.ico') {
      response.writeHead(204, COMMON_HEADERS).end()
      return
    }
    const file = await readRendererFile(rendererFolder, path)
    response.writeHead(file.status, file.headers)
    response.end(message.method === 'HEAD' ? undefined : file.body)
  }

  const pipeBlob = (path: string, response: ServerResponse) => {
    const socketPath = host.current?.blobAddress
    const fail = () => {
      if (response.headersSent) response.destroy()
      else response.writeHead(404, {...COMMON_HEADERS, 'content-length': 0}).end()
    }
    if (!socketPath) {
      fail()
      return
    }
    const upstream = request({socketPath, path}, (reply) => {
      response.writeHead(reply.statusCode ?? 502, {
        ...COMMON_HEADERS,
        'content-type': 'application/octet-stream',
        'content-length': reply.headers['content-length'] ?? 0,
        'cache-control': 'no-store',
      })
      reply.pipe(response)
      reply.on('error', fail)
    })
    upstream.on('error', fail)
    response.on('close', () => upstream.destroy())
    upstream.end()
  }

  const upgrade = async (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const isEngine = parseAddress(message.url)?.pathname === '/engine'
    if (gate.admit(message, true).kind !== 'admitted') {
      refuseUpgrade(socket, '403 Forbidden')
      return
    }
    if (!isEngine) {
      refuseUpgrade(socket, '404 Not Found')
      return
    }
    try {
      const {url = '/', headers} = message
      await handOver(host, {url, headers, head}, socket as Socket)
    } catch {
      if (!socket.destroyed) refuseUpgrade(socket, '503 Service Unavailable')
    }
  }

  const server = createServer((message, response) => {
    answer(message, response).catch((error: unknown) => {
      console.error(error)
      if (!response.headersSent) response.writeHead(500, {'content-length': 0})
      response.end()
    })
  })
  server.on('upgrade', (message, socket, head) => void upgrade(message, socket, head))
  await listen(server, port)
  const {port: boundPort} = server.address() as AddressInfo
  return {
    port: boundPort,
    token: gate.token,
    url: `http://127.0.0.1:${boundPort}/?token=${gate.token}`,
    close() {
      // Its callback would wait for the sockets that the engine holds by now.
      server.close()
      server.closeAllConnections()
    },
  }
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code ? new ProblemError(portProblem(port, error.code)) : error)
    })
    server.listen(port, '127.0.0.1', resolve)
  })
}

function portProblem(port: number, code: string): Problem {
  return {
    code: 'port-not-available',
    message: `Port ${port} of this machine cannot be listened on.`,
    found: code,
    expected: 'a free port',
    advice: 'Choose another with --port, or leave it out to take any free one.',
  }
}
