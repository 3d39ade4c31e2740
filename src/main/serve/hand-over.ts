import type {SendHandle} from 'node:child_process'
import type {Socket} from 'node:net'
import type {ToEngine} from '../engine/host-messages.ts'
import type {EngineHost, EngineProcess} from '../engine-host.ts'

/** How long a page that connects waits for an engine that is being started. */
const WAIT_MS = 15_000
/** How long an engine may take to say that it has a socket. */
const TAKE_MS = 5000

type Upgrade = Omit<Extract<ToEngine, {kind: 'upgrade'}>, 'kind' | 'upgradeId'>

let lastUpgradeId = 0

/**
 * Gives a page's socket to the engine, to the next one where this one dies meanwhile. Afterwards the
 * socket is no longer ours. Rejects where no engine came in time; then it still is.
 */
export async function handOver(
  host: EngineHost<SendHandle>,
  upgrade: Upgrade,
  socket: Socket
): Promise<void> {
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const {process: engine} = await host.ready(deadline - performance.now())
    const outcome = await offer(engine, upgrade, socket)
    if (outcome === 'taken' || socket.destroyed) return
  }
}

async function offer(
  engine: EngineProcess<SendHandle>,
  upgrade: Upgrade,
  socket: Socket
): Promise<'taken' | 'not taken'> {
  const upgradeId = ++lastUpgradeId
  let stop = () => {}
  const isTaken = new Promise<boolean>((resolve) => {
    const stopMessages = engine.onMessage((message) => {
      if (message.kind === 'upgrade-taken' && message.upgradeId === upgradeId) resolve(true)
    })
    const stopExit = engine.onExit(() => resolve(false))
    const timer = setTimeout(() => resolve(false), TAKE_MS)
    stop = () => {
      stopMessages()
      stopExit()
      clearTimeout(timer)
    }
  })
  try {
    await engine.send({kind: 'upgrade', upgradeId, ...upgrade}, socket)
    if (!(await isTaken)) return 'not taken'
    socket.destroy()
    await engine.send({kind: 'upgrade-go', upgradeId})
    return 'taken'
  } catch {
    // Sending failed because it has just died; its exit may take a moment to be noticed.
    await isTaken
    return 'not taken'
  } finally {
    stop()
  }
}
