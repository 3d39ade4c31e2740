import {spawn} from 'node:child_process'
import {join, resolve} from 'node:path'
import {createInterface} from 'node:readline'
import {type Browser, chromium} from 'playwright'

const ROOT = resolve(import.meta.dirname, '..')
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Served {
  readonly url: string
  stop(): void
}

/** Starts the served host and resolves with its address once it listens. */
export async function serve(): Promise<Served> {
  const child = spawn(
    process.execPath,
    [join(ROOT, 'out/main/cli.js'), 'serve', '--json', '--no-open', '--port', '0'],
    {cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit']}
  )
  for await (const line of createInterface({input: child.stdout})) {
    return {url: String(JSON.parse(line).url), stop: () => void child.kill('SIGTERM')}
  }
  throw new Error('the served host ended before it was ready')
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.TOKENSCOPE_CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  })
}
