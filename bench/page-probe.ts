import {connectEngine} from '../src/shared/engine-client/connect.ts'
import {openWebSocketChannel} from '../src/shared/engine-client/websocket-channel.ts'

/** What the bench puts into the page: bytes from the engine, by the ways the page itself uses. */
export interface PageProbe {
  fetchBytes(byteLength: number, asBlob: boolean): Promise<Uint8Array>
}

const connection = connectEngine(() => openWebSocketChannel(new URL('/engine', location.href).href))

const probe: PageProbe = {
  async fetchBytes(byteLength, asBlob) {
    const answer = await connection.client.blobs.probe({byteLength, asBlob})
    if ('bytes' in answer) return answer.bytes
    const response = await fetch(`/blob/${answer.blobId}`)
    return new Uint8Array(await response.arrayBuffer())
  },
}
Object.assign(globalThis, {pageProbe: probe})
