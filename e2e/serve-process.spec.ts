import {spawn} from 'node:child_process'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {expect, test} from '@playwright/test'
import {
  cookieOf,
  ended,
  isAlive,
  processIdOf,
  root,
  serveScript,
  startServed,
} from './served-host.ts'

test.skip(process.platform === 'win32', 'signals are those of Unix')

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`serve ends with 0 on ${signal} and takes its engine along, pages connected or not`, async ({
    page,
  }) => {
    const {child, url, port, token} = await startServed()
    expect(url).toBe(`http://127.0.0.1:${port}/?token=${token}`)
    await page.goto(url)
    expect(page.url()).toBe(`http://127.0.0.1:${port}/`)
    const [cookie] = await page.context().cookies()
    const engine = await processIdOf(port, `${cookie!.name}=${cookie!.value}`)
    const exit = ended(child)
    child.kill(signal)
    // Ctrl-C reaches it from the terminal and once more from npm.
    child.kill(signal)
    expect(await exit).toBe(0)
    expect(isAlive(engine)).toBe(false)
  })
}

test('the page breaks none of its own content policy, connects, and survives a reload', async ({
  page,
}) => {
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  const {child, url} = await startServed()
  const connected = page.waitForEvent('websocket')
  await page.goto(url)
  expect((await connected).url()).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/engine$/)
  await expect(page.locator('#app')).not.toBeEmpty()
  await page.reload()
  await expect(page.locator('#app')).not.toBeEmpty()
  expect(complaints).toEqual([])

  // What a script that got in could not do.
  const blocked = await page.evaluate(async () => {
    const fetched = await fetch('https://example.com').then(
      () => true,
      () => false
    )
    const script = document.createElement('script')
    script.textContent = 'window.injected = true'
    document.head.append(script)
    return {fetched, injected: 'injected' in window}
  })
  expect(blocked).toEqual({fetched: false, injected: false})
  const exit = ended(child)
  child.kill('SIGTERM')
  await exit
})

test('an engine whose host is killed outright ends itself', async () => {
  const served = await startServed()
  const {child} = served
  const engine = await processIdOf(served.port, await cookieOf(served))
  child.kill('SIGKILL')
  await expect.poll(() => isAlive(engine), {timeout: 5000}).toBe(false)
})

test('npm start without a display serves, says so in one line, and ends when told', async () => {
  const {DISPLAY: _, WAYLAND_DISPLAY: __, ...environment} = process.env
  test.skip(process.platform !== 'linux', 'elsewhere there always is a display')
  const child = spawn(process.execPath, [join(root, 'scripts/start.mjs'), '--no-open'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {...environment, TOKENSCOPE_STATE_FOLDER: test.info().outputPath('state')},
  })
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    if (lines.length === 2) break
  }
  expect(lines[0]).toBe('No desktop window (there is no display); serving instead.')
  expect(lines[1]).toMatch(/^Tokenscope is at http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+$/)
  const exit = ended(child)
  child.kill('SIGTERM')
  expect(await exit).toBe(0)
})

test('wrong usage and a port that is taken are said in words', async () => {
  const run = (...flags: string[]) => {
    const child = spawn(process.execPath, [serveScript, '--no-open', ...flags])
    let words = ''
    child.stderr.on('data', (chunk) => {
      words += chunk
    })
    return ended(child).then((code) => ({code, words}))
  }
  expect(await run('--port', 'x')).toMatchObject({code: 2})
  expect(await run('--nonsense')).toMatchObject({code: 2})
  const {child, port} = await startServed()
  const taken = await run('--port', String(port))
  expect(taken.code).toBe(1)
  expect(taken.words).toContain(`Port ${port}`)
  expect(taken.words).toContain('Choose another')
  const exit = ended(child)
  child.kill('SIGTERM')
  await exit
})
