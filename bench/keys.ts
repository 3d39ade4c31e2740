import type {Browser, Page} from 'playwright'
import {quantile, type Ratio} from './measure.ts'
import {launchBrowser, serve} from './served.ts'

/** About this many tokens of the built-in model's own world; its context is 2,048. */
const TOKEN_COUNT = 2000
const TURNS = 40
const GOAL_MS = 50

/** A key, and what of the page tells that it has been answered. */
export interface Keyed {
  readonly what: string
  readonly key: string
  /** Read before the key and after every frame: answered once it differs. */
  readonly sign: string
  /** Pressed after each turn, unmeasured, to come back; the key itself comes back where absent. */
  readonly back?: string
}

const KEYS: readonly Keyed[] = [
  {
    what: 'command palette',
    key: 'Control+k',
    sign: `String(document.querySelector('[data-testid=palette]') !== null)`,
    back: 'Escape',
  },
  {
    what: 'token walk',
    key: 'ArrowLeft',
    sign: `document.querySelector('[data-testid=strip]')?.getAttribute('aria-activedescendant') ?? ''`,
  },
  {
    what: 'view change: figure, table, logit lens',
    key: 'v',
    // Each of the three shows another pair of these.
    sign: `['table.data-table', '[data-testid=token-text]'].map((part) => [...document.querySelectorAll('[data-testid=centre] ' + part)].some((found) => found.checkVisibility())).join()`,
  },
  {
    what: 'second lens beside the first',
    key: 'Control+\\',
    sign: `String(document.querySelector('[data-testid=centre-2]') !== null)`,
  },
]

/** Of the browser's own, which the compiler's library does not know yet. */
declare const scheduler: {
  postTask(task: () => void, options: {priority: 'user-blocking'}): Promise<void>
}

export interface KeyTimes {
  readonly frameMs: readonly number[]
  /** Longest task of the page while keys were pressed, 0 where none took over 50 ms. */
  readonly longestTaskMs: number
}

/**
 * From the moment the browser gives a key to the page until the frame that shows its effect has been
 * painted; the time before, in Playwright and the browser's own process, is no part of it.
 */
export async function measureKey(
  page: Page,
  {key, sign, back}: Keyed,
  turns: number
): Promise<KeyTimes> {
  await page.evaluate((signOf) => {
    const look = new Function(`return ${signOf}`) as () => string
    const times: number[] = []
    const tasks: number[] = []
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) tasks.push(entry.duration)
    })
    observer.observe({type: 'longtask'})
    const onKey = ({timeStamp, key: pressed}: KeyboardEvent) => {
      // What is held down comes before the key that it changes.
      if (!probe.isArmed || ['Control', 'Shift', 'Alt', 'Meta'].includes(pressed)) return
      probe.isArmed = false
      const before = look()
      const wait = () =>
        requestAnimationFrame(() => {
          // A task that is posted from a frame runs after the frame has been painted; one of this
          // priority before those that the page has posted since.
          const isAnswered = look() !== before
          const afterPaint = () => {
            if (isAnswered) times.push(performance.now() - timeStamp)
            else wait()
          }
          void scheduler.postTask(afterPaint, {priority: 'user-blocking'})
        })
      wait()
    }
    const probe = {
      isArmed: false,
      times,
      tasks,
      stop: () => {
        observer.disconnect()
        document.removeEventListener('keydown', onKey, true)
      },
    }
    document.addEventListener('keydown', onKey, true)
    Object.assign(globalThis, {keyProbe: probe})
  }, sign)
  type Probe = {isArmed: boolean; times: number[]; tasks: number[]; stop(): void}
  for (let turn = 0; turn < turns; turn++) {
    await page.evaluate(() => {
      ;(globalThis as unknown as {keyProbe: Probe}).keyProbe.isArmed = true
    })
    await page.keyboard.press(key)
    await page.waitForFunction(
      (count) => (globalThis as unknown as {keyProbe: Probe}).keyProbe.times.length > count,
      turn,
      {timeout: 5000}
    )
    if (back) await page.keyboard.press(back)
    // A person's next key is never sooner than this.
    await page.waitForTimeout(60)
  }
  return page.evaluate(() => {
    const {times, tasks, stop} = (globalThis as unknown as {keyProbe: Probe}).keyProbe
    stop()
    return {frameMs: times, longestTaskMs: Math.max(0, ...tasks)}
  })
}

/** The least that a key can do: one letter of an empty page, in the same browser. */
export async function measureBare(browser: Browser, turns = TURNS): Promise<number> {
  const page = await browser.newPage()
  await page.setContent('<p id="p">0</p>')
  await page.evaluate(() => {
    let count = 0
    document.addEventListener('keydown', () => {
      document.getElementById('p')!.textContent = String(++count)
    })
  })
  const sign = `document.getElementById('p').textContent`
  const {frameMs} = await measureKey(page, {what: '', key: 'a', sign}, turns)
  await page.close()
  return quantile(frameMs, 0.95)
}

async function openLongPrompt(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage({viewport: {width: 1440, height: 900}, bypassCSP: true})
  await page.goto(url)
  await page.getByText('Nothing is running').waitFor()
  const prompt = page.getByTestId('prompt')
  await prompt.fill('Mira has a lamp. Tom has a coin. Ana visits Belto. '.repeat(200))
  // The context is shorter than that: what fits is what the engine says.
  await page.getByTestId('run').click()
  await page.getByTestId('truncate-left').click()
  await page.getByText('Nothing is running').waitFor()
  await page.waitForTimeout(300)
  await page.mouse.move(5, 5)
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  return page
}

/** Key press to painted frame on a long prompt. */
export async function benchKeys(): Promise<Ratio[]> {
  const browser = await launchBrowser()
  const {url, stop} = await serve()
  try {
    const page = await openLongPrompt(browser, url)
    const ratios: Ratio[] = []
    for (const keyed of KEYS) {
      await measureKey(page, keyed, 4)
      const {frameMs, longestTaskMs} = await measureKey(page, keyed, TURNS)
      const bareMs = await measureBare(browser)
      const oursMs = quantile(frameMs, 0.95)
      const tasks = longestTaskMs > 0 ? `, longest task ${Math.round(longestTaskMs)} ms` : ''
      ratios.push({
        bench: 'key to frame',
        what: `${keyed.what} at ${TOKEN_COUNT} tokens, p95 of ${TURNS}${tasks}; bare: a letter on an empty page`,
        ours: oursMs,
        bare: bareMs,
        unit: 'ms',
        ratio: oursMs / bareMs,
        goal: `p95 at most ${GOAL_MS} ms, no task over 50 ms`,
        isMet: oursMs <= GOAL_MS && longestTaskMs === 0,
      })
    }
    return ratios
  } finally {
    stop()
    await browser.close()
  }
}
