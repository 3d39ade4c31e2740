import type {Browser, CDPSession, Page} from 'playwright'
import {median, quantile, type Ratio} from './measure.ts'
import {launchBrowser, serve} from './served.ts'

/** Tokens of the texts; the built-in model takes no more than 2,048. */
const COUNTS = [64, 256, 1024, 2000]
/** One node a weight answers up to here. */
const MOST_PLAIN_TOKENS = 256
const SWITCHES = 18
const FRAMES_MS = 1500
const FRAME_MS = 1000 / 60

/** A text of about so many tokens of the built-in model. */
function textOf(count: number): string {
  const names = ['Mira', 'Tom', 'Ana', 'Odo']
  const things = ['coins', 'lamps', 'Korvu', 'Belto', 'Tirok']
  const sentences = Array.from(
    {length: Math.floor((count - 1) / 4)},
    (_, i) => `${names[(i * 7) % 4]} keeps ${things[(i * 3) % 5]}.`
  )
  return sentences.join(' ')
}

async function taskMs(cdp: CDPSession): Promise<number> {
  const {metrics} = await cdp.send('Performance.getMetrics')
  return 1000 * (metrics.find(({name}) => name === 'TaskDuration')?.value ?? 0)
}

/** Milliseconds between frames while something is done. */
async function framesDuring(
  page: Page,
  act: (untilMs: number) => Promise<void>
): Promise<number[]> {
  await page.evaluate(() => {
    const frames: number[] = []
    let last = performance.now()
    const next = () => {
      const now = performance.now()
      frames.push(now - last)
      last = now
      Object.assign(globalThis, {frames, pending: requestAnimationFrame(next)})
    }
    Object.assign(globalThis, {pending: requestAnimationFrame(next)})
  })
  await act(performance.now() + FRAMES_MS)
  return page.evaluate(() => {
    const found = globalThis as unknown as {frames: number[]; pending: number}
    cancelAnimationFrame(found.pending)
    return found.frames.slice(1)
  })
}

async function openText(page: Page, url: string, text: string): Promise<void> {
  await page.goto(url)
  const idle = page.getByText('Nothing is running')
  await idle.waitFor()
  await page.getByTestId('generation').click()
  await page.getByLabel('Tokens to generate').fill('0')
  await page.getByLabel('Tokens to generate').press('Enter')
  await page.keyboard.press('Escape')
  await page.getByTestId('prompt').fill(text)
  await page.getByTestId('run').click()
  await idle.waitFor({timeout: 120_000})
}

const CURRENT = '[data-testid=attention-matrix][data-current=true]'

/** From a key to the picture of the next head on the screen, and what the page itself worked meanwhile. */
async function switchTimes(page: Page, cdp: CDPSession) {
  const wholeMs: number[] = []
  const pageMs: number[] = []
  for (let turn = 0; turn < SWITCHES; turn++) {
    const before = await taskMs(cdp)
    const key = turn % 6 === 5 ? 'ArrowDown' : turn % 12 < 6 ? 'ArrowRight' : 'ArrowLeft'
    const ms = await page.evaluate(
      async ({key, current}) => {
        const mapOf = () => document.querySelector<HTMLElement>(current)?.dataset.map
        const old = mapOf()
        const start = performance.now()
        document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))
        const limit = start + 5000
        for (;;) {
          const now = mapOf()
          if ((now !== undefined && now !== old) || performance.now() > limit) break
          await new Promise((resolve) => setTimeout(resolve))
        }
        await new Promise((resolve) => requestAnimationFrame(resolve))
        const end = performance.now()
        return end > limit ? null : end - start
      },
      {key, current: CURRENT}
    )
    // At the last head a key has nothing to flip to.
    if (ms === null) continue
    wholeMs.push(ms)
    pageMs.push((await taskMs(cdp)) - before)
  }
  return {wholeMs, pageMs}
}

/** One SVG rectangle a weight, as pages that draw weights as nodes do; milliseconds to its first frame. */
async function plainMs(browser: Browser, count: number): Promise<number> {
  const page = await browser.newPage()
  await page.setContent('<!doctype html><title>plain</title><div id=plot></div>')
  const ms = await page.evaluate(async (tokens) => {
    const start = performance.now()
    const cells: string[] = []
    for (let query = 0; query < tokens; query++) {
      for (let key = 0; key <= query; key++) {
        const weight = ((query * 7919 + key * 104_729) % 1000) / 1000
        cells.push(`<rect x="${key}" y="${query}" width="1" height="1" fill-opacity="${weight}"/>`)
      }
    }
    document.querySelector('#plot')!.innerHTML =
      `<svg width="700" height="700" viewBox="0 0 ${tokens} ${tokens}">${cells.join('')}</svg>`
    await new Promise((resolve) => requestAnimationFrame(resolve))
    await new Promise((resolve) => requestAnimationFrame(resolve))
    return performance.now() - start
  }, count)
  await page.close()
  return ms
}

async function textRatios(browser: Browser, count: number): Promise<Ratio[]> {
  const {url, stop} = await serve()
  const page = await browser.newPage({viewport: {width: 1440, height: 900}})
  try {
    await openText(page, url, textOf(count))
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const start = performance.now()
    await page.getByRole('tab', {name: 'Attention'}).click()
    await page.locator(CURRENT).waitFor({timeout: 60_000})
    const firstMs = performance.now() - start
    await page.getByTestId('heads').locator('tr[data-head]').nth(23).waitFor({timeout: 120_000})
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    const plain = count <= MOST_PLAIN_TOKENS ? await plainMs(browser, count) : null
    const {wholeMs, pageMs} = await switchTimes(page, cdp)
    const box = (await page.locator('.matrix-hit').boundingBox())!
    const [x, y] = [box.x + box.width * 0.3, box.y + box.height * 0.7]
    await page.mouse.move(x, y)
    const hover = await framesDuring(page, async (untilMs) => {
      for (let i = 0; performance.now() < untilMs; i++)
        await page.mouse.move(x + (i % 90), y + (i % 50))
    })
    const zoom = await framesDuring(page, async (untilMs) => {
      for (let i = 0; performance.now() < untilMs; i++)
        await page.mouse.wheel(0, i % 40 < 20 ? -60 : 60)
    })
    for (let i = 0; i < 8; i++) await page.mouse.wheel(0, -120)
    await page.mouse.down()
    const pan = await framesDuring(page, async (untilMs) => {
      for (let i = 0; performance.now() < untilMs; i++) {
        await page.mouse.move(x + 60 - (i % 120), y + 40 - (i % 80))
      }
    })
    await page.mouse.up()
    const {metrics} = await cdp.send('Performance.getMetrics')
    const heapMb = (metrics.find(({name}) => name === 'JSHeapUsedSize')?.value ?? 0) / 1e6
    const base = {bench: 'attention page', unit: 'ms'} as const
    const row = (what: string, ours: number, bare: number, most: number | null): Ratio => ({
      ...{...base, what: `${count} tokens, ${what}`, ours, bare, ratio: ours / bare},
      goal: most === null ? null : `at most ${most.toFixed(1)} ms`,
      isMet: most === null ? null : ours <= most,
    })
    const wholeGoal = count === 1024 ? 25 : null
    return [
      row(
        plain === null
          ? 'tab to the first picture, capture included; bare: a frame'
          : 'tab to the first picture, capture included; bare: one SVG node a weight',
        firstMs,
        plain ?? FRAME_MS,
        null
      ),
      row(
        'key to the picture of another head; bare: a frame',
        median(wholeMs),
        FRAME_MS,
        wholeGoal
      ),
      row('page’s own work a switch, median; bare: a frame', median(pageMs), FRAME_MS, FRAME_MS),
      row('page’s own work a switch, p95; bare: a frame', quantile(pageMs, 0.95), FRAME_MS, 33),
      row('between frames while pointing, median; bare: a frame', median(hover), FRAME_MS, 18.2),
      row('between frames while zooming, median; bare: a frame', median(zoom), FRAME_MS, 18.2),
      row('between frames while moving, median; bare: a frame', median(pan), FRAME_MS, 18.2),
      {
        ...{bench: 'attention page', unit: 'MB', ours: heapMb, bare: 300, ratio: heapMb / 300},
        what: `${count} tokens, memory of the page’s script; bare: the goal`,
        goal: 'at most 300 MB',
        isMet: heapMb <= 300,
      },
    ]
  } finally {
    await page.close()
    stop()
  }
}

/** The attention lens in a real Chromium without a GPU, on the served host and the built-in model. */
export async function benchAttentionPage(): Promise<Ratio[]> {
  const browser = await launchBrowser()
  try {
    const ratios: Ratio[] = []
    for (const count of COUNTS) ratios.push(...(await textRatios(browser, count)))
    return ratios
  } finally {
    await browser.close()
  }
}
