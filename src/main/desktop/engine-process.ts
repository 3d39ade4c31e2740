import {app, type MessagePortMain, utilityProcess} from 'electron'
import {FIRST_SAMPLE} from '../../shared/samples/samples.ts'
import type {FromEngine} from '../engine/host-messages.ts'
import {engineEnvironment} from '../engine-environment.ts'
import type {EngineExit} from '../engine-exit.ts'
import {type EngineHost, type SpawnEngine, startEngineHost} from '../engine-host.ts'
import {engineSettings} from '../engine-options.ts'
import {builtEnginePath} from '../fork-engine.ts'
import type {CrashReports} from './crash-reports.ts'

const LAST_WORDS_LENGTH = 8000

/**
 * Starts the engine as soon as Electron can, and ends it with the application. An end that nobody asked
 * for is reported.
 */
export function startDesktopEngine(reports: CrashReports): EngineHost<MessagePortMain> {
  let isQuitting = false
  const host = startEngineHost({
    settings: engineSettings({firstModel: FIRST_SAMPLE.model}),
    spawn: (options) => {
      const engine = spawnUtilityProcess(options)
      engine.onExit((exit) => {
        if (!isQuitting) reports.addEngineExit(exit)
      })
      return engine
    },
  })
  host.on((event) => {
    if (event.kind === 'ended') console.error(`The engine ${event.words}; starting it again.`)
  })
  app.on('will-quit', () => {
    isQuitting = true
    void host.close()
  })
  return host
}

const spawnUtilityProcess: SpawnEngine<MessagePortMain> = (options) => {
  const messageListeners = new Set<(message: FromEngine) => void>()
  const exitListeners = new Set<(exit: EngineExit) => void>()
  let child: ReturnType<typeof utilityProcess.fork> | null = null
  let isKilled = false
  let lastWords = ''

  const ended = (exit: EngineExit) => {
    for (const listener of [...exitListeners]) listener(exit)
    exitListeners.clear()
  }

  // A utility process cannot be started earlier.
  void app.whenReady().then(() => {
    if (isKilled) {
      ended({code: 0, signal: null, lastWords})
      return
    }
    child = utilityProcess.fork(builtEnginePath(), [], {
      serviceName: 'Tokenscope engine',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: engineEnvironment(process.env, options),
      execArgv: [],
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      process.stderr.write(chunk)
      lastWords = (lastWords + chunk.toString('utf8')).slice(-LAST_WORDS_LENGTH)
    })
    child.on('message', (message: FromEngine) => {
      for (const listener of [...messageListeners]) listener(message)
    })
    child.on('exit', (code) => ended(exitOf(code, lastWords)))
  })

  return {
    get processId() {
      return child?.pid
    },
    async send(message, port) {
      if (!child) throw new Error('the engine has not started yet')
      child.postMessage(message, port ? [port] : [])
    },
    onMessage(listener) {
      messageListeners.add(listener)
      return () => messageListeners.delete(listener)
    },
    onExit(listener) {
      exitListeners.add(listener)
      return () => exitListeners.delete(listener)
    },
    kill() {
      isKilled = true
      child?.kill()
    },
  }
}

const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
}

/** Electron reports a signal as the number that the system gives it, without saying that it is one. */
function exitOf(code: number, lastWords: string): EngineExit {
  const signal = process.platform === 'win32' ? undefined : SIGNALS[code]
  return signal ? {code: null, signal, lastWords} : {code, signal: null, lastWords}
}
