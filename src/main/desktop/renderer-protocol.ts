import {join} from 'node:path'
import {protocol} from 'electron'
import {packageRoot} from '../engine-options.ts'
import {readRendererFile} from '../renderer-files.ts'

const SCHEME = 'app'
/** The only origin that a window of ours ever shows. */
export const RENDERER_ORIGIN = `${SCHEME}://tokenscope`
export const RENDERER_URL = `${RENDERER_ORIGIN}/`

/** Gives the page an origin of its own, unlike files, whose origins are all alike. Before `ready`. */
export function registerRendererScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {scheme: SCHEME, privileges: {standard: true, secure: true, supportFetchAPI: true}},
  ])
}

/** Serves the built page, and nothing else, under {@link RENDERER_URL}. After `ready`. */
export function serveRenderer(folder = join(packageRoot(), 'out/renderer')): void {
  protocol.handle(SCHEME, async ({url}) => {
    const {host, pathname} = new URL(url)
    if (host !== 'tokenscope') return new Response(null, {status: 404})
    const {status, headers, body} = await readRendererFile(folder, pathname)
    return new Response(body, {status, headers: {...headers}})
  })
}

/** It is a page of ours, by the address it was loaded from. */
export function isRendererUrl(url: string | undefined): boolean {
  // Not URL.origin, which is `null` for schemes that are not the web's own.
  return url === RENDERER_URL || (url?.startsWith(RENDERER_URL) ?? false)
}
