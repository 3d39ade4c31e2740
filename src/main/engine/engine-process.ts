import {once} from 'node:events'
import type {Duplex} from 'node:stream'
import type {AnyRouter} from '@orpc/server'
import type {ByteChannel} from '../../shared/engine-client/channel.ts'
import {type Blobs, startBlobServer} from './blobs.ts'
import {type Connections, createConnections, type MainPort, mainPortChannel} from './connections.ts'
import type {FromEngine, ToEngine} from './host-messages.ts'

/** Longest that work may go on after the host has gone. */
const CLOSE_MS = 500

/** What an engine process is made of. */
export interface EngineParts {
  readonly router: AnyRouter
  readonly blobs: Blobs
  close(): void | Promise<void>
}

/**
 * Answers the contract on every connection that the host hands over, says that it is ready, and ends
 * the process when the host goes away.
 */
export async function serveHost({router, blobs, close}: EngineParts): Promise<void> {
  // One failed job must not take the others with it.
  process.on('unhandledRejection', (reason) => console.error('unhandled rejection:', reason))
  const connections = createConnections(router)

  const electronParent = (process as {parentPort?: ElectronParentPort}).parentPort
  if (electronParent) {
    electronParent.on('message', ({data, ports: [port]}) => {
      if (data.kind === 'port' && port) connections.attach(mainPortChannel(port))
    })
    electronParent.postMessage({kind: 'ready', blobAddress: ''})
    return
  }

  if (!process.send) throw new Error('the engine is started by a host, not by hand')
  const blobServer = await startBlobServer(blobs)
  process.on('message', upgradeReceiver(connections))
  connections.attach(processChannel())
  process.on('disconnect', async () => {
    const patience = new Promise((resolve) => setTimeout(resolve, CLOSE_MS))
    await Promise.race([Promise.allSettled([blobServer.close(), close()]), patience])
    // A model run in a worker thread would hold back an orderly exit until it is done.
    process.kill(process.pid, 'SIGKILL')
  })
  // Ctrl-C reaches the whole process group; the host decides when its engine ends.
  process.on('SIGINT', () => undefined)
  await tellHost({kind: 'ready', blobAddress: blobServer.address})
}

/** Electron's `process.parentPort`, as far as it is used. */
interface ElectronParentPort {
  on(event: 'message', listener: (event: {data: ToEngine; ports: MainPort[]}) => void): void
  postMessage(message: FromEngine): void
}

/** Takes the sockets that the host hands over, and uses each when the host has let go of it. */
function upgradeReceiver(connections: Connections) {
  const taken = new Map<number, () => void>()
  return (message: ToEngine, socket?: Duplex) => {
    // A browser that left while its socket was on the way leaves nothing to attach.
    if (message.kind === 'upgrade' && socket) {
      taken.set(message.upgradeId, () => connections.attachSocket(message, socket))
      void tellHost({kind: 'upgrade-taken', upgradeId: message.upgradeId})
    } else if (message.kind === 'upgrade-go') {
      taken.get(message.upgradeId)?.()
      taken.delete(message.upgradeId)
    }
  }
}

function tellHost(message: FromEngine): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()))
  })
}

/** The contract on the process's own channel, for a host that is itself the caller. */
function processChannel(): ByteChannel {
  return {
    send: (bytes) => tellHost({kind: 'bytes', bytes}),
    onMessage(listener) {
      process.on('message', (message: ToEngine) => {
        if (message.kind === 'bytes') listener(message.bytes)
      })
    },
    onClose: (listener) => void once(process, 'disconnect').then(listener),
    close: () => undefined,
  }
}
