import {randomBytes, timingSafeEqual} from 'node:crypto'
import type {IncomingHttpHeaders} from 'node:http'

/** What a request is let in to do. */
export type Admission =
  /** Show the page or carry its calls. */
  | {readonly kind: 'admitted'}
  /** It brought the one-time token: give it the cookie, and send it on without the token. */
  | {readonly kind: 'welcome'; readonly cookie: string}
  | {readonly kind: 'refused'}

/**
 * Decides who may talk to the served host. Loopback alone protects from other machines only: any page
 * the person visits can reach it, and so can a name that was rebound to 127.0.0.1. So Host must be a
 * loopback name, Origin must be this very host, and a secret must be known: first the token of the
 * printed address, which is spent for a cookie that scripts cannot read and other sites cannot send.
 */
export interface Gate {
  readonly token: string
  admit(request: GateRequest, isUpgrade: boolean): Admission
}

export interface GateRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
}

// Any port: a tunnel from another machine has its own.
const LOOPBACK_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i

export function createGate(): Gate {
  const token = randomBytes(24).toString('base64url')
  const secret = randomBytes(24).toString('base64url')
  // Cookies do not tell ports apart, so that two served hosts would take each other's.
  const cookieName = `tokenscope-${randomBytes(6).toString('hex')}`
  let isTokenSpent = false

  const hasCookie = (headers: IncomingHttpHeaders) =>
    (headers.cookie ?? '').split(';').some((pair) => {
      const [name, value] = pair.trim().split('=')
      return name === cookieName && value !== undefined && isSame(value, secret)
    })

  const spendToken = ({method, url, headers}: GateRequest) => {
    const address = parseAddress(url)
    const given = address?.searchParams.get('token')
    if (method !== 'GET' || address?.pathname !== '/' || !given || isTokenSpent) return false
    // A browser that loads the page on suspicion would spend the token for nobody.
    if (headers['sec-purpose'] !== undefined || headers.purpose === 'prefetch') return false
    if (!isSame(given, token)) return false
    isTokenSpent = true
    return true
  }

  return {
    token,
    admit(request, isUpgrade) {
      const {host, origin} = request.headers
      if (!host || !LOOPBACK_HOST.test(host)) return {kind: 'refused'}
      if (isUpgrade && origin === undefined) return {kind: 'refused'}
      if (origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
        return {kind: 'refused'}
      }
      if (hasCookie(request.headers)) return {kind: 'admitted'}
      if (!isUpgrade && spendToken(request)) {
        return {
          kind: 'welcome',
          cookie: `${cookieName}=${secret}; HttpOnly; SameSite=Strict; Path=/`,
        }
      }
      return {kind: 'refused'}
    },
  }
}

/** The path and query of a request; null where they are not an address. */
export function parseAddress(url: string | undefined): URL | null {
  // `//evil` would be read as a host.
  if (!url?.startsWith('/') || url.startsWith('//')) return null
  try {
    return new URL(`http://localhost${url}`)
  } catch {
    return null
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
