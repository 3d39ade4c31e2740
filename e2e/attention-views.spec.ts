import {readFile} from 'node:fs/promises'
import {expect} from '@playwright/test'
import {
  askEngine,
  COMPUTED,
  leaveControls,
  openAttentionView,
  PROMPT,
  setStepper,
  weightsOf,
} from './attention-lens.ts'
import {test} from './workbench.ts'

test('the overview draws every head; pointing names it, arrows walk, Enter opens it in the matrix', async ({
  workbench,
}) => {
  const {page} = workbench
  await openAttentionView(workbench, 'Overview')
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

test('a line tells its exact weight; heads are drawn together; what is hidden is printed', async ({
  workbench,
}) => {
  const {page} = workbench
  await openAttentionView(workbench, 'Lines')
  const lines = page.getByTestId('attention-lines')
  await expect(lines).toHaveAttribute('data-current', 'true', COMPUTED)
  await setStepper(page, 'layer', 4)
  await setStepper(page, 'head', 3)
  await leaveControls(page)
  await expect(page.getByTestId('lines-legend')).toHaveAttribute('aria-label', /L4\.H3/, COMPUTED)
  await expect(lines).toHaveAttribute('data-current', 'true', COMPUTED)
  const {weights, count} = await weightsOf(workbench, 4, 3)
  const last = count - 1
  const row = [...weights.subarray(last * count)]
  const key = row.indexOf(Math.max(...row))
  await expect(lines).toHaveAttribute('data-lines', String((count * (count + 1)) / 2))
  // Half way across a line is half way down.
  const box = (await page.locator('.lines-hit canvas').first().boundingBox())!
  const yOf = (position: number) => box.y + ((position + 0.5) / count) * box.height
  await page.mouse.move(box.x + box.width / 2, (yOf(last) + yOf(key)) / 2)
  const caption = page.getByTestId('caption')
  await expect(caption).toContainText(`${row[key]!.toFixed(2)} (layer 4, head 3, from`)
  const shown = Number(await caption.locator('[data-weight]').getAttribute('data-weight'))
  expect(Math.abs(shown - row[key]!)).toBeLessThan(1e-5)
  await expect(page.getByTestId('inspected')).toHaveText(`token ${last}`)
  await page.mouse.down()
  await page.mouse.up()
  await expect(page.locator('[data-lit]')).toHaveAttribute('data-lit', `${last} ${key}`)
  // A token of the left column shows what it reads, one of the right what reads it.
  await page.mouse.move(box.x - 30, yOf(3))
  await expect(lines).toHaveAttribute('data-own', '4')
  await page.mouse.move(box.x + box.width + 30, yOf(3))
  await expect(lines).toHaveAttribute('data-own', String(count - 3))

  await page.mouse.move(5, 5)
  await workbench.setNumber('mass', 70)
  const legend = page.getByTestId('lines-legend')
  await expect(legend).toHaveAttribute('aria-label', /70 % of each row; hidden \d+ %/)
  const one = Number(await lines.getAttribute('data-lines'))
  await page.getByRole('button', {name: 'L4.H0', exact: true}).first().click()
  await expect(legend).toHaveAttribute('aria-label', /L4\.H3 hidden .*L4\.H0 hidden/)
  await expect.poll(async () => Number(await lines.getAttribute('data-lines'))).toBeGreaterThan(one)

  // The wheel comes closer around the pointer; a double click shows everything again.
  const names = page.locator('.lines-hit [data-side=query]')
  await page.mouse.move(box.x + box.width / 2, yOf(8))
  for (let i = 0; i < 5; i++) await page.mouse.wheel(0, -120)
  await expect.poll(() => names.count()).toBeLessThan(count)
  await page.mouse.dblclick(box.x + box.width / 2, yOf(8))
  await expect(names).toHaveCount(count)
})

test('two heads stand side by side in one range, their difference around zero', async ({
  workbench,
}) => {
  const {page} = workbench
  await openAttentionView(workbench, 'Overview')
  await expect(page.getByTestId('attention-overview')).toHaveAttribute(
    'data-whole',
    'true',
    COMPUTED
  )
  await setStepper(page, 'layer', 2)
  await setStepper(page, 'head', 1)
  await page.locator('[data-head="4.3"]').click({modifiers: ['Shift']})
  const both = page.getByTestId('two-heads')
  await expect(both).toHaveAttribute('data-current', 'true', COMPUTED)
  await expect(both.getByRole('region')).toHaveCount(3)
  const legends = page.getByTestId('two-heads-legend')
  await expect(legends.first()).toHaveAttribute(
    'aria-label',
    /^A and B: 0 to .*shared by both heads$/
  )
  await expect(legends.last()).toHaveAttribute(
    'aria-label',
    /^B − A = L4\.H3 − L2\.H1: −(.*) to \1/
  )
  const {weights: a, count} = await weightsOf(workbench, 2, 1)
  const {weights: b} = await weightsOf(workbench, 4, 3)
  const [query, key] = [count - 1, 3]
  await page.locator('.matrix-hit').nth(2).scrollIntoViewIfNeeded()
  const box = (await page.locator('.matrix-hit').nth(2).boundingBox())!
  await page.mouse.move(
    box.x + ((key + 0.5) / count) * box.width,
    box.y + ((query + 0.5) / count) * box.height
  )
  const caption = page.getByTestId('caption')
  const text = /A L2\.H1 (\S+), B L4\.H3 (\S+), B − A ([+−]?[\d.]+)\./
  await expect(caption).toContainText(text)
  const [, ofA, ofB, between] = text.exec((await caption.textContent())!)!
  const numberOf = (word: string) => Number(word.replace('−', '-').replace('<', ''))
  const at = query * count + key
  expect(Math.abs(numberOf(ofA!) - a[at]!)).toBeLessThan(0.0051)
  expect(Math.abs(numberOf(ofB!) - b[at]!)).toBeLessThan(0.0051)
  expect(Math.abs(numberOf(between!) - (b[at]! - a[at]!))).toBeLessThan(0.0051)
  await setStepper(page, 'B head', 0)
  await expect(legends.last()).toHaveAttribute('aria-label', /L4\.H0 − L2\.H1/)
})

test('a head is named, grouped and starred in every list, kept after a reload; the row is copied', async ({
  workbench,
}) => {
  test.setTimeout(180_000)
  const {page} = workbench
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await openAttentionView(workbench)
  const matrix = page.getByTestId('attention-matrix')
  await expect(matrix).toHaveAttribute('data-current', 'true', COMPUTED)
  await setStepper(page, 'layer', 4)
  await setStepper(page, 'head', 3)
  await leaveControls(page)
  // By keys: a star, then a name and a group.
  await page.keyboard.press('s')
  const label = page.getByTestId('head-label')
  await expect(label).toHaveText('★')
  await page.keyboard.press('n')
  await expect(page.getByTestId('head-name')).toBeVisible()
  await page.getByTestId('head-name').fill('copies')
  await page.getByTestId('head-group').fill('copying')
  const saved = page.waitForEvent('download')
  await page.getByTestId('save-labels').click()
  const file = JSON.parse(await readFile(await (await saved).path(), 'utf8'))
  expect(file.labels).toEqual([
    {layer: 4, head: 3, name: 'copies', group: 'copying', isStarred: true},
  ])
  expect(file.model.sha256).toMatch(/^[0-9a-f]{64}$/)
  await page.keyboard.press('Escape')
  await expect(label).toHaveText('★ copies · copying')

  const views = page.getByTestId('centre').getByRole('radiogroup', {name: 'Show as'})
  await views.getByRole('radio', {name: 'Heads', exact: true}).click()
  const row = page.locator('tr[data-head="L4.H3"]')
  await expect(row).toContainText('copies', COMPUTED)
  await page.getByRole('textbox', {name: 'Filter heads'}).fill('copying')
  await expect(page.locator('tr[data-head]')).toHaveCount(1)
  await page.getByRole('textbox', {name: 'Filter heads'}).fill('')
  await page.getByRole('button', {name: 'Star L0.H1', exact: true}).click()
  await views.getByRole('radio', {name: 'Lines', exact: true}).click()
  await expect(page.getByRole('button', {name: /^L4\.H3 ★ copies/})).toBeVisible()
  await views.getByRole('radio', {name: 'Overview', exact: true}).click()
  const cellOf = (name: string) => page.getByRole('grid').locator(`[data-head="${name}"]`)
  await expect(cellOf('4.3')).toHaveAttribute('aria-label', /^L4\.H3, ★ copies/)
  await expect(cellOf('0.1')).toHaveAttribute('aria-label', /^L0\.H1, ★/)

  // What is copied is what the engine says of that row.
  await views.getByRole('radio', {name: 'Matrix', exact: true}).click()
  await expect(matrix).toHaveAttribute('data-current', 'true', COMPUTED)
  await page.getByTestId('copy-menu').click()
  await expect(page.getByRole('menuitem', {name: /Copy tokens/})).toHaveCount(0)
  await page.getByRole('menuitem', {name: /selected row/}).click()
  await expect(page.getByText('copied the row as TSV')).toBeVisible()
  const text = await page.evaluate(() => navigator.clipboard.readText())
  const [head, ...lines] = text.trimEnd().split('\n')
  expect(head).toBe('query\tkey\tkeyId\tkeyText\tL4.H3')
  const {weights, count} = await weightsOf(workbench, 4, 3)
  const query = Number(lines[0]!.split('\t')[0])
  expect(lines).toHaveLength(count)
  for (const [key, line] of lines.entries()) {
    expect(Number(line.split('\t')[4])).toBeCloseTo(weights[query * count + key]!, 5)
  }

  // A threshold that hides everything says so, and offers the way back.
  await page.getByTestId('filters').click()
  const least = page.getByRole('textbox', {name: 'Smallest weight shown', exact: true})
  await least.fill('2')
  await least.press('Enter')
  await expect(page.getByTestId('filters')).toHaveText(/1 filter/)
  await page.mouse.click(5, 5)
  await expect(page.getByTestId('all-hidden')).toContainText('hidden 100 %', COMPUTED)
  await page.getByTestId('show-everything').click()
  await expect(page.getByTestId('all-hidden')).toHaveCount(0)

  await page.reload()
  await expect(label).toHaveText('★ copies · copying', COMPUTED)
})
