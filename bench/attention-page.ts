import type {Browser, BrowserContext, CDPSession, Page} from 'playwright'
import {WebSocket} from 'ws'
import {connectEngine} from '../src/shared/engine-client/connect.ts'
import {webSocketChannel} from '../src/shared/engine-client/websocket-channel.ts'
import {
  countWork,
  firstPictureMs,
  framesDuring,
  installProbes,
  type KeyTimes,
  openEmptyPage,
  pageMegabytes,
  plainDrawing,
  pressForPicture,
  rendererIds,
} from './attention-probes.ts'
import {median, quantile, type Ratio} from './measure.ts'
import {randomHeads} from './models.ts'
import {launchBrowser, serve} from './served.ts'

/** One node a weight answers within a second or so up to here. */
const MOST_PLAIN_TOKENS = 256
const SWITCHES = 20
const BETWEEN_KEYS_MS = 60
/** Of the stand-in: 12 layers of 12. */
const HEADS = 144
/** Keys are not pressed before all heads are scored, or so much has passed. */
const SCORES_MS = 100_000
const FRAME_MS = 1000 / 60
const WHOLE_GOALS_MS: Readonly<Record<number, number>> = {64: 25, 256: 25, 1024: 25, 4096: 80}
const MOST_MEGABYTES = 300

/** A text of so many tokens of the stand-in's alphabet, one a letter, after the token that is put before it. */
function textOf(count: number): string {
  const letters = 'QXZJKVW'
  return Array.from({length: count - 1}, (_, i) =>
    i % 9 === 8 ? ' ' : letters[(i * 5 + (i >> 3)) % letters.length]
  ).join('')
}

/** Ids of such a text: byte tokens come after four special ones, in the order of their bytes. */
function idsOf(text: string): Int32Array<ArrayBuffer> {
  return Int32Array.from([0, ...Buffer.from(text).map((byte) => byte)], (byte, at) =>
    at === 0 ? 0 : 4 + byte
  )
}

async function openText(page: Page, folder: string, text: string): Promise<void> {
  const idle = page.getByText('Nothing is running')
  await idle.waitFor()
  await page.getByTestId('open-folder').click()
  await page.waitForFunction(
    () =>
      (document.querySelector('[data-testid=folder-path]') as HTMLInputElement | null)?.value !== ''
  )
  await page.getByTestId('folder-path').fill(folder)
  await page.getByTestId('folder-path').press('Enter')
  await page.getByTestId('open-model').click()
  await page.getByTestId('facts').getByText('random-heads').first().waitFor({timeout: 120_000})
  await page.getByTestId('generation').click()
  await page.getByLabel('Tokens to generate').fill('0')
  await page.getByLabel('Tokens to generate').press('Enter')
  await page.keyboard.press('Escape')
  await page.getByTestId('prompt').fill(text)
  await page.getByTestId('run').click()
  await page.waitForTimeout(300)
  await idle.waitFor({timeout: 300_000})
}

/** Rows of one head, asked of the engine beside the page. */
async function rowsOf(page: Page, folder: string, ids: Int32Array<ArrayBuffer>) {
  const [cookie] = await page.context().cookies()
  const {host, origin} = new URL(page.url())
  const headers = {origin, cookie: `${cookie!.name}=${cookie!.value}`}
  const connection = connectEngine(
    () =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`ws://${host}/engine`, {headers})
        socket.on('open', () => resolve(webSocketChannel(socket)))
        socket.on('error', reject)
      })
  )
  try {
    const all: [number, number] = [0, ids.length]
    const {values} = await connection.client.attention.tile({
      ...{model: folder, ids, map: {kind: 'head' as const, layer: 3, head: 5}},
      ...{queries: all, keys: all, rowCount: ids.length, columnCount: ids.length},
    })
    return Array.from({length: ids.length}, (_, query) => [
      ...values.subarray(query * ids.length, (query + 1) * ids.length),
    ])
  } finally {
    connection.close()
  }
}

interface Switch extends KeyTimes {
  /** Another way than the key before: its picture is not computed before it is asked for. */
  readonly isTurn: boolean
}

/** Flips from head to head, and from layer to layer, to pictures that nobody has asked for before. */
async function switches(page: Page, cdp: CDPSession, count: number): Promise<Switch[]> {
  const times: Switch[] = []
  let last: string | null = null
  for (let turn = 0; turn < count; turn++) {
    const key = turn % 4 === 3 ? 'ArrowDown' : turn % 8 < 4 ? 'ArrowRight' : 'ArrowLeft'
    const found = await pressForPicture(page, cdp, key)
    if (found) times.push({...found, isTurn: last !== null && key !== last})
    last = key
    await page.waitForTimeout(BETWEEN_KEYS_MS)
  }
  return times
}

interface Frames {
  readonly what: string
  readonly frameMs: readonly number[]
}

/** Frames while pointing, zooming and moving in the matrix of a page. */
async function allFrames(page: Page): Promise<Frames[]> {
  const box = (await page.locator('.matrix-hit').boundingBox())!
  const [x, y] = [box.x + box.width * 0.3, box.y + box.height * 0.7]
  await page.mouse.move(x, y)
  const pointing = await framesDuring(page, (at) => page.mouse.move(x + (at % 90), y + (at % 50)))
  const zooming = await framesDuring(page, (at) => page.mouse.wheel(0, at % 80 < 40 ? -60 : 60))
  for (let i = 0; i < 8; i++) await page.mouse.wheel(0, -120)
  await page.mouse.down()
  const moving = await framesDuring(page, (at) =>
    page.mouse.move(x + 60 - (at % 120), y + 40 - (at % 80))
  )
  await page.mouse.up()
  return [
    {what: 'pointing', frameMs: pointing},
    {what: 'zooming', frameMs: zooming},
    {what: 'moving', frameMs: moving},
  ]
}

const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const droppedOf = (frameMs: readonly number[]) => frameMs.filter((ms) => ms > 1.5 * FRAME_MS).length

function frameRatios(count: number, ours: readonly Frames[], bare: readonly Frames[]): Ratio[] {
  return ours.map(({what, frameMs}, at) => {
    const plain = bare[at]!.frameMs
    const [perSecond, plainPerSecond] = [1000 / meanOf(frameMs), 1000 / meanOf(plain)]
    const [dropped, plainDropped] = [droppedOf(frameMs), droppedOf(plain)]
    const least = count >= 4096 ? 55 : null
    return {
      ...{bench: 'attention page', unit: 'frames/s', ours: perSecond, bare: plainPerSecond},
      what: `${count} tokens, ${what}: ${dropped} of ${frameMs.length} frames late; bare: an empty page, ${plainDropped} of ${plain.length} late`,
      ratio: perSecond / plainPerSecond,
      goal: least === null ? 'no frame late' : `at least ${least} frames/s`,
      isMet: least === null ? dropped === 0 : perSecond >= least,
    }
  })
}

async function countRatios(browser: Browser, count: number): Promise<Ratio[]> {
  const folder = await randomHeads()
  const {url, stop} = await serve()
  const before = new Set(await rendererIds(browser))
  const context = await browser.newContext({viewport: {width: 1440, height: 900}, bypassCSP: true})
  try {
    return await measured(browser, context, {url, folder, count, before})
  } finally {
    await context.close()
    stop()
  }
}

interface Measured {
  readonly url: string
  readonly folder: string
  readonly count: number
  readonly before: ReadonlySet<number>
}

async function measured(
  browser: Browser,
  context: BrowserContext,
  {url, folder, count, before}: Measured
): Promise<Ratio[]> {
  const page = await context.newPage()
  await installProbes(page)
  await page.goto(url)
  const text = textOf(count)
  await openText(page, folder, text)
  const cdp = await countWork(page)
  await page.getByRole('tab', {name: 'Attention'}).click()
  const firstMs = await firstPictureMs(page, 300_000)
  // Scores of all heads are computed behind the first picture; then nothing is.
  const areScored = await page
    .getByTestId('heads')
    .locator('tbody tr')
    .nth(HEADS - 1)
    .waitFor({timeout: SCORES_MS})
    .then(() => true)
    .catch(() => false)
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await switches(page, cdp, 4)
  const ours = await switches(page, cdp, SWITCHES)
  const frames = await allFrames(page)
  const megabytes = await pageMegabytes(browser, before)
  const rows = count <= MOST_PLAIN_TOKENS ? await rowsOf(page, folder, idsOf(text)) : null
  await page.close()

  const known = new Set(await rendererIds(browser))
  const empty = await openEmptyPage(context)
  const emptyCdp = await countWork(empty)
  await switches(empty, emptyCdp, 4)
  const bare = await switches(empty, emptyCdp, SWITCHES)
  const emptyFrames = await allFrames(empty)
  const emptyMegabytes = await pageMegabytes(browser, known)
  const plain: number[] = []
  for (let turn = 0; rows && turn < 5; turn++) plain.push(await plainDrawing(empty, rows))
  await empty.close()

  const of = (times: readonly Switch[], part: keyof KeyTimes) => times.map((one) => one[part])
  const turns = ours.filter(({isTurn}) => isTurn)
  const row = (what: string, value: number, than: number, most: number | null): Ratio => ({
    ...{bench: 'attention page', unit: 'ms', ours: value, bare: than, ratio: value / than},
    what: `${count} tokens${areScored ? '' : ', heads still being scored'}, ${what}`,
    goal: most === null ? null : `at most ${most.toFixed(1)} ms`,
    isMet: most === null ? null : value <= most,
  })
  const [whole, letter] = [of(ours, 'wholeMs'), of(bare, 'wholeMs')]
  const [work, letterWork] = [of(ours, 'pageMs'), of(bare, 'pageMs')]
  const letterMs = median(letter)
  return [
    row('captured to first picture; bare: an empty page’s letter', firstMs, letterMs, 100),
    ...(plain.length > 0
      ? [
          row('captured to first picture; bare: one node a weight', firstMs, plain[0]!, null),
          row('key to picture; bare: one node a weight anew', median(whole), median(plain), null),
        ]
      : []),
    row(
      'key to picture; bare: an empty page’s letter',
      median(whole),
      letterMs,
      WHOLE_GOALS_MS[count]!
    ),
    row(
      'key that turns to picture, computed only then; bare: an empty page’s letter',
      median(of(turns, 'wholeMs')),
      letterMs,
      WHOLE_GOALS_MS[count]!
    ),
    row('page’s work a switch, median; bare: a letter’s', median(work), median(letterWork), 16.7),
    row(
      'page’s work a switch, p95; bare: a letter’s',
      quantile(work, 0.95),
      quantile(letterWork, 0.95),
      33
    ),
    ...frameRatios(count, frames, emptyFrames),
    {
      ...{bench: 'attention page', unit: 'MB', ours: megabytes, bare: emptyMegabytes},
      what: `${count} tokens, memory of the page’s process; bare: an empty page`,
      ratio: megabytes / emptyMegabytes,
      goal: `under ${MOST_MEGABYTES} MB`,
      isMet: megabytes < MOST_MEGABYTES,
    },
  ]
}

/** The attention lens in a real Chromium without a GPU, on the served host: 12 × 12 heads at random. */
export async function benchAttentionPage(count: number): Promise<Ratio[]> {
  const browser = await launchBrowser()
  try {
    return await countRatios(browser, count)
  } finally {
    await browser.close()
  }
}
