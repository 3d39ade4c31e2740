import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Browser, Page} from 'playwright'
import {openLocalEngine} from '../src/main/local-engine.ts'
import {treeJson} from '../src/shared/figures/tree/tree-data.ts'
import {foldTreeEvent, startTreeRun, treeResultOf} from '../src/shared/lenses/assemble-tree.ts'
import {type TreeResult, treeRequestSchema} from '../src/shared/lenses/tree.ts'
import {treePictureSchema} from '../src/shared/lenses/tree-picture.ts'
import {layoutTreeSpans} from '../src/shared/lenses/tree-spans.ts'
import {framesDuring} from './attention-probes.ts'
import {median, type Ratio} from './measure.ts'
import {launchBrowser, serve} from './served.ts'

const NODE_COUNT = 10_000
const PROMPT = 'Mira keeps coins. Tom keeps lamps. What keeps Mira? Mira keeps'
const PICTURE_TURNS = 5
const LEAST_PER_SECOND = 55
/** How long each move is made. */
const MOVE_SECONDS = 2
/** After so long nothing is painted any more that a click led to. */
const SETTLED_MS = 1500
const MOST_PICTURE_MS = 200
const VIEW_NAMES = {tree: 'Tree', icicle: 'Icicle'} as const
type View = keyof typeof VIEW_NAMES

/** What the plain drawing needs of a node: where it stands, in rows and levels, and its words. */
interface PlainNode {
  readonly x: number
  readonly y: number
  readonly parentX: number
  readonly parentY: number
  readonly text: string
}

/** A real tree of so many nodes, as it is saved. */
async function grownTree(): Promise<TreeResult> {
  const engine = openLocalEngine({stateFolder: null})
  try {
    const request = {model: 'micro-base', prompt: PROMPT, nodes: NODE_COUNT, depth: 40}
    const run = startTreeRun(treeRequestSchema.parse(request))
    for await (const event of await engine.client.trees.run(run.request)) foldTreeEvent(run, event)
    return treeResultOf(run, 'completed')!
  } finally {
    await engine.close()
  }
}

function plainNodes({nodes}: TreeResult): PlainNode[] {
  const spans = layoutTreeSpans(nodes, {distribution: 'raw'}).nodes
  return spans.map(({node, parent, row, column}) => ({
    ...{x: column + 1, y: row, parentX: parent < 0 ? 0 : spans[parent]!.column + 1},
    parentY: parent < 0 ? 0 : spans[parent]!.row,
    text: node.tokenId === null ? 'rest' : node.text,
  }))
}

const perSecond = (frames: readonly number[]) =>
  (1000 * frames.length) / frames.reduce((sum, ms) => sum + ms, 0)

/** Drags and turns the wheel over a box that shows a tree; frames a second of each. */
async function moves(page: Page, selector: string): Promise<Map<string, number>> {
  const box = (await page.locator(selector).boundingBox())!
  const [x, y] = [box.x + box.width * 0.4, box.y + box.height * 0.5]
  const found = new Map<string, number>()
  await page.mouse.move(x, y)
  await page.mouse.dblclick(x, y)
  found.set(
    'zooming',
    perSecond(await framesDuring(page, (at) => page.mouse.wheel(0, at % 80 < 40 ? -90 : 90)))
  )
  const drag = async () => {
    await page.mouse.move(x, y)
    await page.mouse.down()
    const frames = await framesDuring(page, (at) =>
      page.mouse.move(x + 80 - (at % 160), y - 150 + Math.abs(300 - ((at * 3) % 600)))
    )
    await page.mouse.up()
    return perSecond(frames)
  }
  await page.mouse.dblclick(x, y)
  for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -200)
  found.set('moving, zoomed half in', await drag())
  for (let i = 0; i < 20; i++) await page.mouse.wheel(0, -400)
  found.set('moving, zoomed in', await drag())
  return found
}

/** What the page counts of its pictures: when each of them was painted. */
interface Paints {
  clickedMs: number
  readonly paintedMs: number[]
}
const paintsOf = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as {treePaints: Paints}).treePaints)

/** Has a page count the pictures of its trees: each begins with a canvas that is cleared. */
async function countPaints(page: Page): Promise<void> {
  await page.evaluate(() => {
    const paints: Paints = {clickedMs: 0, paintedMs: []}
    Object.assign(globalThis, {treePaints: paints})
    const {prototype} = CanvasRenderingContext2D
    const clear = prototype.clearRect
    prototype.clearRect = function clearRect(...box) {
      if (this.canvas.closest('[data-testid=tree-figure]')) {
        requestAnimationFrame(() => setTimeout(() => paints.paintedMs.push(performance.now())))
      }
      return clear.apply(this, box)
    }
    addEventListener('pointerdown', () => (paints.clickedMs = performance.now()), {capture: true})
  })
}

/** Nothing else may have taken the place of the tree that is measured. */
async function checkShown(page: Page): Promise<void> {
  const shown = await page.getByTestId('tree-figure').getAttribute('data-nodes')
  if (Number(shown) !== NODE_COUNT) throw new Error(`${shown} nodes are shown, not ${NODE_COUNT}`)
}

/** Milliseconds from a click until the last picture that it led to was painted, on the page's own clock. */
async function clickToPaintMs(page: Page, role: string): Promise<number> {
  await page.getByRole('radio', {name: role, exact: true}).click()
  await page.waitForTimeout(SETTLED_MS)
  const {clickedMs, paintedMs} = await paintsOf(page)
  const last = paintedMs.at(-1) ?? 0
  if (last <= clickedMs) throw new Error(`nothing was painted for ${role}`)
  return last - clickedMs
}

/** One SVG element for each box, line and word; moved and zoomed by a transform, as plain pages do. */
async function plainDrawing(page: Page, nodes: readonly PlainNode[]): Promise<number> {
  await page.setContent('<div id="plot" style="width:1100px;height:640px;overflow:hidden"></div>')
  return page.evaluate(async (all) => {
    const [column, row] = [90, 22]
    const start = performance.now()
    const parts = all.map(
      ({x, y, parentX, parentY, text}) =>
        `<path d="M${parentX * column + 60} ${parentY * row}H${x * column - 12}V${y * row}H${x * column}" fill="none" stroke="#888"/><rect x="${x * column}" y="${y * row - 9}" width="60" height="18" rx="3" fill="#cde"/><text x="${x * column + 4}" y="${y * row + 4}" font-size="13" font-family="monospace">${text.replace(/[<&]/g, '?')}</text>`
    )
    const plot = document.querySelector<HTMLElement>('#plot')!
    plot.innerHTML = `<svg width="1100" height="640"><g id="all">${parts.join('')}</g></svg>`
    await new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve())))
    const pictureMs = performance.now() - start
    const group = document.querySelector('#all')!
    const height = row * Math.max(...all.map(({y}) => y + 1))
    let [scale, left, top] = [640 / height, 0, 0]
    const show = () =>
      group.setAttribute('transform', `matrix(${scale} 0 0 ${scale} ${left} ${top})`)
    show()
    plot.addEventListener('wheel', (event) => {
      event.preventDefault()
      const to = Math.min(2, scale * 1.0016 ** -event.deltaY)
      left = event.offsetX - ((event.offsetX - left) * to) / scale
      top = event.offsetY - ((event.offsetY - top) * to) / scale
      scale = to
      show()
    })
    plot.addEventListener('dblclick', () => {
      ;[scale, left, top] = [640 / height, 0, 0]
      show()
    })
    plot.addEventListener('pointermove', (event) => {
      if (event.buttons === 0) return
      left += event.movementX
      top += event.movementY
      show()
    })
    return pictureMs
  }, nodes as PlainNode[])
}

async function openTreeFile(page: Page, url: string, path: string): Promise<number> {
  await page.goto(url)
  await page.getByText('Nothing is running').waitFor()
  await page.getByTestId('token-text').waitFor()
  await page.getByRole('tab', {name: 'Tree', exact: true}).click()
  const figure = page.getByTestId('tree-figure')
  await figure.waitFor({timeout: 60_000})
  await page.getByTestId('tree-growing').waitFor({state: 'detached', timeout: 60_000})
  const start = performance.now()
  await page.getByTestId('tree-open').setInputFiles(path)
  await page.locator(`[data-testid=tree-figure][data-nodes="${NODE_COUNT}"]`).waitFor({
    timeout: 120_000,
  })
  return performance.now() - start
}

/** Ten thousand nodes in a real Chromium without a GPU, beside one SVG element for each thing that is drawn. */
export async function benchTreePage(): Promise<Ratio[]> {
  const tree = await grownTree()
  const folder = await mkdtemp(join(tmpdir(), 'tokenscope-bench-'))
  const path = join(folder, 'tree.json')
  await writeFile(path, JSON.stringify(treeJson(tree, treePictureSchema.parse({}), false)))
  const {url, stop} = await serve()
  const browser = await launchBrowser()
  try {
    return await measured(browser, url, path, plainNodes(tree))
  } finally {
    await browser.close()
    stop()
    await rm(folder, {recursive: true, force: true})
  }
}

async function measured(
  browser: Browser,
  url: string,
  path: string,
  nodes: readonly PlainNode[]
): Promise<Ratio[]> {
  const context = await browser.newContext({viewport: {width: 1440, height: 900}})
  const page = await context.newPage()
  const openMs = await openTreeFile(page, url, path)
  await countPaints(page)
  const pictures: number[] = []
  for (let turn = -1; turn < PICTURE_TURNS; turn++) {
    // Another law lays all of it out anew, as the first time.
    const name = turn % 2 === 0 ? 'raw' : 'temperature'
    const ms = await clickToPaintMs(page, name)
    await checkShown(page)
    if (turn >= 0) pictures.push(ms)
  }
  const frames = new Map<View, Map<string, number>>()
  for (const view of ['tree', 'icicle'] as const) {
    await page.getByRole('radio', {name: VIEW_NAMES[view], exact: true}).click()
    await page.locator(`[data-testid=tree-figure][data-view=${view}]`).waitFor()
    const before = (await paintsOf(page)).paintedMs.length
    const found = await moves(page, '[data-testid=tree-figure]')
    frames.set(view, found)
    await checkShown(page)
    const painted = (await paintsOf(page)).paintedMs.length - before
    // Frames count where each of them shows another picture.
    const frameCount = [...found.values()].reduce((sum, rate) => sum + rate * MOVE_SECONDS, 0)
    if (painted < frameCount / 2) throw new Error(`${painted} pictures in ${frameCount} frames`)
  }
  await page.close()

  const plain = await context.newPage()
  const plainMs: number[] = []
  for (let turn = 0; turn < 3; turn++) plainMs.push(await plainDrawing(plain, nodes))
  const plainFrames = await moves(plain, '#plot')
  await plain.close()

  const what = `${NODE_COUNT} nodes`
  const picture = (words: string, ours: number, most: number | null): Ratio => ({
    ...{bench: 'tree page', ours, bare: median(plainMs), unit: 'ms', ratio: ours / median(plainMs)},
    what: `${what}, ${words}; bare: one SVG element a thing`,
    goal: most === null ? null : `under ${most} ms`,
    isMet: most === null ? null : ours < most,
  })
  return [
    picture('click to all of them laid out and painted', median(pictures), MOST_PICTURE_MS),
    picture('file chosen to painted, reading it included', openMs, null),
    ...[...frames].flatMap(([view, found]) =>
      [...found].map(([move, ours]): Ratio => {
        const bare = plainFrames.get(move)!
        return {
          ...{bench: 'tree page', ours, bare, unit: 'frames/s', ratio: ours / bare},
          what: `${what}, ${view}, ${move}; bare: one SVG element a thing`,
          goal: `at least ${LEAST_PER_SECOND} frames/s`,
          isMet: ours >= LEAST_PER_SECOND,
        }
      })
    ),
  ]
}
