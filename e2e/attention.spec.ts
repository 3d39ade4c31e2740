import {readFile} from 'node:fs/promises'
import {expect, type Page} from '@playwright/test'
import {askEngine, openAttentionView, PROMPT} from './attention-lens.ts'
import {test, type Workbench} from './workbench.ts'

async function openAttention(workbench: Workbench): Promise<void> {
  const {page} = workbench
  await openAttentionView(workbench)
  await expect(matrixOf(page)).toHaveAttribute('data-current', 'true', {timeout: 30_000})
  // It opens on the best head of the text.
  for (const name of ['layer', 'head']) {
    const field = page.getByTestId(name).getByRole('textbox')
    await field.fill('0')
    await field.press('Enter')
  }
  await expect(matrixOf(page)).toHaveAttribute('data-map', /:0\.0:/)
  await expect(matrixOf(page)).toHaveAttribute('data-current', 'true')
  // Keys are for the matrix, not for the tabs.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
}

const matrixOf = (page: Page) => page.getByTestId('attention-matrix')

/** The middle of a cell of the whole matrix, on the page. */
async function cellPoint(page: Page, count: number, query: number, key: number) {
  const box = (await page.locator('.matrix-hit').boundingBox())!
  return {
    x: box.x + ((key + 0.5) / count) * box.width,
    y: box.y + ((query + 0.5) / count) * box.height,
  }
}

test('what the page says of a head is what the graph’s own softmax gave', async ({workbench}) => {
  const {page} = workbench
  await openAttention(workbench)
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight']) {
    await page.keyboard.press(key)
  }
  await expect(page.getByTestId('layer').getByRole('textbox')).toHaveValue('3')
  await expect(page.getByTestId('head').getByRole('textbox')).toHaveValue('1')
  const {ids, weights, count} = await askEngine(workbench, async (client) => {
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt: PROMPT})
    const count = tokens.ids.length
    // Not recomputed from queries and keys, as the page's are.
    const rows = await client.attention.rows({
      ...{model: 'micro-base', ids: tokens.ids, capture: 'weights', layer: 3, head: 1},
      queries: [0, count],
    })
    return {ids: tokens.ids, weights: rows.weights, count}
  })
  expect(ids.length).toBe(count)
  const last = count - 1
  const readsFrom = page.getByTestId('reads-from')
  await expect(readsFrom).toHaveAttribute('data-position', String(last))
  const rows = readsFrom.locator('tr[data-position]')
  await expect(rows).toHaveCount(6)
  const shown = await rows.evaluateAll((all) =>
    all.map((row) => [Number(row.dataset.position), Number(row.dataset.weight)] as const)
  )
  for (const [position, weight] of shown) {
    expect(Math.abs(weight - weights[last * count + position]!)).toBeLessThan(1e-5)
  }
  // They are the heaviest, and the whole row sums to 1.
  const sorted = [...weights.subarray(last * count)].sort((a, b) => b - a)
  expect(shown.map(([, weight]) => weight.toFixed(4))).toEqual(
    sorted.slice(0, 6).map((weight) => weight.toFixed(4))
  )
  const sum = Number(await readsFrom.locator('table').getAttribute('data-sum'))
  expect(Math.abs(sum - 1)).toBeLessThan(1e-4)

  // Pointing at a weight says it, and lights its query in every lens.
  const [heaviest] = shown[0]!
  const point = await cellPoint(page, count, last, heaviest)
  await page.mouse.move(point.x, point.y)
  await expect(page.getByTestId('caption')).toContainText(
    `${shown[0]![1].toFixed(2)} (layer 3, head 1, from`
  )
  await expect(page.getByTestId('inspected')).toHaveText(`token ${last}`)
})

test('it opens on the head that copies most, says why, and keeps to a head that was chosen', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await page.getByRole('tab', {name: 'Attention'}).click()
  const best = page.getByTestId('best-head')
  await expect(best).toContainText('its induction score on this text')
  const first = page.getByTestId('heads').locator('tr[data-head]').first()
  const name = (await first.getAttribute('data-head'))!
  await expect(best).toContainText(`Opened on ${name}`)
  const score = Number(
    await first.locator('[data-column=inductionScore]').getAttribute('data-value')
  )
  await expect(best).toContainText(score.toFixed(2))
  await expect(matrixOf(page)).toHaveAttribute(
    'data-map',
    new RegExp(`:${name.replace(/[LH]/gu, '')}:`)
  )
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('ArrowUp')
  await expect(best).toHaveCount(0)
  const layer = await page.getByTestId('layer').getByRole('textbox').inputValue()
  await workbench.run(PROMPT)
  await expect(matrixOf(page)).toHaveAttribute('data-current', 'true')
  await expect(page.getByTestId('layer').getByRole('textbox')).toHaveValue(layer)
})

test('keys flip heads and layers and walk weights; undo takes it back; a reload keeps it', async ({
  workbench,
}) => {
  const {page} = workbench
  await openAttention(workbench)
  const layer = page.getByTestId('layer').getByRole('textbox')
  const head = page.getByTestId('head').getByRole('textbox')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await expect(layer).toHaveValue('1')
  await expect(head).toHaveValue('2')
  // micro-base has four heads a layer.
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
  await expect(head).toHaveValue('3')
  await page.keyboard.press('ArrowLeft')
  await expect(head).toHaveValue('2')

  await page.keyboard.press('k')
  await expect(page.getByTestId('caption')).toContainText('layer 1, head 2')
  await page.keyboard.press('h')
  const lit = page.locator('[data-lit]')
  await expect(lit).toHaveCount(1)
  const [query, key] = (await lit.getAttribute('data-lit'))!.split(' ').map(Number)
  expect(key).toBe(query! - 1)
  await page.keyboard.press('Escape')

  await page.reload()
  await workbench.isIdle()
  await expect(layer).toHaveValue('1')
  await expect(head).toHaveValue('2')
  await expect(matrixOf(page)).toHaveAttribute('data-current', 'true')
  await page.keyboard.press('ArrowLeft')
  await expect(head).toHaveValue('1')
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('Control+z')
  await expect(head).toHaveValue('2')
})

test('the wheel zooms around the pointer, dragging moves, a double click fits', async ({
  workbench,
}) => {
  const {page} = workbench
  await openAttention(workbench)
  const rowLabels = page.locator('.matrix-names [data-row]')
  const all = await rowLabels.count()
  expect(all).toBeGreaterThan(10)
  const point = await cellPoint(page, all, all - 4, 3)
  await page.mouse.move(point.x, point.y)
  const caption = page.getByTestId('caption')
  await expect(caption).toContainText(`at ${all - 4} to`)
  for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -120)
  await expect.poll(() => rowLabels.count()).toBeLessThan(all)
  // What was under the pointer stays there.
  await page.mouse.move(point.x + 1, point.y)
  await expect(caption).toContainText(`at ${all - 4} to`)
  const zoomed = await rowLabels.first().getAttribute('data-row')
  await page.mouse.down()
  await page.mouse.move(point.x + 1, point.y + 200, {steps: 4})
  await page.mouse.up()
  await expect.poll(() => rowLabels.first().getAttribute('data-row')).not.toBe(zoomed)
  await page.mouse.dblclick(point.x, point.y)
  await expect(rowLabels).toHaveCount(all)
})

test('what is hidden is printed, and what hides everything says so', async ({workbench}) => {
  const {page} = workbench
  await openAttention(workbench)
  await expect(page.getByTestId('hidden-share')).toHaveCount(0)
  await workbench.setNumber('mass', 70)
  const hidden = page.getByTestId('hidden-share')
  await expect(hidden).toContainText(/hidden \d+ %/)
  const share = Number(await hidden.getAttribute('data-share'))
  expect(share).toBeGreaterThan(0)
  expect(share).toBeLessThanOrEqual(0.3)
  await page.getByTestId('filters').click()
  await page.getByLabel('Smallest weight shown').fill('2')
  await page.getByLabel('Smallest weight shown').press('Enter')
  await page.keyboard.press('Escape')
  await expect(hidden).toContainText('hidden 100 %')
  // A weight that is pointed at is said all the same.
  const count = await page.locator('.matrix-names [data-row]').count()
  const point = await cellPoint(page, count, 5, 0)
  await page.mouse.move(point.x, point.y)
  await expect(page.getByTestId('caption')).toContainText('hidden by the filters')
})

test('the sample of an induction head opens on it, with a caption that the engine’s numbers fill', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await page.getByTestId('samples').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('An ind')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('tab', {name: 'Attention'})).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByTestId('layer').getByRole('textbox')).toHaveValue('4')
  await expect(page.getByTestId('head').getByRole('textbox')).toHaveValue('3')
  const prompt = await workbench.prompt.inputValue()
  const caption = page.getByTestId('caption')
  await expect(caption).toContainText('Switched off', {timeout: 60_000})
  const words = (await caption.textContent())!
  const {list, copy, before, after, last} = await askEngine(workbench, async (client) => {
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt})
    const bits: number[] = []
    for await (const event of await client.tokens.run({model: 'micro-base', prompt})) {
      if (event.kind !== 'statistics') continue
      event.columns.logprob.forEach((logprob, i) => {
        bits[event.firstPosition + i] = -logprob / Math.LN2
      })
    }
    const ids = [...tokens.ids]
    const first = ids.lastIndexOf(ids[3]!)
    const mean = (from: number, to: number) =>
      bits.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from)
    for await (const event of await client.interventions.run({
      ...{model: 'micro-base', prompt, headsOff: [{layer: 4, head: 3}], topK: 1000},
    })) {
      if (event.kind !== 'completed') continue
      const [best] = event.result.before.next
      return {
        list: mean(3, first),
        copy: mean(first + 1, ids.length),
        before: best!.rawProb,
        after: event.result.after.next.find(({id}) => id === best!.id)!.rawProb,
        last: ids.length - 1,
      }
    }
    throw new Error('no result')
  })
  const numbers = [...words.matchAll(/\d+(?:\.\d+)?/gu)].map(([number]) => Number(number))
  expect(numbers[0]).toBeCloseTo(list, 1)
  expect(numbers[1]).toBeCloseTo(copy, 1)
  expect(numbers.at(-2)).toBeCloseTo(before, 2)
  expect(numbers.at(-1)).toBeCloseTo(after, 2)
  await expect(page.getByTestId('inspected')).toHaveText(`token ${last}`)

  // It is said of this head alone.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('ArrowLeft')
  await expect(caption).not.toContainText('Switched off')
  await page.keyboard.press('ArrowRight')
  await expect(caption).toContainText('Switched off')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await expect(page.getByRole('tab', {name: 'Tokens'})).toHaveAttribute('aria-selected', 'true')
})

test('the figure that is exported has the weights that are shown', async ({workbench}) => {
  const {page} = workbench
  await openAttention(workbench)
  await page.keyboard.press('Control+e')
  const dialog = page.getByTestId('export-dialog')
  await expect(dialog.getByTestId('export-preview').locator('svg')).toBeVisible()
  await dialog.getByText('CSV').click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId('export-save').click(),
  ])
  const csv = await readFile(await download.path(), 'utf8')
  const [made, head, ...lines] = csv.trim().split('\r\n')
  expect(JSON.parse(made!.slice(2)).picture.map).toEqual({kind: 'head', layer: 0, head: 0})
  expect(head).toBe('queryStart,queryEnd,keyStart,keyEnd,weight,query,key')
  const sums = new Map<string, number>()
  for (const line of lines) {
    const [query, , , , weight] = line.split(',')
    sums.set(query!, (sums.get(query!) ?? 0) + Number(weight))
  }
  for (const sum of sums.values()) expect(Math.abs(sum - 1)).toBeLessThan(1e-4)
})

test('heads are scored beside chance, named by the probe alone, and chosen from their table', async ({
  workbench,
}) => {
  const {page} = workbench
  await openAttention(workbench)
  const heads = page.getByTestId('heads')
  const rows = heads.locator('tr[data-head]')
  // Six layers of four heads.
  await expect(rows).toHaveCount(24)
  await expect(heads).not.toContainText('induction 0.9')
  await heads.getByTestId('probe-heads').click()
  // As the model's card names it.
  await expect(heads.locator('tr[data-head="L4.H3"]')).toContainText('induction 0.98', {
    timeout: 60_000,
  })
  await expect(heads.locator('tr[data-head="L2.H1"]')).toContainText('previous 0.97')
  await heads.getByRole('button', {name: 'L4.H3', exact: true}).click()
  await expect(page.getByTestId('layer').getByRole('textbox')).toHaveValue('4')
  await expect(page.getByTestId('caption')).toContainText(
    'L4.H3, an induction head by the random-repeat probe (0.98)'
  )
  await page.getByRole('radio', {name: 'Heads', exact: true}).click()
  await page.getByLabel('Filter heads').fill('l4')
  await expect(rows).toHaveCount(4)
  await page.getByLabel('Filter heads').fill('')
  await heads.getByRole('button', {name: /^previous/}).click()
  const first = await rows.first().getAttribute('data-head')
  const scores = await rows.evaluateAll((all) =>
    all.map((row) =>
      Number(row.querySelector<HTMLElement>('[data-column=previousTokenScore]')!.dataset.value)
    )
  )
  expect(scores[0]).toBe(Math.max(...scores))
  expect(first).not.toBeNull()
})

test('what a lit weight does is tested: the edge is cut, and the table before and after stands beside it', async ({
  workbench,
}) => {
  const {page} = workbench
  await openAttention(workbench)
  for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowDown')
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight')
  const readsFrom = page.getByTestId('reads-from')
  await expect(readsFrom.locator('h2')).toContainText('L4.H3')
  await expect(readsFrom.locator('tr[data-position]')).toHaveCount(6)
  const heaviest = readsFrom.locator('tr[data-position]').first()
  const key = Number(await heaviest.getAttribute('data-position'))
  await heaviest.getByRole('button').click()
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('m')
  const trial = page.getByTestId('trial')
  await expect(trial).toHaveAttribute('data-outcome', 'completed', {timeout: 60_000})
  const table = trial.locator('table')
  const shown = await table.locator('tr[data-id]').evaluateAll((rows) =>
    rows.map(({dataset}) => ({
      id: Number(dataset.id),
      before: Number(dataset.before),
      after: Number(dataset.after),
    }))
  )
  const query = PROMPT_END
  // The same run asked of the engine by the tokens lens: before is what follows without any change.
  const {next, masked} = await askEngine(workbench, async (client) => {
    const {tokens} = await client.text.tokenize({model: 'micro-base', prompt: PROMPT})
    const position = tokens.ids.length - 1
    expect(position).toBe(query)
    const next = await client.tokens.next({model: 'micro-base', ids: tokens.ids, position, topK: 5})
    for await (const event of await client.interventions.run({
      ...{model: 'micro-base', prompt: PROMPT, maskKeys: [key], topK: 5},
    })) {
      if (event.kind === 'completed') return {next, masked: event.result}
    }
    throw new Error('no result')
  })
  const likeliest = next.tokens.ids[0]!
  const row = shown.find(({id}) => id === likeliest)!
  expect(Math.abs(row.before - Math.exp(next.rawLogprobs[0]!))).toBeLessThan(1e-5)
  // What was read is what decided: without it the answer is no longer the answer.
  expect(row.before).toBeGreaterThan(0.9)
  expect(row.after).toBeLessThan(0.5)
  expect(masked.after.next[0]!.id).not.toBe(likeliest)
  expect(Number(await table.getAttribute('data-kl'))).toBeGreaterThan(1)

  await page.keyboard.press('x')
  await expect(page.getByTestId('tried')).toHaveCount(2)
  await expect(page.getByTestId('tried').first()).toContainText(`L4.H3, ${query} → ${key}`)
})
const PROMPT_END = 14
