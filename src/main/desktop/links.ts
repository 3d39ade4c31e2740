import {app} from 'electron'
import {type Problem, ProblemError} from '../../shared/domain/problem.ts'

export const LINK_SCHEME = 'tokenscope'
/** What a command line of Windows can carry. */
export const MAX_LINK_LENGTH = 32_000

/** It claims to be a link of ours; {@link parseLink} says whether it is a good one. */
export function isLink(text: string): boolean {
  return text.toLowerCase().startsWith(`${LINK_SCHEME}:`)
}

/**
 * The link as it is handed to the page, which reads what it says.
 * @throws ProblemError where it is too long or no address of our scheme
 */
export function parseLink(text: string): string {
  if (text.length > MAX_LINK_LENGTH) {
    throw new ProblemError(
      badLink(text, `${text.length} characters`, `at most ${MAX_LINK_LENGTH} characters`)
    )
  }
  if (/[\u0000-\u0020\u007f]/.test(text)) {
    throw new ProblemError(badLink(text, 'spaces or control characters', 'an encoded address'))
  }
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new ProblemError(badLink(text, 'no address', `${LINK_SCHEME}://…`))
  }
  if (url.protocol !== `${LINK_SCHEME}:` || !/^[^:]+:\/\//.test(text)) {
    throw new ProblemError(badLink(text, 'another kind of address', `${LINK_SCHEME}://…`))
  }
  if (url.username || url.password || url.port) {
    throw new ProblemError(badLink(text, 'a name, password or port', 'a link without them'))
  }
  return url.href
}

function badLink(text: string, found: string, expected: string): Problem {
  return {
    code: 'bad-link',
    message: `The link “${text.slice(0, 60)}${text.length > 60 ? '…' : ''}” cannot be opened.`,
    found,
    expected,
    advice: 'Copy the link again in the window that it comes from.',
  }
}

/**
 * Lets the platform hand links of ours to the installed application; on Linux its desktop entry says
 * so. A checkout leaves the person's machine as it is: its executable is Electron's own.
 */
export function registerLinkScheme(): void {
  if (!app.isPackaged || process.platform === 'linux') return
  if (!app.isDefaultProtocolClient(LINK_SCHEME)) {
    app.setAsDefaultProtocolClient(LINK_SCHEME)
  }
}
