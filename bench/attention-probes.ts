import {readFile} from 'node:fs/promises'
import type {Browser, BrowserContext, CDPSession, Page} from 'playwright'

/** What is measured inside a page of the attention lens, and in an empty page beside it. */

const MATRIX = '[data-testid=attention-matrix]'
const FRAMES_MS = 2000

/** Of the browser's own, which the compiler's library does not know yet. */
declare const scheduler: {
  postTask(task: () => void, options: {priority: 'user-blocking'}): Promise<void>
}

/** Puts what a page counts by itself into it; before anything of the page runs. */
export async function installProbes(page: Page): Promise<void> {
  await page.addInitScript((matrix) => {
    const probe = {
      capturedMs: 0,
      pictureMs: 0,
      pressedMs: 0,
      frames: [] as number[],
      /** Runs `then` after the frame that shows what is there now has been painted. */
      painted(then: () => void) {
        requestAnimationFrame(() => {
          void scheduler.postTask(then, {priority: 'user-blocking'})
        })
      },
      mapOf: () => document.querySelector<HTMLElement>(`${matrix}[data-current=true]`)?.dataset.map,
    }
    Object.assign(globalThis, {attentionProbe: probe})
    let wasCapturing = false
    const look = () => {
      const isCapturing = document.querySelector('[data-testid=attention-capturing]') !== null
      if (wasCapturing && !isCapturing && probe.capturedMs === 0) {
        probe.capturedMs = performance.now()
      }
      wasCapturing ||= isCapturing
      if (probe.pictureMs > 0 || probe.mapOf() === undefined) return
      probe.pictureMs = -1
      probe.painted(() => {
        probe.pictureMs = performance.now()
        observer.disconnect()
      })
    }
    const observer = new MutationObserver(look)
    const options = {subtree: true, childList: true, attributeFilter: ['data-current']}
    document.addEventListener('DOMContentLoaded', () => observer.observe(document, options))
  }, MATRIX)
}

interface Probe {
  capturedMs: number
  pictureMs: number
  frames: number[]
  painted(then: () => void): void
  mapOf(): string | undefined
}

/** Milliseconds from the end of the capture, as the page was told of it, until its first picture was painted. */
export async function firstPictureMs(page: Page, timeoutMs: number): Promise<number> {
  await page.waitForFunction(
    () => (globalThis as unknown as {attentionProbe: Probe}).attentionProbe.pictureMs > 0,
    undefined,
    {timeout: timeoutMs, polling: 250}
  )
  return page.evaluate(() => {
    const {capturedMs, pictureMs} = (globalThis as unknown as {attentionProbe: Probe})
      .attentionProbe
    return pictureMs - capturedMs
  })
}

/** A key, from the moment the browser gives it to the page, and the processor time of the page's main thread meanwhile. */
export interface KeyTimes {
  /** Until the frame with the new picture was painted. */
  readonly wholeMs: number
  readonly pageMs: number
}

/** Presses a key that flips to another head, and waits for its picture; null where there is none. */
export async function pressForPicture(
  page: Page,
  cdp: CDPSession,
  key: string
): Promise<KeyTimes | null> {
  // Awaited: a key may come to the page before what was sent to it earlier.
  await page.evaluate(() => {
    const probe = (globalThis as unknown as {attentionProbe: Probe}).attentionProbe
    const old = probe.mapOf()
    const pressed = new Promise<number | null>((resolve) => {
      const onKey = ({timeStamp}: KeyboardEvent) => {
        const observer = new MutationObserver(() => {
          const map = probe.mapOf()
          if (map === undefined || map === old) return
          observer.disconnect()
          probe.painted(() => resolve(performance.now() - timeStamp))
        })
        observer.observe(document, {
          ...{subtree: true, childList: true, attributeFilter: ['data-map', 'data-current']},
        })
      }
      addEventListener('keydown', onKey, {capture: true, once: true})
      // At the last head a key has nothing to flip to.
      setTimeout(() => resolve(null), 5000)
    })
    Object.assign(globalThis, {keyPressed: pressed})
  })
  const before = await taskMs(cdp)
  await page.keyboard.press(key)
  const wholeMs = await page.evaluate(
    () => (globalThis as unknown as {keyPressed: Promise<number | null>}).keyPressed
  )
  const pageMs = (await taskMs(cdp)) - before
  return wholeMs === null ? null : {wholeMs, pageMs}
}

/** Counts the work of a page's main thread, for {@link pressForPicture}. */
export async function countWork(page: Page): Promise<CDPSession> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', {timeDomain: 'threadTicks'})
  return cdp
}

/** What the main thread of a page has worked so far, by a clock that stops while others have the processor. */
async function taskMs(cdp: CDPSession): Promise<number> {
  const {metrics} = await cdp.send('Performance.getMetrics')
  return 1000 * (metrics.find(({name}) => name === 'TaskDuration')?.value ?? 0)
}

/** Milliseconds between frames while the pointer does something, one step after another. */
export async function framesDuring(
  page: Page,
  step: (at: number) => Promise<void>
): Promise<number[]> {
  await page.evaluate(() => {
    const frames: number[] = []
    let last: number | null = null
    const next = (now: number) => {
      if (last !== null) frames.push(now - last)
      last = now
      Object.assign(globalThis, {frameProbe: frames, framePending: requestAnimationFrame(next)})
    }
    Object.assign(globalThis, {frameProbe: frames, framePending: requestAnimationFrame(next)})
  })
  const until = performance.now() + FRAMES_MS
  for (let at = 0; performance.now() < until; at++) {
    const startedMs = performance.now()
    await step(at)
    // A mouse tells a page where it is some hundred times a second.
    const restMs = 8 - (performance.now() - startedMs)
    if (restMs > 0) await page.waitForTimeout(restMs)
  }
  return page.evaluate(() => {
    const found = globalThis as unknown as {frameProbe: number[]; framePending: number}
    cancelAnimationFrame(found.framePending)
    return found.frameProbe
  })
}

/** Memory of a page's own process that is its alone, in MB: heaps, array buffers and canvases. */
export async function pageMegabytes(browser: Browser, known: ReadonlySet<number>): Promise<number> {
  let most = 0
  for (const id of await rendererIds(browser)) {
    if (known.has(id)) continue
    const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '')
    most = Math.max(most, Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000)
  }
  return most
}

/** Processes of pages. */
export async function rendererIds(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession()
  const {processInfo} = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.filter(({type}) => type === 'renderer').map(({id}) => id)
}

/** An empty page that counts letters and moves a line after the pointer: the least that keys and moves can cost. */
export async function openEmptyPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await installProbes(page)
  await page.goto('about:blank')
  await page.setContent(
    `<div data-testid="attention-matrix" data-current="true" data-map="0"></div><div class="matrix-hit" style="width:700px;height:700px"></div>`
  )
  await page.evaluate(() => {
    const matrix = document.querySelector<HTMLElement>('[data-map]')!
    document.addEventListener('keydown', () => {
      const next = String(Number(matrix.dataset.map) + 1)
      matrix.dataset.map = next
      matrix.textContent = next
    })
    document.addEventListener('pointermove', ({clientX}) => {
      matrix.style.marginLeft = `${clientX % 9}px`
    })
  })
  return page
}

/** Rows [query, key] drawn as pages do that have one node a weight: milliseconds to a painted frame. */
export async function plainDrawing(
  page: Page,
  rows: readonly (readonly number[])[]
): Promise<number> {
  return page.evaluate(async (weights) => {
    const start = performance.now()
    const count = weights.length
    const cells = weights.flatMap((row, query) =>
      row
        .slice(0, query + 1)
        .map(
          (weight, key) =>
            `<rect x="${key}" y="${query}" width="1" height="1" fill="#00f" fill-opacity="${weight.toFixed(4)}"/>`
        )
    )
    let plot = document.querySelector('#plot')
    if (!plot) {
      plot = document.createElement('div')
      plot.id = 'plot'
      document.body.append(plot)
    }
    plot.innerHTML = `<svg width="700" height="700" viewBox="0 0 ${count} ${count}">${cells.join('')}</svg>`
    await new Promise<void>((resolve) => {
      requestAnimationFrame(() => {
        void scheduler.postTask(() => resolve(), {priority: 'user-blocking'})
      })
    })
    return performance.now() - start
  }, rows as number[][])
}
