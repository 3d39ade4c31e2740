import {readFile, realpath} from 'node:fs/promises'
import {extname, join, resolve, sep} from 'node:path'
import {COMMON_HEADERS, contentPolicy, createNonce, withNonce} from './content-policy.ts'

/** An answer to a request for one of the page's own files. */
export interface FileResponse {
  readonly status: 200 | 404
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.ttf': 'font/ttf',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

const NOT_FOUND: FileResponse = {
  status: 404,
  headers: {...COMMON_HEADERS, 'content-length': '0'},
  body: new Uint8Array(),
}

/**
 * A file of the built page by the path of its address; `/` is the page itself. Nothing outside `folder`
 * can be named, by dots, by encoding or through a link.
 */
export async function readRendererFile(folder: string, urlPath: string): Promise<FileResponse> {
  const path = await pathInside(folder, urlPath === '/' ? '/index.html' : urlPath)
  const mediaType = path && MEDIA_TYPES[extname(path)]
  if (!mediaType) return NOT_FOUND
  let body: Uint8Array<ArrayBuffer>
  try {
    body = await readFile(path)
  } catch {
    return NOT_FOUND
  }
  const headers: Record<string, string> = {...COMMON_HEADERS, 'content-type': mediaType}
  if (path.endsWith('.html')) {
    const nonce = createNonce()
    headers['content-security-policy'] = contentPolicy(nonce)
    headers['cache-control'] = 'no-store'
    body = Buffer.from(withNonce(Buffer.from(body).toString('utf8'), nonce))
  } else {
    // Built assets carry a hash of their content in their names.
    headers['cache-control'] = urlPath.startsWith('/assets/')
      ? 'private, max-age=31536000, immutable'
      : 'no-cache'
  }
  headers['content-length'] = String(body.byteLength)
  return {status: 200, headers, body}
}

async function pathInside(folder: string, urlPath: string): Promise<string | null> {
  let decoded: string
  try {
    decoded = decodeURIComponent(urlPath)
  } catch {
    return null
  }
  if (decoded.includes('\0') || decoded.includes('\\')) return null
  const path = resolve(join(folder, decoded))
  try {
    const [realFolder, realFile] = await Promise.all([realpath(folder), realpath(path)])
    return realFile.startsWith(realFolder + sep) ? realFile : null
  } catch {
    return null
  }
}
