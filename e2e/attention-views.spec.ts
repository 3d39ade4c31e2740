import {expect, type Page} from '@playwright/test'
import type {EngineClient} from '../src/shared/engine-client/connect.ts'
import {connectTo} from './served-host.ts'
import {test, type Workbench} from './workbench.ts'

/** Captures, pictures and scores are computed first. */
const COMPUTED = {timeout: 30_000}
const PROMPT = 'Mira keeps coins. Tom keeps lamps. What keeps Mira? Mira keeps'

/** What the engine says beside the page. */
async function askEngine<Value>(
  {page, host}: Workbench,
  ask: (client: EngineClient) => Promise<Value>
): Promise<Value> {
  const [cookie] = await page.context().cookies()
  const connection = connectTo(host.port, `${cookie!.name}=${cookie!.value}`)
  try {
    return await ask(connection.client)
  } finally {
    connection.close()
  }
}

async function openView(workbench: Workbench, name: string): Promise<void> {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run(PROMPT)
  await page.getByRole('tab', {name: 'Attention'}).click()
  await page.getByRole('radio', {name}).first().click()
}

/** Keys are for the lens, not for the tabs. */
const leaveControls = (page: Page) =>
  page.evaluate(() => (document.activeElement as HTMLElement).blur())

/** Sets a stepper's field. */
async function setStepper(page: Page, label: string, value: number): Promise<void> {
  const field = page.getByRole('textbox', {name: label, exact: true})
  await field.fill(String(value))
  await field.press('Enter')
}

test('the overview draws every head; pointing names it, arrows walk, Enter opens it in the matrix', async ({
  workbench,
}) => {
  const {page} = workbench
  await openView(workbench, 'Overview')
  const overview = page.getByTestId('attention-overview')
  await expect(overview).toHaveAttribute('data-whole', 'true', COMPUTED)
  await expect(overview).toHaveAttribute('data-count', '24')
  await expect(page.getByTestId('overview-legend')).toHaveAttribute(
    'aria-label',
    /shared by all 24 heads; 6 layers of 4 heads/
  )
  const grid = page.getByRole('grid')
  const cells = grid.getByRole('gridcell')
  await expect(cells).toHaveCount(24)
  // What a cell says is what the engine counts.
  const scores = await askEngine(workbench, async (client) => {
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt: PROMPT})
    for await (const event of await client.attention.heads({
      ...{model: 'micro-base', ids: tokens.ids, layers: [2]},
    })) {
      if (event.kind === 'heads') return event.heads
    }
    throw new Error('no heads')
  })
  const entropy = scores[1]!.normalizedEntropy!.toFixed(2)
  const cell = grid.locator('[data-head="2.1"]')
  await expect(cell).toHaveAttribute(
    'aria-label',
    new RegExp(`L2\\.H1, .*entropy ${entropy}`),
    COMPUTED
  )
  await cell.hover()
  await expect(page.getByTestId('caption')).toContainText(`L2.H1: normalised entropy ${entropy}`)
  // Every picture has colours of its own: none is a blank square.
  const paints = await page.locator('.overview-canvas').evaluate((element) => {
    const canvas = element as HTMLCanvasElement
    const {data} = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    return new Set(new Uint32Array(data.buffer)).size
  })
  expect(paints).toBeGreaterThan(5)

  await page.mouse.move(5, 5)
  await setStepper(page, 'layer', 1)
  await setStepper(page, 'head', 1)
  await leaveControls(page)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await expect(grid.locator('[aria-selected=true]')).toHaveAttribute('data-head', '2.2')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('attention-matrix')).toHaveAttribute(
    'data-current',
    'true',
    COMPUTED
  )
  await expect(page.getByTestId('layer').getByRole('textbox')).toHaveValue('2')
  await expect(page.getByTestId('head').getByRole('textbox')).toHaveValue('2')
  await page.keyboard.press('Control+z')
  await expect(overview).toBeVisible()
  // A larger size scrolls, and a click opens.
  await workbench.setNumber('size', 200)
  await expect.poll(() => cells.first().evaluate((one) => one.clientWidth)).toBe(200)
  await grid.locator('[data-head="0.1"]').click()
  await expect(page.getByTestId('head').getByRole('textbox')).toHaveValue('1')
})
