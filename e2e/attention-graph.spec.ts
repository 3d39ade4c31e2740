import {readFile} from 'node:fs/promises'
import {expect, type Page} from '@playwright/test'
import {askEngine, openAttentionView, PROMPT} from './attention-lens.ts'
import {test} from './workbench.ts'

/** Its begin token and fourteen more. */
const COUNT = 15
const LAYERS = 6

const graphOf = (page: Page) => page.getByTestId('attention-graph')

test('what a token reads is followed down to the same shares that attention rollout gives it', async ({
  workbench,
}) => {
  test.setTimeout(120_000)
  const {page} = workbench
  await openAttentionView(workbench, 'Graph')
  const graph = graphOf(page)
  await expect(graph).toHaveAttribute('data-current', 'true', {timeout: 30_000})
  await expect(graph).toHaveAttribute('data-into', String(COUNT - 1))
  await expect(graph).toHaveAttribute('data-lines', String(6 * LAYERS))
  await expect(page.getByTestId('graph-share')).toContainText(/36 of [\d,]+ edges, hidden \d+ %/)

  // Weights of the graph's own softmax, means of the heads, multiplied in plain loops.
  const means = await askEngine(workbench, async (client) => {
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt: PROMPT})
    const text = {model: 'micro-base', ids: tokens.ids, capture: 'weights' as const}
    const layers: number[][][] = []
    for (let layer = 0; layer < LAYERS; layer++) {
      const sums = Array.from({length: COUNT}, () => new Array<number>(COUNT).fill(0))
      for (let head = 0; head < 4; head++) {
        const {weights} = await client.attention.rows({...text, layer, head, queries: [0, COUNT]})
        for (let i = 0; i < COUNT * COUNT; i++) {
          sums[Math.floor(i / COUNT)]![i % COUNT]! += weights[i]! / 4
        }
      }
      layers.push(sums)
    }
    return layers
  })
  const last = COUNT - 1
  const row = means[LAYERS - 1]![last]!
  const shown = await page
    .getByTestId('graph-table')
    .locator('tr[data-key]')
    .evaluateAll((rows) =>
      rows.map(({dataset}) => ({key: Number(dataset.key), weight: Number(dataset.weight)}))
    )
  expect(shown.length).toBeGreaterThan(5)
  for (const {key, weight} of shown) expect(Math.abs(weight - row[key]! / 2)).toBeLessThan(1e-5)
  let reach: number[] = Array.from({length: COUNT}, (_, at) => (at === last ? 1 : 0))
  let total = 0
  let drawn = 0
  for (const matrix of means.toReversed()) {
    const flows: number[] = []
    const below = reach.map((value) => value / 2)
    for (let query = 0; query < COUNT; query++) {
      for (let key = 0; key <= query; key++) {
        const flow = (reach[query]! * matrix[query]![key]!) / 2
        below[key]! += flow
        if (key < query) flows.push(flow)
      }
    }
    flows.sort((a, b) => b - a)
    total += flows.reduce((sum, flow) => sum + flow, 0)
    drawn += flows.slice(0, 6).reduce((sum, flow) => sum + flow, 0)
    reach = below
  }
  const hidden = Number(await graph.getAttribute('data-hidden'))
  expect(Math.abs(hidden - (1 - drawn / total))).toBeLessThan(1e-4)

  // Rollout of the same token stands under the columns, and is told for the one that is pointed at.
  await expect(graph.locator('[data-track=attention-rollout] path').first()).toBeAttached()
  const first = graph.locator('rect[data-column="1"]')
  const box = (await first.boundingBox())!
  const caption = page.getByTestId('caption')
  await expect(async () => {
    await page.mouse.move(box.x + 1, box.y + box.height / 2)
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    await expect(caption).toContainText('attention rollout', {timeout: 500})
  }).toPass({timeout: 30_000})
  const told = /attention rollout ([\d.]+) %/.exec((await caption.textContent())!)!
  expect(Math.abs(Number(told[1]) - 100 * reach[1]!)).toBeLessThan(0.51)

  // More lines hide less.
  await workbench.setNumber('edges a layer', 30)
  await expect(graph).not.toHaveAttribute('data-lines', String(6 * LAYERS))
  expect(Number(await graph.getAttribute('data-hidden'))).toBeLessThan(hidden)
})

test('keys walk tokens, layers and zoom; the pointer tells nodes and selects them; filters that hide all say so', async ({
  workbench,
}) => {
  test.setTimeout(120_000)
  const {page} = workbench
  await openAttentionView(workbench, 'Graph')
  const graph = graphOf(page)
  const isCurrent = () => expect(graph).toHaveAttribute('data-current', 'true', {timeout: 30_000})
  await isCurrent()
  await page.keyboard.press('ArrowLeft')
  await expect(graph).toHaveAttribute('data-into', String(COUNT - 2))
  await page.keyboard.press('ArrowDown')
  await expect(graph).toHaveAttribute('data-level', String(LAYERS - 1))
  await isCurrent()
  await expect(graph).toHaveAttribute('data-lines', String(6 * (LAYERS - 1)))
  await page.keyboard.press('Control+z')
  await expect(graph).toHaveAttribute('data-level', String(LAYERS))
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await expect(graph).toHaveAttribute('data-level', String(LAYERS))

  // Without a selected token the heaviest weights of all stand there.
  await page.keyboard.press('Escape')
  await expect(graph).toHaveAttribute('data-into', '')
  await isCurrent()
  await expect(page.getByTestId('graph-table')).toContainText('Heaviest edges of layer')

  // A click on a name selects it.
  const name = graph.locator('rect[data-column="8"]')
  const box = (await name.boundingBox())!
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
  await expect(graph).toHaveAttribute('data-into', '8')
  await isCurrent()
  const node = (await graph.locator('[data-selected-node]').boundingBox())!
  await page.mouse.move(node.x + node.width / 2, node.y + node.height / 2)
  await expect(page.getByTestId('caption')).toContainText('100 % of what')

  await page.keyboard.press('+')
  await page.keyboard.press('+')
  await expect
    .poll(async () => Number(await graph.getAttribute('data-columns')))
    .toBeLessThan(COUNT)
  const all = (await page.locator('.graph-hit').boundingBox())!
  await page.mouse.dblclick(all.x + all.width / 2, all.y + 60)
  await expect(graph).toHaveAttribute('data-columns', String(COUNT))

  await page.getByTestId('filters').click()
  await page.getByLabel('Smallest weight shown').fill('2')
  await page.getByLabel('Smallest weight shown').press('Enter')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('graph-empty')).toContainText('hide every edge')
  await expect(page.getByTestId('graph-share')).toContainText('hidden 100 %')
  await page.getByTestId('graph-empty').getByRole('button').click()
  await expect(page.getByTestId('graph-empty')).toHaveCount(0)

  // Another importance says openly what dominates it.
  await page.getByTestId('importance').click()
  await page.getByRole('menuitemradio', {name: /^plain/}).click()
  await expect(graph.locator('[data-track=plain]')).toContainText('dominated by position', {
    timeout: 30_000,
  })

  // The figure that is exported has the edges that are drawn.
  await page.keyboard.press('Control+e')
  const dialog = page.getByTestId('export-dialog')
  await expect(dialog.getByTestId('export-preview').locator('svg')).toBeVisible()
  await dialog.getByText('CSV').click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId('export-save').click(),
  ])
  const [made, head, ...lines] = (await readFile(await download.path(), 'utf8'))
    .trim()
    .split('\r\n')
  expect(JSON.parse(made!.slice(2)).picture).toMatchObject({view: 'graph', into: 8})
  expect(head).toContain('layer,queryStart,queryEnd,keyStart,keyEnd,weight')
  const top = lines.filter((line) => line.startsWith(`${LAYERS - 1},8,`))
  expect(top.length).toBe(8)
})

test('pruning keeps so many tokens, and its table is that of the model run without the others', async ({
  workbench,
}) => {
  test.setTimeout(120_000)
  const {page} = workbench
  await openAttentionView(workbench, 'Pruning')
  const prune = page.getByTestId('prune')
  await expect(prune).toHaveAttribute('data-kept', '10', {timeout: 30_000})
  await workbench.setNumber('tokens to keep', 6)
  await expect(prune).toHaveAttribute('data-kept', '6', {timeout: 30_000})
  await expect(prune).toHaveAttribute('data-done', 'true', {timeout: 30_000})
  const gone = await prune
    .locator('del[data-position]')
    .evaluateAll((all) => all.map(({dataset}) => Number(dataset.position)))
  expect(gone.length).toBe(COUNT - 6)
  expect(gone).not.toContain(0)
  expect(gone).not.toContain(COUNT - 1)
  const expected = await askEngine(workbench, async (client) => {
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt: PROMPT})
    const ids = tokens.ids.filter((_, at) => !gone.includes(at))
    return client.tokens.next({model: 'micro-base', ids, position: ids.length - 1, topK: 3})
  })
  const row = prune.locator(`tr[data-id="${expected.tokens.ids[0]}"]`)
  const after = Number(await row.getAttribute('data-after'))
  expect(Math.abs(after - Math.exp(expected.rawLogprobs[0]!))).toBeLessThan(1e-5)
})

test('heads like this one are listed by similarity, and open', async ({workbench}) => {
  const {page} = workbench
  await openAttentionView(workbench, 'Matrix')
  await expect(page.getByTestId('heads').locator('tr[data-head]')).toHaveCount(24, {
    timeout: 30_000,
  })
  await page.keyboard.press('a')
  const rows = page.getByTestId('similar-heads').locator('tr[data-similar]')
  await expect(rows).toHaveCount(23, {timeout: 30_000})
  const values = await rows.evaluateAll((all) => all.map(({dataset}) => Number(dataset.similarity)))
  expect(values).toEqual(values.toSorted((a, b) => b - a))
  expect(values[0]).toBeLessThanOrEqual(1)
  const name = (await rows.first().getAttribute('data-similar'))!
  await rows.first().getByRole('button').click()
  const [, layer, head] = /^L(\d+)\.H(\d+)$/.exec(name)!
  await expect(page.getByTestId('layer').getByRole('textbox')).toHaveValue(layer!)
  await expect(page.getByTestId('head').getByRole('textbox')).toHaveValue(head!)
})
