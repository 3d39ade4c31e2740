import {type ChildProcess, fork, type SendHandle} from 'node:child_process'
import {rmSync} from 'node:fs'
import {dirname, join} from 'node:path'
import type {FromEngine, ToEngine} from './engine/host-messages.ts'
import type {EngineOptions} from './engine/options.ts'
import {engineEnvironment} from './engine-environment.ts'
import type {EngineExit} from './engine-exit.ts'
import type {EngineProcess, SpawnEngine} from './engine-host.ts'
import {unpackedRoot} from './engine-options.ts'

const LAST_WORDS_LENGTH = 8000

export function builtEnginePath(): string {
  return join(unpackedRoot(), 'out/main/engine.js')
}

/** Forks the built engine as a Node process, for hosts that are not Electron. */
export const forkEngine: SpawnEngine<SendHandle> = (options) =>
  forkScript(builtEnginePath(), [], options)

/** Forks any script that speaks to its host as the engine does. */
export function forkScript(
  path: string,
  scriptArguments: readonly string[],
  options: EngineOptions
): EngineProcess<SendHandle> {
  const child = fork(path, scriptArguments, {
    // Keeps typed arrays as they are.
    serialization: 'advanced',
    // Standard output belongs to the host's own results.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: engineEnvironment(process.env, options),
    execArgv: [],
  })
  const messageListeners = new Set<(message: FromEngine) => void>()
  const exitListeners = new Set<(exit: EngineExit) => void>()
  let lastWords = ''
  let blobAddress = ''
  child.on('message', (message: FromEngine) => {
    if (message.kind === 'ready') blobAddress = message.blobAddress
    for (const listener of [...messageListeners]) listener(message)
  })
  child.once('error', (error) => {
    lastWords += String(error)
    // What could not be started will never close.
    if (child.pid === undefined) ended(null, null)
  })
  // `close` comes after `exit`, when standard error has been read to its end.
  child.once('close', ended)

  function ended(code: number | null, signal: string | null) {
    // An engine that was killed could not clear away its own socket.
    if (blobAddress && process.platform !== 'win32') {
      rmSync(dirname(blobAddress), {recursive: true, force: true})
    }
    for (const listener of [...exitListeners]) listener({code, signal, lastWords})
    exitListeners.clear()
  }
  child.stderr?.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk)
    lastWords = (lastWords + chunk.toString('utf8')).slice(-LAST_WORDS_LENGTH)
  })
  return {
    processId: child.pid,
    send: (message, handle) => send(child, message, handle),
    onMessage: (listener) => subscribe(messageListeners, listener),
    onExit: (listener) => subscribe(exitListeners, listener),
    kill: () => void child.kill('SIGKILL'),
  }
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function send(child: ChildProcess, message: ToEngine, handle: SendHandle | undefined) {
  return new Promise<void>((resolve, reject) => {
    if (!child.connected) {
      reject(new Error('the engine has ended'))
      return
    }
    child.send(message, handle, {keepOpen: true}, (error) => (error ? reject(error) : resolve()))
  })
}
