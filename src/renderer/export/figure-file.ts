import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {FigureRequest} from '../../shared/figures/request.ts'

export interface FigureFile {
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Has the engine write a figure; what is large is fetched from the page's own host. */
export async function readFile(client: EngineClient, request: FigureRequest): Promise<FigureFile> {
  const {fileName, mediaType, content} = await client.figures.export(request)
  return {name: fileName, mediaType, bytes: await bytesOf(client, content)}
}

type Content = Awaited<ReturnType<EngineClient['figures']['export']>>['content']

async function bytesOf(client: EngineClient, content: Content): Promise<Uint8Array<ArrayBuffer>> {
  if ('bytes' in content) return Uint8Array.from(content.bytes)
  // The desktop's page has no web address to fetch from.
  if (!location.protocol.startsWith('http')) {
    return Uint8Array.from(await client.blobs.read({blobId: content.blobId}))
  }
  const response = await fetch(`/blob/${encodeURIComponent(content.blobId)}`)
  if (!response.ok) throw new Error(`the host answered ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** Hands the file to the browser's downloads. */
export async function saveFile(file: FigureFile): Promise<string> {
  const url = URL.createObjectURL(new Blob([file.bytes], {type: file.mediaType}))
  const link = document.createElement('a')
  link.href = url
  link.download = file.name
  link.click()
  // The download has begun once the click was handled; the address may go a little later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
  return `saved ${file.name}`
}

/** Copies a picture as a picture and everything else as text. */
export async function copyFile(file: FigureFile): Promise<string> {
  if (file.mediaType === 'image/png') {
    const blob = new Blob([file.bytes], {type: 'image/png'})
    await navigator.clipboard.write([new ClipboardItem({'image/png': blob})])
  } else {
    await navigator.clipboard.writeText(new TextDecoder().decode(file.bytes))
  }
  return `copied ${file.name}`
}
