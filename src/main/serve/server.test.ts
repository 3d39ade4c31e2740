import type {SendHandle} from 'node:child_process'
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {type IncomingHttpHeaders, type OutgoingHttpHeaders, request} from 'node:http'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createORPCClient} from '@orpc/client'
import type {RouterClient} from '@orpc/server'
import {afterAll, beforeAll, beforeEach, expect, test} from 'vitest'
import {WebSocket} from 'ws'
import {connectEngine} from '../../shared/engine-client/connect.ts'
import {createPeerLink} from '../../shared/engine-client/link.ts'
import {problemOf} from '../../shared/engine-client/problem-of.ts'
import {webSocketChannel} from '../../shared/engine-client/websocket-channel.ts'
import type {TestRouter} from '../engine/test-engine.ts'
import {type EngineHost, startEngineHost} from '../engine-host.ts'
import {engineSettings} from '../engine-options.ts'
import {forkTestEngine} from '../test-engine-fork.ts'
import {type Served, startServer} from './server.ts'

let host: EngineHost<SendHandle>
let served: Served
let rendererFolder: string
let cookie: string

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenscope-serve-test-'))
  rendererFolder = join(folder, 'renderer')
  mkdirSync(join(rendererFolder, 'assets'), {recursive: true})
  writeFileSync(join(rendererFolder, 'index.html'), '<html><head><title>t</title></head></html>')
  writeFileSync(join(rendererFolder, 'assets/a.js'), 'export {}')
  writeFileSync(join(folder, 'secret.js'), 'secret')
  symlinkSync(join(folder, 'secret.js'), join(rendererFolder, 'assets/link.js'))
  host = startEngineHost({settings: engineSettings({stateFolder: null}), spawn: forkTestEngine})
  await host.ready()
})

beforeEach(async () => {
  served?.close()
  served = await startServer({host, rendererFolder, port: 0})
  cookie = ''
})

afterAll(async () => {
  served.close()
  await host.close()
  rmSync(join(rendererFolder, '..'), {recursive: true})
})

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A request whose path goes out as written, which `fetch` would not allow. */
function ask(path: string, headers: OutgoingHttpHeaders = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const {port} = served
    const sent = {host: `127.0.0.1:${port}`, ...(cookie ? {cookie} : {}), ...headers}
    const asked = request({host: '127.0.0.1', port, path, method, headers: sent}, (reply) => {
      let body = ''
      reply.setEncoding('latin1')
      reply.on('data', (chunk: string) => {
        body += chunk
      })
      reply.on('end', () => resolve({status: reply.statusCode!, headers: reply.headers, body}))
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** For requests that Node's own client would complete. */
function rawAsk(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(served.port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}

async function enter(): Promise<void> {
  const {headers} = await ask(`/?token=${served.token}`)
  cookie = headers['set-cookie']![0]!.split(';')[0]!
}

function dial(headers: Record<string, string | undefined>, path = '/engine'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${served.port}${path}`, {
    perMessageDeflate: false,
    headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
  })
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(socket))
    socket.on('error', reject)
  })
}
const own = () => ({host: `127.0.0.1:${served.port}`, origin: `http://127.0.0.1:${served.port}`})
const dialWithin = (headers: Record<string, string | undefined> = {}, path?: string) =>
  dial({...own(), cookie, ...headers}, path)

const nothingMore = {status: 403, body: ''}

test('the token opens the page once and is spent for a cookie that survives a reload', async () => {
  const welcome = await ask(`/?token=${served.token}`)
  expect(welcome).toMatchObject({status: 302, headers: {location: '/'}, body: ''})
  const [setCookie] = welcome.headers['set-cookie']!
  expect(setCookie).toMatch(
    /^tokenscope-[0-9a-f]{12}=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/
  )
  expect(setCookie).not.toContain(served.token)

  expect(await ask(`/?token=${served.token}`)).toMatchObject(nothingMore)
  cookie = setCookie!.split(';')[0]!
  expect(await ask('/')).toMatchObject({status: 200})
  expect(await ask('/', {cookie: `other=1; ${cookie}; more=2`})).toMatchObject({status: 200})
})

test('a prefetch, a HEAD or another path does not spend the token', async () => {
  const path = `/?token=${served.token}`
  expect(await ask(path, {'sec-purpose': 'prefetch;prerender'})).toMatchObject(nothingMore)
  expect(await ask(path, {}, 'HEAD')).toMatchObject(nothingMore)
  expect(await ask(path, {}, 'POST')).toMatchObject(nothingMore)
  expect(await ask(`/assets/a.js?token=${served.token}`)).toMatchObject(nothingMore)
  expect(await ask(path)).toMatchObject({status: 302})
})

test('without the secret nothing is shown', async () => {
  const wrong = served.token.replace(/^./, (first) => (first === 'a' ? 'b' : 'a'))
  for (const path of [
    '/',
    '/?token=',
    `/?token=${wrong}`,
    '/assets/a.js',
    '/engine',
    '/blob/x',
    '/no',
  ]) {
    expect(await ask(path)).toMatchObject(nothingMore)
  }
  await enter()
  const [name] = cookie.split('=')
  for (const forged of [`${name}=`, `${name}=${served.token}`, `x${cookie}`, `${cookie}x`]) {
    expect(await ask('/', {cookie: forged})).toMatchObject(nothingMore)
  }
})

test('only loopback names are answered, whatever they resolve to', async () => {
  await enter()
  for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:99', '[::1]:8080', '[::1]']) {
    expect(await ask('/', {host})).toMatchObject({status: 200})
  }
  const wrong = [
    'evil.example',
    'localhost.evil.example',
    'evil.example:80',
    '127.0.0.1.nip.io',
    '127.0.0.2',
    '0.0.0.0',
    'localhost:',
    'localhost:80@evil',
    'user@localhost',
  ]
  for (const host of wrong) expect(await ask('/', {host})).toMatchObject(nothingMore)
  expect(await rawAsk(`GET / HTTP/1.0\r\nCookie: ${cookie}\r\n\r\n`)).toMatch(/^HTTP\/1.1 403 /)
  expect(await rawAsk(`GET / HTTP/1.0\r\nHost: \r\nCookie: ${cookie}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 403 /
  )
})

test('a foreign origin is refused', async () => {
  await enter()
  const {port} = served
  expect(await ask('/', {origin: `http://127.0.0.1:${port}`})).toMatchObject({status: 200})
  const wrong = [
    'null',
    'http://evil.example',
    `http://localhost:${port}`,
    `http://127.0.0.1:${port + 1}`,
    `https://127.0.0.1:${port}`,
    '',
  ]
  for (const origin of wrong) expect(await ask('/', {origin})).toMatchObject(nothingMore)
})

test('the page comes with its policy, and its nonce is new each time', async () => {
  await enter()
  const [first, second] = [await ask('/'), await ask('/')]
  const policy = String(first.headers['content-security-policy'])
  const nonce = /style-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1]
  expect(first.body).toBe(
    `<html><head><meta name="csp-nonce" nonce="${nonce}"><title>t</title></head></html>`
  )
  expect(second.body).not.toBe(first.body)
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("connect-src 'self';")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toContain('unsafe')
  expect(first.headers).toMatchObject({'x-content-type-options': 'nosniff'})
  expect(await ask('/assets/a.js')).toMatchObject({
    status: 200,
    body: 'export {}',
    headers: {
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
    },
  })
  expect(await ask('/', {}, 'HEAD')).toMatchObject({status: 200, body: ''})
  expect(await ask('/', {}, 'POST')).toMatchObject({status: 405})
})

test.each([
  '/../secret.js',
  '/%2e%2e/secret.js',
  '/assets/..%2f..%2fsecret.js',
  '/assets/../../secret.js',
  '/..%5csecret.js',
  '/assets/link.js',
  '//secret.js',
  '/assets',
  '/assets/',
  '/index.html%00.js',
  '/%',
  '/etc/passwd',
  'http://evil.example/',
])('%s leads nowhere', async (path) => {
  await enter()
  expect(await ask(path)).toMatchObject({status: 404, body: ''})
})

test('the page’s socket goes to the engine itself, and a dead engine is followed by a new one', async () => {
  await enter()
  const connection = connectEngine(async () => webSocketChannel(await dialWithin()))
  const states: string[] = []
  connection.onState((state) => states.push(state))
  const first = await connection.client.engine.status()
  expect(first.processId).not.toBe(process.pid)
  const {bytes} = (await connection.client.blobs.probe({byteLength: 3e6, asBlob: false})) as {
    bytes: Uint8Array
  }
  expect(bytes.length).toBe(3e6)
  expect(bytes.every((byte) => byte === 7)).toBe(true)

  // More than once, because a page that dials again at once may meet the engine while it dies.
  for (let killCount = 1; killCount <= 4; killCount++) {
    const {processId} = await connection.client.engine.status()
    process.kill(processId, 'SIGKILL')
    const expected = ['connected', ...Array(killCount).fill(['lost', 'connected']).flat()]
    await expect.poll(() => states, {timeout: 10_000, interval: 5}).toEqual(expected)
    const next = await connection.client.engine.status()
    expect(next.startCount).toBe(first.startCount + killCount)
  }
  connection.close()
})

test.each([
  ['no cookie', {cookie: undefined}, 403],
  ['a wrong cookie', {cookie: 'tokenscope=1'}, 403],
  ['no origin', {origin: undefined}, 403],
  ['a foreign origin', {origin: 'http://evil.example'}, 403],
  ['a foreign host', {host: 'evil.example', origin: 'http://evil.example'}, 403],
])('an upgrade with %s is refused', async (_, headers, status) => {
  await enter()
  await expect(dialWithin(headers)).rejects.toThrow(String(status))
})

test('an upgrade elsewhere, or with the token alone, is refused', async () => {
  await expect(dial(own(), `/engine?token=${served.token}`)).rejects.toThrow('403')
  await enter()
  await expect(dialWithin({}, '/other')).rejects.toThrow('404')
})

test('garbage, text and oversized frames end that socket and no other', async () => {
  await enter()
  const good = createPeerLink(webSocketChannel(await dialWithin()))
  const client = createORPCClient<RouterClient<TestRouter>>(good)
  const {processId} = await client.engine.status()
  for (const message of ['hello', Buffer.from('garbage!'), Buffer.alloc(65 * 2 ** 20)]) {
    const bad = await dialWithin()
    const closed = new Promise((resolve) => bad.on('close', resolve))
    bad.on('error', () => undefined)
    bad.send(message)
    await closed
  }
  const torn = await dialWithin()
  // A frame with reserved bits, which no WebSocket may send.
  ;(torn as unknown as {_socket: {write(bytes: Buffer): void}})._socket.write(
    Buffer.from([0xff, 0xff])
  )
  await new Promise((resolve) => torn.on('close', resolve).on('error', () => undefined))
  expect((await client.engine.status()).processId).toBe(processId)
})

test('a socket that drops aborts what it asked for', async () => {
  await enter()
  const socket = await dialWithin()
  const link = createPeerLink(webSocketChannel(socket))
  const client = createORPCClient<RouterClient<TestRouter>>(link)
  const stream = await client.test.waitStream()
  await stream.next()
  const next = stream.next().catch((error: unknown) => error)
  socket.terminate()
  expect(problemOf(await next)?.code).toBe('engine-lost')
  const other = createORPCClient<RouterClient<TestRouter>>(
    createPeerLink(webSocketChannel(await dialWithin()))
  )
  await expect.poll(() => other.test.log()).toContain('waitStream aborted')
})

test('a blob is fetched once, through the host', async () => {
  await enter()
  const client = createORPCClient<RouterClient<TestRouter>>(
    createPeerLink(webSocketChannel(await dialWithin()))
  )
  const reference = await client.blobs.probe({byteLength: 1_000_000, asBlob: true})
  if (!('blobId' in reference)) throw new Error('not a reference')
  expect(reference.byteLength).toBe(1_000_000)
  const path = `/blob/${reference.blobId}`
  expect(await ask(path, {cookie: 'none'})).toMatchObject(nothingMore)
  const fetched = await ask(path)
  expect(fetched).toMatchObject({status: 200, headers: {'content-length': '1000000'}})
  expect(fetched.body).toBe('\x07'.repeat(1_000_000))
  expect(await ask(path)).toMatchObject({status: 404, body: ''})
})

test('a port that is taken is said in words', async () => {
  const second = await startServer({host, rendererFolder, port: served.port}).catch(
    (e: unknown) => e
  )
  expect(problemOf(second)).toMatchObject({code: 'port-not-available', found: 'EADDRINUSE'})
})
