import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {createORPCClient} from '@orpc/client'
import type {RouterClient} from '@orpc/server'
import {afterEach, expect, test} from 'vitest'
import {STOPPED_ON_REQUEST} from '../shared/contract/stopped-on-request.ts'
import {connectEngine} from '../shared/engine-client/connect.ts'
import {createPeerLink} from '../shared/engine-client/link.ts'
import {problemOf} from '../shared/engine-client/problem-of.ts'
import type {TestRouter} from './engine/test-engine.ts'
import {engineEnvironment} from './engine-environment.ts'
import {exitWords} from './engine-exit.ts'
import {type EngineProcess, type HostEvent, startEngineHost} from './engine-host.ts'
import {engineSettings, packageRoot} from './engine-options.ts'
import {openProcessChannel} from './local-engine.ts'
import {forkTestEngine} from './test-engine-fork.ts'

const open: {close(): Promise<void>}[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host.close()))
})

function startTestHost() {
  const host = startEngineHost({
    settings: engineSettings({stateFolder: null}),
    spawn: forkTestEngine,
  })
  open.push(host)
  const events: HostEvent[] = []
  host.on((event) => events.push(event))
  return {host, events}
}

const until = async (condition: () => boolean) => {
  const deadline = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > deadline) expect.fail('it did not come about')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

const isAlive = (processId: number) => {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}

test('an engine that is killed is started again, and everyone is told', async () => {
  const {host, events} = startTestHost()
  const connection = connectEngine(() => openProcessChannel(host))
  const states: string[] = []
  connection.onState((state) => states.push(state))
  const first = await connection.client.engine.status()
  expect(first).toMatchObject({startCount: 1, lastExit: null})

  process.kill(first.processId, 'SIGKILL')
  await until(() => states.at(-1) === 'lost')
  const refused = await connection.client.engine.status().catch((error: unknown) => error)
  expect(problemOf(refused)?.code).toBe('engine-restarting')
  await until(() => states.at(-1) === 'connected')
  const second = await connection.client.engine.status()
  expect(second.processId).not.toBe(first.processId)
  expect(second.startCount).toBe(2)
  expect(second.lastExit).toMatch(/^was killed \(SIGKILL\)/)
  expect(states).toEqual(['connected', 'lost', 'connected'])
  expect(events.map(({kind}) => kind)).toEqual(['ready', 'ended', 'ready'])
  connection.close()
})

test('calls that were under way fail with what to do', async () => {
  const {host} = startTestHost()
  const channel = await openProcessChannel(host)
  const client = createORPCClient<RouterClient<TestRouter>>(createPeerLink(channel))
  const waiting = client.test.wait().catch((error: unknown) => error)
  await client.test.rejectUnheard()
  expect(await client.test.echo('an unheard rejection ends nothing')).toMatch(/nothing$/)
  host.kill()
  expect(problemOf(await waiting)).toMatchObject({
    code: 'engine-lost',
    advice: expect.stringContaining('run it again'),
  })
})

test.each([
  ['exit', 'stopped with exit code 3'],
  ['abort', 'aborted (SIGABRT)'],
] as const)('an engine that ends by %s is started again and says why', async (how, words) => {
  const {host} = startTestHost()
  const channel = await openProcessChannel(host)
  const client = createORPCClient<RouterClient<TestRouter>>(createPeerLink(channel))
  await client.test.crash(how).catch(() => undefined)
  const next = createORPCClient<RouterClient<TestRouter>>(
    createPeerLink(await openProcessChannel(host))
  )
  expect(await next.engine.status()).toMatchObject({startCount: 2, lastExit: words})
})

test('closing ends the process and its blob socket, for good', async () => {
  const {host, events} = startTestHost()
  const {process: engine, blobAddress} = await host.ready()
  expect(existsSync(blobAddress)).toBe(process.platform !== 'win32')
  await host.close()
  expect(isAlive(engine.processId!)).toBe(false)
  expect(existsSync(blobAddress)).toBe(false)
  expect(events.map(({kind}) => kind)).toEqual(['ready'])
})

test('an engine that cannot start is given up after some tries, with its last words', async () => {
  let startCount = 0
  const host = startEngineHost({
    settings: engineSettings({stateFolder: null}),
    spawn: (options) => {
      startCount++
      expect(options.startCount).toBe(startCount)
      return diesAtOnce()
    },
  })
  const error = await host.ready().catch((reason: unknown) => reason)
  expect(problemOf(error)).toMatchObject({
    code: 'engine-failed',
    found: 'stopped with exit code 1: Error: no libraries',
  })
  expect(startCount).toBe(5)
  expect(problemOf(await host.ready().catch((reason: unknown) => reason))?.code).toBe(
    'engine-failed'
  )
})

function diesAtOnce(): EngineProcess {
  return {
    processId: 1,
    send: () => Promise.reject(new Error('dead')),
    onMessage: () => () => undefined,
    onExit(listener) {
      const exit = {code: 1, signal: null, lastWords: 'Error: no libraries\n    at main\n'}
      const timer = setTimeout(() => listener(exit))
      return () => clearTimeout(timer)
    },
    kill: () => undefined,
  }
}

test('secrets of the environment stay with the host', async () => {
  const options = {...engineSettings(), startCount: 1, lastExit: null}
  const passed = engineEnvironment(
    {
      PATH: '/bin',
      HF_TOKEN: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
      NODE_OPTIONS: '--require evil',
      HF_HOME: '/h',
      LC_ALL: 'C',
    },
    options
  )
  expect(Object.keys(passed).sort()).toEqual([
    'HF_HOME',
    'LC_ALL',
    'PATH',
    'TOKENSCOPE_ENGINE_OPTIONS',
  ])

  process.env.HF_TOKEN = 'secret'
  try {
    const {host} = startTestHost()
    const channel = await openProcessChannel(host)
    const client = createORPCClient<RouterClient<TestRouter>>(createPeerLink(channel))
    expect(await client.test.environment()).not.toContain('HF_TOKEN')
  } finally {
    delete process.env.HF_TOKEN
  }
})

test.each([
  [{code: null, signal: 'SIGKILL', lastWords: ''}, /^was killed/],
  [{code: null, signal: 'SIGSEGV', lastWords: ''}, /^crashed in native code \(SIGSEGV\)$/],
  [{code: 0xc0000005, signal: null, lastWords: ''}, /^crashed in native code/],
  [
    {
      code: null,
      signal: 'SIGABRT',
      lastWords:
        'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    },
    /^ran out of JavaScript memory$/,
  ],
  [
    {code: null, signal: 'SIGABRT', lastWords: 'terminate called: std::bad_alloc'},
    /^ran out of memory$/,
  ],
  [
    {code: 1, signal: null, lastWords: 'x\nTypeError: y is not z\n    at a\n\nNode.js v20'},
    /^stopped with exit code 1: TypeError: y is not z$/,
  ],
  [
    {code: null, signal: 'SIGKILL', lastWords: `${STOPPED_ON_REQUEST}\n`},
    /^was stopped on request$/,
  ],
])('%j in words', (exit, words) => expect(exitWords(exit)).toMatch(words))

test('the package root is the folder with package.json', () => {
  expect(existsSync(join(packageRoot(), 'electron.vite.config.ts'))).toBe(true)
})
