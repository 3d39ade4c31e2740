import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, type Page} from '@playwright/test'
import {test} from './workbench.ts'

const PROMPT = 'Mira keeps coins. Tom keeps lamps. Mira keeps'

const palette = (page: Page) => page.getByTestId('palette')
const focusIsOn = (page: Page) =>
  page.evaluate(
    () => document.activeElement?.getAttribute('data-testid') ?? document.activeElement?.tagName
  )

/** Right-clicks a token of the figure where its chip is. */
async function clickToken(page: Page, position: number, button: 'left' | 'right') {
  const box = await page
    .locator(`[data-testid="token-text"] [data-position="${position}"]`)
    .last()
    .boundingBox()
  await page.mouse.click(box!.x + box!.width / 2, box!.y + 12, {button})
}

test.use({permissions: ['clipboard-read', 'clipboard-write']})
const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText())

test('palette: by mouse and by keyboard, commands, reasons, jumps; the focus returns', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await test.step('by mouse', async () => {
    await page.getByTestId('find-command').click()
    await expect(palette(page)).toBeVisible()
    await page.getByTestId('palette-input').fill('dark')
    await palette(page).locator('[data-command="theme-dark"]').click()
    await expect(palette(page)).toBeHidden()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  })
  await test.step('by keyboard, used last comes first', async () => {
    await workbench.prompt.focus()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('light theme')
    await page.keyboard.press('Enter')
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
    await expect.poll(() => focusIsOn(page)).toBe('prompt')
    await page.keyboard.press('Control+k')
    await expect(palette(page).locator('[cmdk-item]').first()).toHaveAttribute(
      'data-command',
      'theme-dark'
    )
    await page.keyboard.press('Escape')
    await expect(palette(page)).toBeHidden()
    await expect.poll(() => focusIsOn(page)).toBe('prompt')
  })
  await test.step('what cannot be done says why and does nothing', async () => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('>redo')
    const redo = palette(page).locator('[data-command="redo"]')
    await expect(redo).toContainText('nothing was undone')
    await expect(redo).toHaveAttribute('aria-selected', 'true')
    await redo.click({force: true})
    await expect(palette(page)).toBeVisible()
    const status = palette(page).getByTestId('palette-status')
    await expect(status).toContainText('cannot be done now: nothing was undone')
    // By keys: what is meant stands first, and nothing else is done in its place.
    const prompt = await workbench.prompt.inputValue()
    await page.getByTestId('palette-input').fill('chat')
    const first = palette(page).locator('[cmdk-item]').first()
    await expect(first).toContainText('chat')
    await expect(first).toHaveAttribute('data-off', 'true')
    await page.keyboard.press('Enter')
    await expect(status).toContainText('cannot be done now')
    expect(await workbench.prompt.inputValue()).toBe(prompt)
    await page.keyboard.press('Control+k')
    await expect(palette(page)).toBeHidden()
  })
  await test.step('a number jumps to its token, Alt and Left come back', async () => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('4')
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('inspected')).toHaveText('token 4')
    await page.keyboard.press('Alt+ArrowLeft')
    await expect(page.getByTestId('inspected')).not.toHaveText('token 4')
  })
  await test.step('a command that opens a dialog gives the focus back to where it was', async () => {
    await workbench.prompt.focus()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('definitions')
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('definitions')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('definitions')).toBeHidden()
    await expect.poll(() => focusIsOn(page)).toBe('prompt')
  })
})

test('keys: the sheet lists them, arrows walk tokens and lines, letters do nothing while typing', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  const inspected = page.getByTestId('inspected')
  await page.keyboard.press('?')
  const sheet = page.getByTestId('shortcuts')
  await expect(sheet).toContainText('Next token')
  await page.keyboard.type('undo')
  await expect(sheet).not.toContainText('Next token')
  await expect(sheet).toContainText('Ctrl Z')
  await page.keyboard.press('Escape')
  await expect(sheet).toBeHidden()

  await page.keyboard.press('Home')
  await expect(inspected).toHaveText('token 0')
  await page.keyboard.press('ArrowRight')
  await expect(inspected).toHaveText('token 1')
  const lineOf = async (position: number) =>
    page
      .locator(`[data-testid="token-text"] [data-line]:has([data-position="${position}"])`)
      .first()
      .getAttribute('data-line')
  await page.keyboard.press('ArrowDown')
  const below = Number((await inspected.innerText()).replace(/\D/gu, ''))
  expect(Number(await lineOf(below))).toBe(1)
  await page.keyboard.press('ArrowUp')
  await expect(inspected).toHaveText('token 1')
  await page.keyboard.press('End')
  await page.keyboard.press('PageUp')
  expect(Number(await lineOf(Number((await inspected.innerText()).replace(/\D/gu, ''))))).toBe(0)
  await page.keyboard.press('Escape')
  await expect(inspected).toBeHidden()

  const runs = await workbench.historyRows.count()
  await workbench.prompt.focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('g? i p u')
  await expect(workbench.prompt).toHaveValue('g? i p u')
  await expect(workbench.historyRows).toHaveCount(runs)
  await expect(sheet).toBeHidden()
})

test('undo and redo: typing is ours with every key, fields keep their own, the job line says it', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  const before = await workbench.prompt.inputValue()
  await workbench.prompt.focus()
  await page.keyboard.press('Control+End')
  await page.keyboard.type(' lamps')
  await expect(workbench.prompt).toHaveValue(`${before} lamps`)
  await page.keyboard.press('Control+z')
  await expect(workbench.prompt).toHaveValue(before)
  await expect(workbench.jobLine).toContainText('undone: typing')
  await page.keyboard.press('Control+y')
  await expect(workbench.prompt).toHaveValue(`${before} lamps`)
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+Shift+z')
  await expect(workbench.prompt).toHaveValue(`${before} lamps`)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('undo typing')
  await page.keyboard.press('Enter')
  await expect(workbench.prompt).toHaveValue(before)

  // A field of a dialog has nothing to do with the workspace.
  await page.keyboard.press('F1')
  const field = page.getByLabel('Find a definition')
  await field.pressSequentially('entropy')
  await page.keyboard.press('Control+z')
  await expect(field).not.toHaveValue('entropy')
  await page.keyboard.press('Escape')
  await expect(workbench.prompt).toHaveValue(before)
})

test('Back and Forward: keys, buttons, the browser’s own, a reload in the middle; leaving stays possible', async ({
  workbench,
}) => {
  const {page} = workbench
  await page.goto('about:blank')
  await workbench.open()
  const back = page.getByTestId('go-back')
  const forward = page.getByTestId('go-forward')
  await expect(back).toBeDisabled()
  await workbench.setGeneration(0)
  await workbench.run('Tom keeps lamps.')
  await workbench.run(PROMPT)
  const chosen = page.locator('[data-testid="history-row"][aria-pressed="true"]')
  const shown = async () => (await chosen.innerText()).replace(/\s+/gu, ' ')
  const last = await shown()

  await back.click()
  await expect.poll(shown).not.toBe(last)
  const middle = await shown()
  await page.keyboard.press('Alt+ArrowLeft')
  await expect(back).toBeDisabled()
  const first = await shown()
  await page.goForward()
  await expect.poll(shown).toBe(middle)

  await page.reload()
  await workbench.isIdle()
  await expect.poll(shown).toBe(middle)
  await expect(back).toBeEnabled()
  await page.keyboard.press('Alt+ArrowRight')
  await expect.poll(shown).toBe(last)
  await expect(forward).toBeDisabled()
  await page.goBack()
  await page.goBack()
  await expect.poll(shown).toBe(first)
  await expect(back).toBeDisabled()
  // One more leaves the page, as in any other.
  await page.goBack().catch(() => null)
  await expect.poll(() => page.url()).toBe('about:blank')
})

test('menus at a point: tokens, runs, models and values, by mouse and by the menu key', async ({
  workbench,
}) => {
  const {page} = workbench
  const menu = page.getByTestId('context-menu')
  await workbench.open()
  await test.step('a token by mouse', async () => {
    await clickToken(page, 6, 'right')
    await expect(menu).toContainText('Hold it')
    await menu.locator('[data-command="token-lock"]').click()
    await expect(menu).toBeHidden()
    await page.mouse.move(2, 400)
    await expect(page.getByTestId('inspected')).toHaveText('token 6')
  })
  await test.step('the locked token by keyboard', async () => {
    await workbench.text.focus()
    await page.keyboard.press('Shift+F10')
    await expect(menu).toContainText('Let it go')
    await page.keyboard.type('Copy its id')
    await page.keyboard.press('Enter')
    const id = (await workbench.fact('id').innerText()).replace(/\D/gu, '')
    await expect.poll(() => clipboard(page)).toBe(id)
    await expect.poll(() => focusIsOn(page)).toBe('token-text')
  })
  await test.step('Escape closes it and lets nothing go', async () => {
    await page.keyboard.press('ContextMenu')
    await expect(menu).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(menu).toBeHidden()
    await expect(page.getByTestId('inspected')).toHaveText('token 6')
  })
  await test.step('a value', async () => {
    await workbench.fact('surprisal').focus()
    await page.keyboard.press('Shift+F10')
    await menu.locator('[data-command="value-copy"]').click()
    const shown = Number.parseFloat(await workbench.fact('surprisal').innerText())
    await expect.poll(async () => Number(await clipboard(page)).toFixed(2)).toBe(shown.toFixed(2))
    await workbench.fact('surprisal').click({button: 'right'})
    await menu.locator('[data-command="value-define"]').click()
    await expect(page.locator('[data-definition="surprisal"]')).toBeInViewport()
    await page.keyboard.press('Escape')
  })
  await test.step('a model', async () => {
    await page.getByTestId('model-row').first().click({button: 'right'})
    await menu.locator('[data-command="model-copy-path"]').click()
    await expect.poll(() => clipboard(page)).toContain('micro-base')
  })
  await test.step('a run is taken out and brought back', async () => {
    await workbench.historyRows.first().focus()
    await page.keyboard.press('Shift+F10')
    await expect(menu).toContainText('Remove it from the history')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await expect(workbench.historyRows).toHaveCount(0)
    await page.getByTestId('notice-action').click()
    await expect(workbench.historyRows).toHaveCount(1)
  })
  await test.step('text keeps the browser’s own menu', async () => {
    await workbench.prompt.click({button: 'right'})
    await expect(menu).toBeHidden()
    await page.keyboard.press('Escape')
  })
})

test('settings: each change holds at once, here and in another window; the reset can be undone', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  const other = await page.context().newPage()
  await other.goto(workbench.host.url.replace(/[?#].*$/u, ''))
  await expect(other.getByTestId('find-command')).toBeVisible()
  const html = page.locator('html')

  await test.step('by mouse', async () => {
    await page.getByTestId('settings').click()
    const dialog = page.locator('[role="dialog"]')
    await dialog.getByText('Dark', {exact: true}).click()
    await expect(html).toHaveAttribute('data-theme', 'dark')
    await expect(other.locator('html')).toHaveAttribute('data-theme', 'dark')
    await dialog.getByText('Ocean').click()
    await expect(html).toHaveAttribute('data-colors', 'ocean')
    await dialog.getByRole('button', {name: 'Larger'}).click()
    await expect(page.getByLabel('Text size in pixels')).toHaveValue('14')
    const zoom = () => page.locator('.app').evaluate((element) => getComputedStyle(element).zoom)
    expect(Number(await zoom())).toBeCloseTo(14 / 13, 3)
    await expect(page.getByTestId('preferences-path')).toContainText('preferences.json')
  })
  await test.step('memory by its field, threads by the model that is loaded again', async () => {
    const memory = page.getByLabel('GB at most, number')
    await memory.fill('0.5')
    await memory.press('Enter')
    await expect.poll(async () => (await workbench.engineStatus()).maxMemoryBytes).toBe(5e8)
    const threads = page.getByLabel('threads, number')
    await threads.fill('1')
    await threads.press('Enter')
    await expect.poll(async () => (await workbench.engineStatus()).threads).toBe(1)
    await page.getByTestId('reload-model').click()
    await expect
      .poll(async () => (await workbench.engineStatus()).loaded.map(({threads: count}) => count))
      .toEqual([1])
  })
  await test.step('reset and its undoing', async () => {
    await page.getByTestId('reset-settings').click()
    await expect(html).toHaveAttribute('data-colors', 'ember')
    await page.getByRole('button', {name: 'Undo the reset'}).click()
    await expect(html).toHaveAttribute('data-colors', 'ocean')
    await page.keyboard.press('Escape')
  })
  await test.step('by keyboard', async () => {
    await page.keyboard.press('Control+,')
    await page.getByLabel('Text size in pixels').focus()
    await page.keyboard.press('ArrowUp')
    await expect(page.getByLabel('Text size in pixels')).toHaveValue('15')
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('settings-dialog')).toBeHidden()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('light theme')
    await page.keyboard.press('Enter')
    await expect(other.locator('html')).toHaveAttribute('data-theme', 'light')
  })
  await test.step('what is damaged on disk is named, kept aside, and can be closed', async () => {
    const file = join(test.info().outputPath('state'), 'preferences.json')
    await writeFile(file, '{"theme": "purple"}')
    const bar = page.getByTestId('preferences-problem')
    await expect(bar).toContainText('theme')
    await expect(bar).toContainText('purple')
    await bar.getByRole('button', {name: 'Close'}).click()
    await expect(bar).toBeHidden()
    expect(await readFile(file, 'utf8')).not.toContain('purple')
  })
})

test('help and log: a definition is one hover or focus away; diagnostics say nothing of the prompt', async ({
  workbench,
}) => {
  const {page} = workbench
  const word = `quark${Math.trunc(performance.now())}zug`
  await workbench.open()
  const tooltip = page.getByRole('tooltip')
  await workbench.fact('entropy').hover()
  await expect(tooltip).toContainText('Unit: bits')
  await expect(tooltip).toContainText('Shannon')
  await page.mouse.move(700, 880)
  await expect(tooltip).toBeHidden()
  await workbench.fact('entropy').focus()
  await page.keyboard.press('Tab')
  await expect(tooltip).toContainText('Unit:')

  await workbench.setGeneration(1)
  await workbench.run(`Mira says ${word}.`)
  await page.evaluate((text) => {
    setTimeout(() => {
      throw new TypeError(`cannot read ${text}`)
    })
  }, word)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('log')
  await page.keyboard.press('Enter')
  const log = page.getByTestId('log')
  await expect(log).toContainText('run of micro-base')
  await expect(log).toContainText('TypeError')
  await expect(log).not.toContainText(word)
  await log.getByText('Errors', {exact: true}).click()
  await expect(log).not.toContainText('run of micro-base')
  await page.getByTestId('copy-diagnostics').focus()
  await page.keyboard.press('Enter')
  await expect.poll(() => clipboard(page)).toContain('Tokenscope diagnostics')
  const text = await clipboard(page)
  expect(text).toContain('micro-base')
  expect(text).toContain('onnxruntime')
  expect(text).not.toContain(word)
  expect(text).not.toContain('Mira')
})
