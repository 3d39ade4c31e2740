import {type ChildProcess, spawn} from 'node:child_process'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {test} from '@playwright/test'
import {WebSocket} from 'ws'
import {connectEngine, type EngineConnection} from '../src/shared/engine-client/connect.ts'
import {webSocketChannel} from '../src/shared/engine-client/websocket-channel.ts'

export const root = join(import.meta.dirname, '..')
export const serveScript = join(root, 'out/main/serve.js')

export interface ServedHost {
  readonly child: ChildProcess
  readonly url: string
  readonly port: number
  readonly token: string
}

/** Starts the built `serve` as a person would, with its one line of JSON; it knows no other models. */
export async function startServed(...flags: string[]): Promise<ServedHost> {
  const child = spawn(process.execPath, [serveScript, '--no-open', '--json', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TOKENSCOPE_STATE_FOLDER: test.info().outputPath('state'),
      HF_HUB_CACHE: test.info().outputPath('hub'),
    },
  })
  let line = ''
  for await (const text of createInterface(child.stdout)) {
    line = text
    break
  }
  return {child, ...(JSON.parse(line) as {url: string; port: number; token: string})}
}

export const ended = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.on('exit', resolve))

/** Ends a served host and its engine. */
export async function stopServed({child}: ServedHost): Promise<void> {
  const exit = ended(child)
  child.kill('SIGTERM')
  await exit
}

/** Spends the one-time token and gives the cookie that came for it. */
export async function cookieOf({url}: ServedHost): Promise<string> {
  const welcome = await fetch(url, {redirect: 'manual'})
  return welcome.headers.get('set-cookie')!.split(';')[0]!
}

/** A connection of one's own to the engine behind a served host, beside the page's. */
export function connectTo(port: number, cookie: string): EngineConnection {
  const origin = `http://127.0.0.1:${port}`
  return connectEngine(
    () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/engine`, {headers: {origin, cookie}})
        socket.on('open', () => resolve(webSocketChannel(socket)))
        socket.on('error', reject)
      })
  )
}

/** The process of the engine behind a served host. */
export async function processIdOf(port: number, cookie: string): Promise<number> {
  const connection = connectTo(port, cookie)
  const {processId} = await connection.client.engine.status()
  connection.close()
  return processId
}

export const isAlive = (processId: number) => {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}
