import {createServer} from 'node:http'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import type {Browser, Page} from 'playwright'
import {build} from 'vite'
import {openLocalEngine} from '../src/main/local-engine.ts'
import {median, type Ratio} from './measure.ts'
import {microBase} from './models.ts'
import type {PageProbe} from './page-probe.ts'
import {launchBrowser, serve} from './served.ts'

const TURNS = 7

/** The least that a browser can be asked to show. */
async function serveEmptyPage(): Promise<{url: string; stop: () => void}> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html')
    response.end('<!doctype html><title>empty</title>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as AddressInfo
  return {url: `http://127.0.0.1:${port}/`, stop: () => server.close()}
}

async function timed(page: Page, url: string, isReady: () => Promise<unknown>): Promise<number> {
  await page.goto('about:blank')
  const start = performance.now()
  await page.goto(url, {waitUntil: 'load'})
  await isReady()
  return performance.now() - start
}

/** The probe as one script, so that the app itself carries no code for being measured. */
async function bundleProbe(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      lib: {entry: join(import.meta.dirname, 'page-probe.ts'), formats: ['iife'], name: 'probe'},
    },
  })
  const [output] = Array.isArray(built) ? built : [built]
  if (!output || !('output' in output)) throw new Error('the probe was not built')
  return output.output[0].code
}

/** From asking for the page to a sample drawn and the prompt taking input, against an empty page. */
async function startRatio(browser: Browser): Promise<Ratio> {
  const empty = await serveEmptyPage()
  const ours: number[] = []
  const bare: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    const {url, stop} = await serve()
    const page = await browser.newPage()
    ours.push(
      await timed(page, url, async () => {
        await page.locator('[data-position]').first().waitFor()
        await page.getByRole('textbox', {name: 'Prompt'}).waitFor()
      })
    )
    bare.push(await timed(page, empty.url, async () => undefined))
    await page.close()
    stop()
  }
  empty.stop()
  const oursMs = median(ours)
  const bareMs = median(bare)
  return {
    bench: 'page start',
    what: 'address to first sample drawn, engine start and model load included; bare: an empty page',
    ours: oursMs,
    bare: bareMs,
    unit: 'ms',
    ratio: oursMs / bareMs,
    goal: null,
    isMet: null,
  }
}

/** From starting the host to the first sample drawn, against starting the engine alone. */
async function openRatio(browser: Browser): Promise<Ratio> {
  const ours: number[] = []
  const bare: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    const start = performance.now()
    const {url, stop} = await serve()
    const page = await browser.newPage()
    await page.goto(url)
    await page.locator('[data-position]').first().waitFor()
    ours.push(performance.now() - start)
    await page.close()
    stop()
    bare.push(await engineStartMs())
  }
  const oursMs = median(ours)
  const bareMs = median(bare)
  return {
    bench: 'opening',
    what: 'start of the host to the first sample drawn; bare: start of the engine to its first answer',
    ours: oursMs,
    bare: bareMs,
    unit: 'ms',
    ratio: oursMs / bareMs,
    goal: 'at most bare + 1,500 ms',
    isMet: oursMs <= bareMs + 1500,
  }
}

async function engineStartMs(): Promise<number> {
  const start = performance.now()
  const engine = openLocalEngine({stateFolder: null})
  await engine.client.engine.status()
  const ms = performance.now() - start
  await engine.close()
  return ms
}

/** Bytes from the engine to the page, against copying as many inside the page. */
async function throughputRatios(browser: Browser): Promise<Ratio[]> {
  const {url, stop} = await serve()
  // The probe comes from outside, which the page's own policy would half forbid.
  const page = await browser.newPage({bypassCSP: true})
  await page.goto(url)
  await page.evaluate(await bundleProbe())
  const ratios: Ratio[] = []
  for (const [byteLength, asBlob] of [
    [256 * 1024, false],
    [4 << 20, true],
    [40 << 20, true],
  ] as const) {
    const ours: number[] = []
    const bare: number[] = []
    for (let turn = -1; turn < TURNS; turn++) {
      const times = await page.evaluate(
        async ({byteLength, asBlob}) => {
          const {pageProbe} = globalThis as unknown as {pageProbe: PageProbe}
          const start = performance.now()
          const bytes = await pageProbe.fetchBytes(byteLength, asBlob)
          const middle = performance.now()
          const copy = bytes.slice()
          const end = performance.now()
          if (copy.length !== byteLength) throw new Error(`got ${copy.length} bytes`)
          return {oursMs: middle - start, bareMs: end - middle}
        },
        {byteLength, asBlob}
      )
      if (turn < 0) continue
      ours.push(times.oursMs)
      bare.push(Math.max(times.bareMs, 0.005))
    }
    const perSecond = (ms: number) => byteLength / 1e6 / (ms / 1000)
    const oursRate = perSecond(median(ours))
    const bareRate = perSecond(median(bare))
    ratios.push({
      bench: 'engine to page',
      what: `${byteLength / 1024} KiB by ${asBlob ? 'authenticated GET' : 'socket'}; bare: a copy in the page`,
      ours: oursRate,
      bare: bareRate,
      unit: 'MB/s',
      ratio: oursRate / bareRate,
      goal: null,
      isMet: null,
    })
  }
  await page.close()
  stop()
  return ratios
}

/** From a click on Cancel in mid-generation to the page saying so, against two empty frames. */
async function cancelRatio(browser: Browser): Promise<Ratio> {
  const model = await microBase()
  const {url, stop} = await serve()
  const page = await browser.newPage({bypassCSP: true})
  await page.goto(url)
  const idle = page.getByText('Nothing is running')
  await idle.waitFor()
  await page.evaluate(await bundleProbe())
  await page.getByTestId('open-folder').click()
  const field = page.getByTestId('folder-path')
  await page.getByTestId('folder-dialog').getByText('Home').first().waitFor()
  await field.fill(model.folder)
  await field.press('Enter')
  await page.getByTestId('open-model').click()
  await page.getByTestId('generation').click()
  await page.getByLabel('Tokens to generate').fill('1900')
  await page.getByLabel('Tokens to generate').press('Enter')
  await page.keyboard.press('Escape')
  const shown: number[] = []
  const idles: number[] = []
  const bare: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    await page.getByTestId('run').click()
    await page.getByText('generating').waitFor()
    const {shownMs, idleMs} = await page.evaluate(() =>
      (globalThis as unknown as {pageProbe: PageProbe}).pageProbe.cancel()
    )
    shown.push(shownMs)
    idles.push(idleMs)
    bare.push(
      await page.evaluate(async () => {
        const start = performance.now()
        await new Promise((resolve) => requestAnimationFrame(resolve))
        await new Promise((resolve) => requestAnimationFrame(resolve))
        return performance.now() - start
      })
    )
  }
  await page.close()
  stop()
  const oursMs = median(shown)
  const bareMs = median(bare)
  return {
    bench: 'cancel',
    what: `click to “Cancelled”, worst ${Math.round(Math.max(...shown))} ms; engine idle after ${Math.round(median(idles))} ms; bare: two frames`,
    ours: oursMs,
    bare: bareMs,
    unit: 'ms',
    ratio: oursMs / bareMs,
    goal: 'at most 200 ms',
    isMet: Math.max(...shown) <= 200,
  }
}

/** Benches of the page in a real Chromium on the served host. */
export async function benchPage(): Promise<Ratio[]> {
  const browser = await launchBrowser()
  try {
    return [
      await startRatio(browser),
      await openRatio(browser),
      ...(await throughputRatios(browser)),
      await cancelRatio(browser),
    ]
  } finally {
    await browser.close()
  }
}
