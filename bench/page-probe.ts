import {connectEngine} from '../src/shared/engine-client/connect.ts'
import {openWebSocketChannel} from '../src/shared/engine-client/websocket-channel.ts'

/** What the bench puts into the page: bytes from the engine, by the ways the page itself uses. */
export interface PageProbe {
  fetchBytes(byteLength: number, asBlob: boolean): Promise<Uint8Array>
  /** Presses Cancel; milliseconds until the page says so, and until the engine is idle. */
  cancel(): Promise<{shownMs: number; idleMs: number}>
}

const connection = connectEngine(() => openWebSocketChannel(new URL('/engine', location.href).href))

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))

const probe: PageProbe = {
  async fetchBytes(byteLength, asBlob) {
    const answer = await connection.client.blobs.probe({byteLength, asBlob})
    if ('bytes' in answer) return answer.bytes
    const response = await fetch(`/blob/${answer.blobId}`)
    return new Uint8Array(await response.arrayBuffer())
  },
  async cancel() {
    const start = performance.now()
    document.querySelector<HTMLElement>('[data-testid=cancel]')!.click()
    while (!document.querySelector('[data-testid=run-bar]')) await nextFrame()
    // Seen by a person once the frame after this one has been painted.
    await nextFrame()
    const shownMs = performance.now() - start
    while ((await connection.client.engine.status()).runningCount > 0) await nextFrame()
    return {shownMs, idleMs: performance.now() - start}
  },
}
Object.assign(globalThis, {pageProbe: probe})
