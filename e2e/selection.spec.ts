import {readFile} from 'node:fs/promises'
import {expect, type Page} from '@playwright/test'
import {runRaw, softmax} from './raw-model.ts'
import {microBaseFolder, test, type Workbench} from './workbench.ts'

const PROMPT = 'Mira keeps coins. Tom keeps lamps.\nMira keeps'

const open = async (workbench: Workbench) => {
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run(PROMPT)
}

/** A token of the figure, as the pointer finds it. */
const token = ({text}: Workbench, position: number) =>
  text.locator(`rect[data-position="${position}"]`).last()

const chooseUnit = async (page: Page, name: string) => {
  await page.getByTestId('unit').click()
  await page.getByRole('option', {name, exact: true}).click()
}

const inspected = (page: Page) => page.getByTestId('inspected')
const showTable = (page: Page) => page.getByRole('radio', {name: 'Table'}).click()
const total = (page: Page, track: string) =>
  page.getByTestId('table-total').locator(`[data-total="${track}"]`)

/** Rows of the table: their text and their surprisal. */
const rows = (page: Page) =>
  page.getByTestId('data-table').evaluate((table) =>
    [...table.querySelectorAll('tbody tr[data-position]')].map((row) => ({
      position: Number(row.getAttribute('data-position')),
      text: row.querySelector('th')!.textContent!,
      cells: [...row.querySelectorAll('td')].map((cell) => cell.textContent!),
    }))
  )

const bytesOf = (glyphs: string) => glyphs.replaceAll('·', ' ').replaceAll('⏎', '\n').length

test('scores by every unit have one total, and sums of units are those of the raw model', async ({
  workbench,
}) => {
  const {page} = workbench
  await open(workbench)
  await showTable(page)
  const tokens = await rows(page)
  const ids = tokens.map(({cells}) => Number(cells[1]!.replaceAll(',', '')))
  const raw = await runRaw(microBaseFolder, ids)
  const bits = ids.map((id, position) =>
    position === 0 ? 0 : -Math.log2(softmax(raw.row(position - 1))[id]!)
  )
  // Where each token stands in the text; the first is inserted and has no bytes there.
  let end = 0
  const spans = tokens.map(({text}, position) => {
    const start = end
    if (position > 0) end += bytesOf(text)
    return [start, end] as const
  })
  expect(end).toBe(PROMPT.length)
  /** The bits between two bytes: of each token the share that lies there. */
  const bitsBetween = (from: number, to: number) =>
    spans.reduce((sum, [start, stop], i) => {
      const shared = Math.min(stop, to) - Math.max(start, from)
      return shared > 0 ? sum + (bits[i]! * shared) / (stop - start) : sum
    }, 0)
  const all = bits.reduce((a, b) => a + b, 0)
  const exact = async (track: string) => Number(await total(page, track).getAttribute('data-exact'))
  const [mean, worst] = [await exact('entropy'), await exact('rank')]
  for (const name of ['word', 'sentence', 'line', 'paragraph', 'byte', 'token']) {
    await chooseUnit(page, name)
    await expect(page.getByTestId('unit')).toContainText(name)
    expect(await exact('surprisal')).toBeCloseTo(all, 3)
    expect(await exact('entropy')).toBeCloseTo(mean, 9)
    expect(await exact('rank')).toBe(worst)
  }

  await chooseUnit(page, 'line')
  const [, first, second] = await rows(page)
  const lineEnd = PROMPT.indexOf('\n') + 1
  expect(first!.cells[2]).toBe(bitsBetween(0, lineEnd).toFixed(2))
  expect(second!.cells[2]).toBe(bitsBetween(lineEnd, PROMPT.length).toFixed(2))

  await page.getByTestId('unit').click()
  await page.getByRole('option', {name: 'match of an expression'}).click()
  const field = page.getByTestId('unit-regex')
  await field.fill('k\\w+')
  await expect(page.getByTestId('unit-status')).toHaveText('3 matches in this run.')
  // A match begins inside a token: it has a share of it.
  const matches = [...PROMPT.matchAll(/k\w+/g)]
  const found = (await rows(page)).filter(({text}) => text === 'keeps')
  expect(found.map(({cells}) => cells[2])).toEqual(
    matches.map(({index, 0: text}) => bitsBetween(index, index + text.length).toFixed(2))
  )
  expect(await exact('surprisal')).toBeCloseTo(all, 3)

  // What cannot be used is told in place, and the page goes on.
  await field.fill('k(')
  await expect(page.getByTestId('unit-status')).toContainText('cannot be read')
  await field.fill('([a-zA-Z. ]+)+!')
  await expect(page.getByTestId('unit-status')).toContainText('took too long', {timeout: 10_000})
  await field.fill('zebra')
  await expect(page.getByTestId('unit-status')).toHaveText('No match in this run.')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('unit')).toContainText('0 matches')
})

test('units, spans, pins and cards by the mouse', async ({workbench}) => {
  const {page} = workbench
  await open(workbench)

  await test.step('the unit of a token stands in the inspector', async () => {
    await chooseUnit(page, 'sentence')
    await token(workbench, 2).click()
    await expect(page.getByTestId('inspector-unit')).toContainText('Its sentence')
    await expect(page.getByTestId('inspector-unit')).toContainText('Mira·keeps·coins.')
    await expect(page.getByTestId('strip')).toBeVisible()
    await expect(page.locator('.strip-joint').first()).toBeAttached()
  })

  await test.step('spans are drawn over tokens, over characters, and taken away', async () => {
    await token(workbench, 2).hover()
    await page.keyboard.down('Shift')
    await page.mouse.down()
    await token(workbench, 3).hover()
    await expect(page.getByTestId('drawing')).toBeVisible()
    await page.mouse.up()
    await page.keyboard.up('Shift')
    await expect(page.getByTestId('unit')).toHaveText('1 drawn span')
    await expect(page.getByTestId('inspector-unit')).toContainText('·keeps·coins')
    // While spans are the unit a plain drag draws, and a click still locks.
    await token(workbench, 5).hover()
    await page.mouse.down()
    await token(workbench, 7).hover()
    await page.mouse.up()
    await expect(page.getByTestId('unit')).toHaveText('2 drawn spans')
    await token(workbench, 6).click()
    await expect(inspected(page)).toHaveText('token 6')
    await page.getByTestId('unit').click()
    await page.getByTestId('span-text').dblclick({position: {x: 14, y: 14}})
    await page.getByTestId('add-span').click()
    await expect(page.getByRole('list', {name: 'Drawn spans'}).getByRole('listitem')).toHaveCount(3)
    await expect(page.getByRole('list', {name: 'Drawn spans'})).toContainText('bytes 0 to 4')
    await page.getByRole('button', {name: 'Remove span 1'}).click()
    await expect(page.getByRole('list', {name: 'Drawn spans'}).getByRole('listitem')).toHaveCount(2)
    await page.keyboard.press('Escape')
  })

  await test.step('pins are numbered in strip, figure and inspector, and survive a reload', async () => {
    await token(workbench, 2).click({modifiers: ['ControlOrMeta']})
    await token(workbench, 6).click({modifiers: ['ControlOrMeta', 'Shift']})
    await expect(page.locator('.strip-pin')).toHaveText(['1', '2'])
    await expect(workbench.text.locator('[data-pin]')).toHaveCount(2)
    await expect(page.locator('.strip-pair')).toHaveCount(1)
    const pins = page.getByTestId('pins')
    await expect(pins.getByRole('listitem')).toHaveCount(3)
    await pins.getByRole('button', {name: /^Pin 1:/}).click()
    await expect(inspected(page)).toHaveText('token 2')
    await page.waitForTimeout(400)
    await page.reload()
    await workbench.isIdle()
    await expect(page.locator('.strip-pin')).toHaveText(['1', '2'])
    await expect(page.getByTestId('unit')).toHaveText('2 drawn spans')
    await showTable(page)
    await expect(page.locator('.pin-number').filter({hasText: '2'})).not.toHaveCount(0)
    await page.getByRole('radio', {name: 'Figure'}).click()
  })

  await test.step('the exported figure has the pins and the unit', async () => {
    await page.getByTestId('export').click()
    const preview = page.getByTestId('export-preview')
    await expect(preview.locator('[data-pin]')).not.toHaveCount(0)
    const download = page.waitForEvent('download')
    await page.getByTestId('export-save').click()
    const svg = await readFile(await (await download).path(), 'utf8')
    expect(svg).toContain('data-pin="2"')
    expect(svg).toContain('data-unit=')
    await expect(page.getByTestId('export-save')).toBeFocused()
    await page.getByText('3 pins', {exact: true}).click()
    await expect(preview.locator('[data-pin]')).toHaveCount(0)
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('export-dialog')).toHaveCount(0)
  })

  await test.step('a pin is removed, and all are cleared', async () => {
    await page.getByRole('button', {name: 'Remove pin 1'}).click()
    await expect(page.locator('.strip-pin')).toHaveText(['1'])
    await page.getByTestId('clear-pins').click()
    await expect(page.getByTestId('pins')).toHaveCount(0)
  })

  await test.step('a double click opens the card; its occurrences are jumped to', async () => {
    await token(workbench, 2).dblclick()
    const card = page.getByTestId('token-card')
    await expect(page.getByTestId('card-place')).toContainText('token 2')
    await expect(card.locator('[data-fact="text"]')).toHaveText('·keeps')
    await expect(card.locator('[data-fact="bytes"]')).toHaveText('20 6b 65 65 70 73')
    await expect(page.getByTestId('merges').getByRole('row').last()).toContainText('·keeps')
    await expect(page.getByTestId('card-statistics')).toContainText('3 of 3 have one')
    await page.getByTestId('card-places').getByRole('button').last().click()
    await expect(page.getByTestId('card-place')).not.toContainText('token 2 ')
    await page.keyboard.press('Escape')
    await expect(card).toHaveCount(0)
    // An entry of the vocabulary that the text does not have.
    await page.getByTestId('instead').getByRole('button').nth(3).click()
    await expect(page.getByTestId('card-place')).toContainText('of the vocabulary')
    await expect(page.getByTestId('card-origin')).toContainText(/merge|piece|byte|special/)
  })
})

test('units, spans, pins and cards by the keyboard alone', async ({workbench}) => {
  const {page} = workbench
  const {keyboard} = page
  await open(workbench)
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())

  await test.step('a key chooses the next unit, another opens the list of them', async () => {
    await keyboard.press('u')
    await expect(page.getByTestId('unit')).toHaveText('word')
    await keyboard.press('Shift+U')
    await expect(page.getByRole('option', {name: 'word', exact: true})).toBeFocused()
    await keyboard.press('ArrowDown')
    await keyboard.press('Enter')
    await expect(page.getByTestId('unit')).toHaveText('sentence')
    await keyboard.press('ControlOrMeta+z')
    await expect(page.getByTestId('unit')).toHaveText('word')
  })

  await test.step('a span is stretched, let go by Escape, kept by Enter, undone', async () => {
    await keyboard.press('Home')
    await keyboard.press('ArrowRight')
    await keyboard.press('Shift+ArrowRight')
    await keyboard.press('Shift+ArrowRight')
    await expect(page.getByTestId('drawing')).toBeVisible()
    await keyboard.press('Escape')
    await expect(page.getByTestId('drawing')).toHaveCount(0)
    await expect(inspected(page)).toHaveText('token 1')
    await keyboard.press('Shift+ArrowRight')
    await keyboard.press('Enter')
    await expect(page.getByTestId('unit')).toHaveText('1 drawn span')
    await keyboard.press('ControlOrMeta+z')
    await expect(page.getByTestId('unit')).toHaveText('word')
  })

  await test.step('pins and pairs', async () => {
    await keyboard.press('p')
    await keyboard.press('ArrowRight')
    await keyboard.press('ArrowRight')
    await keyboard.press('Shift+P')
    await expect(page.locator('.strip-pin')).toHaveText(['1', '2'])
    await expect(page.locator('.strip-pair')).toHaveCount(1)
    await keyboard.press('p')
    await expect(page.locator('.strip-pin')).toHaveText(['1'])
  })

  await test.step('the card: arrows walk, Escape closes it first and then releases', async () => {
    await keyboard.press('i')
    await expect(page.getByTestId('card-place')).toContainText('token 3')
    await keyboard.press('ArrowLeft')
    await expect(page.getByTestId('card-place')).toContainText('token 2')
    await keyboard.press('Escape')
    await expect(page.getByTestId('token-card')).toHaveCount(0)
    await expect(inspected(page)).toHaveText('token 2')
    await keyboard.press('Escape')
    await expect(inspected(page)).toHaveCount(0)
  })

  await test.step('rows of the table are walked', async () => {
    await showTable(page)
    await page.getByTestId('data-table').focus()
    await keyboard.press('Home')
    await keyboard.press('ArrowDown')
    await keyboard.press('ArrowDown')
    await expect(page.locator('tr[aria-current="true"] th')).toHaveText('·keeps')
  })
})

test('two panes on one run light up together, on different runs each its own', async ({
  workbench,
}) => {
  const {page} = workbench
  await open(workbench)
  await page.getByRole('button', {name: /split/i}).first().click()
  await page.getByTestId('centre-2').getByText('Figure', {exact: true}).click()
  await expect(page.getByTestId('token-text')).toHaveCount(2)
  const rings = (index: number) =>
    page.getByTestId('token-text').nth(index).locator('[stroke-opacity]')
  await page.getByTestId('token-text').first().locator('rect[data-position="3"]').last().hover()
  await expect(rings(0)).toHaveCount(1)
  await expect(rings(1)).toHaveCount(1)
  await workbench.run('Tom keeps rings. Odo keeps')
  await expect(page.getByTestId('token-text')).toHaveCount(2)
  await page.getByTestId('token-text').first().locator('rect[data-position="3"]').last().hover()
  await expect(rings(0)).toHaveCount(1)
  await expect(rings(1)).toHaveCount(0)
})

test('a hint goes with what it is about', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  const hints = page.locator('[role=tooltip]')
  await workbench.prompt.focus()
  await page.keyboard.press('Escape')
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await page.keyboard.press('Shift+U')
  await expect(page.getByRole('listbox', {name: 'Text unit'})).toBeVisible()
  await expect(hints).toHaveCount(1)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('listbox', {name: 'Text unit'})).toHaveCount(0)
  await expect(hints).toHaveCount(0)
  // Nor does it come back: the pause before one shows is shorter than this.
  await page.waitForTimeout(700)
  await expect(hints).toHaveCount(0)

  // One that the pointer called: another size of the window, then a dialog take it away.
  const head = page.getByTestId('instead').locator('h2')
  const hinted = page.locator('[data-hint]:visible').first()
  await hinted.hover()
  await expect(hints).toHaveCount(1)
  const box = (await hints.boundingBox())!
  const size = page.viewportSize()!
  expect(box.x).toBeGreaterThanOrEqual(0)
  expect(box.x + box.width).toBeLessThanOrEqual(size.width)
  await page.setViewportSize({width: 720, height: size.height})
  await expect(hints).toHaveCount(0)
  await page.setViewportSize(size)
  await head.hover()
  await hinted.hover()
  await expect(hints).toHaveCount(1)
  await page.keyboard.press('Control+k')
  await expect(page.getByTestId('palette')).toBeVisible()
  await expect(hints).toHaveCount(0)
})

test('an open menu marks its token, and what stands instead is of the token that is named', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  const token = workbench.text.locator('[data-position="3"]').last()
  await token.click({button: 'right'})
  await expect(page.getByTestId('context-menu')).toBeVisible()
  await expect(page.getByTestId('inspected')).toHaveText('token 3')
  // Wherever the pointer goes meanwhile.
  await page.mouse.move(2, 2)
  await expect(page.getByTestId('inspected')).toHaveText('token 3')
  await expect(page.getByTestId('instead').locator('[aria-busy=true]')).toHaveCount(0)
  const position = JSON.parse(
    (await page
      .getByTestId('instead')
      .locator('[data-target]')
      .first()
      .getAttribute('data-target'))!
  ).position
  expect(position).toBe(2)
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('inspected')).not.toHaveText('token 3')
})

test('whoever chooses matches of an expression by mouse types at once', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await page.getByTestId('unit').first().click()
  await page.getByRole('option', {name: /match of an expression/}).click()
  await expect(page.getByTestId('unit-regex')).toBeFocused()
  await page.keyboard.type('a+')
  await expect(page.getByTestId('unit-regex')).toHaveValue('a+')
})
