import {execFile} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect, type Page} from '@playwright/test'
import {dropFiles} from './drop-files.ts'
import {root} from './served-host.ts'
import {compareTwo, test, type Workbench} from './workbench.ts'

const run = promisify(execFile)
const aligned = (page: Page) => page.getByTestId('aligned')
const row = (page: Page, name: string) =>
  page.locator(`[data-testid=metrics] tr[data-tokenizer="${name}"]`)

async function openTokenizers({page, ...workbench}: Workbench, text: string): Promise<void> {
  await compareTwo(page)
  await page.goto(workbench.host.url)
  await expect(page.getByTestId('job-line')).toContainText('Nothing is running', {timeout: 60_000})
  await page.getByRole('tab', {name: 'Tokenizers'}).click()
  await page.getByTestId('prompt').fill(text)
  await expect(aligned(page)).toBeVisible({timeout: 60_000})
}

/** The middle of some bytes of a line that begins at byte 0, by the widths that the figure documents. */
async function pointAt(page: Page, columns: number, line = 0): Promise<{x: number; y: number}> {
  const box = (await aligned(page).boundingBox())!
  const start = await page.locator('.line-bytes').nth(line).boundingBox()
  return {x: start!.x + columns, y: box.y + 60}
}

test('one text in several tokenizers: typed, pointed at, held, added to, exported', async ({
  workbench,
}) => {
  test.setTimeout(300_000)
  const {page} = workbench
  await openTokenizers(workbench, ' SolidGoldMagikarp')
  // One space: gpt2 has this as one token, llama2 has not.
  await expect(row(page, 'gpt2').locator('td').nth(1)).toHaveText('1')
  await expect(page.getByTestId('caption')).toContainText('gpt2 needs 1 token, llama2')
  const many = Number(await row(page, 'llama2').locator('td').nth(1).innerText())
  expect(many).toBeGreaterThan(1)

  // Live: a character more is a token more of the first.
  await page.getByTestId('prompt').fill('SolidGoldMagikarp')
  await expect(row(page, 'gpt2').locator('td').nth(1)).toHaveText('2')

  // The stretch under the pointer is the same bytes in both rows.
  await page.getByTestId('prompt').fill('Zürich 東京')
  await expect(page.getByTestId('caption')).toContainText('All 2 cut at')
  const point = await pointAt(page, 4)
  await page.mouse.move(point.x, point.y)
  await expect(page.getByTestId('pointed-bytes')).toHaveAttribute('data-from', '0')
  await page.mouse.click(point.x, point.y)
  await expect(page.getByTestId('held-bytes')).toHaveAttribute('data-from', '0')
  const inspector = page.getByTestId('inspector')
  const from = Number(await page.getByTestId('held-bytes').getAttribute('data-to'))
  await expect(inspector).toContainText(`bytes 0 to ${from}`)
  await expect(inspector.getByTestId('entry-origin')).toContainText('id')
  // Keys go on from there, row by row and stretch by stretch, and let go.
  await page.keyboard.press('ArrowRight')
  await expect(page.getByTestId('held-bytes')).toHaveAttribute('data-from', String(from))
  await page.keyboard.press('ArrowDown')
  await expect(row(page, 'llama2')).toHaveClass(/on/)
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('held-bytes')).toHaveCount(0)

  // A file that is no tokenizer names its bad part and is not added.
  const bad = test.info().outputPath('tokenizer.json')
  await writeFile(bad, '{"model": {"type": "Sentences", "vocab": {}}}')
  await page.getByTestId('add-tokenizer').click()
  await page.getByTestId('tokenizer-file').setInputFiles(bad)
  await expect(page.getByTestId('add-problem')).toContainText('Sentences')
  // One that is, handed over by its bytes.
  const good = join(root, 'fixtures/tiny-decoder-kv/tokenizer.json')
  await page.getByTestId('tokenizer-file').setInputFiles(good)
  await expect(page.locator('[data-testid=metrics] tbody tr')).toHaveCount(3)
  await page.keyboard.press('Control+z')
  await expect(page.locator('[data-testid=metrics] tbody tr')).toHaveCount(2)
  // Dropped where tokenizers are compared it is one more of them, with its badges.
  await dropFiles(page, [good])
  await expect(page.locator('[data-testid=metrics] tbody tr')).toHaveCount(3)
  await expect(page.locator('[data-testid=metrics] tbody tr').last()).toContainText('lossless')
  await page.keyboard.press('Control+z')
  await expect(page.locator('[data-testid=metrics] tbody tr')).toHaveCount(2)
  await dropFiles(page, [bad])
  await expect(page.getByRole('alertdialog').or(page.getByRole('dialog'))).toContainText(
    'Sentences'
  )
  await page.keyboard.press('Escape')
  await page.getByTestId('add-tokenizer').click()
  await page
    .getByRole('dialog')
    .getByRole('button', {name: /^bytes/})
    .click()
  await expect(row(page, 'bytes').locator('td').nth(1)).toHaveText('14')
  await page.getByTestId('compared-bytes').click()
  await page.getByRole('menuitem', {name: 'Lengths are relative to it'}).click()
  // A second implementation may be asked just then, which takes its time.
  await expect(row(page, 'bytes').locator('td').nth(5)).toHaveText('1.00', {timeout: 30_000})

  // What the page writes is what the command writes, byte for byte.
  await page.getByTestId('export').click()
  const download = page.waitForEvent('download')
  await page.getByRole('button', {name: 'Save'}).click()
  const saved = await readFile(await (await download).path(), 'utf8')
  const out = test.info().outputPath('tokenize.svg')
  const flags = ['--text', 'Zürich 東京', '--reference', 'bytes', '--width', '960px', '--out', out]
  await run(process.execPath, [
    join(root, 'out/main/cli.js'),
    ...['tokenize', '--tokenizers', 'gpt2,llama2', '--baselines', 'bytes', ...flags],
  ])
  expect(saved).toBe(await readFile(out, 'utf8'))
})

test('a long text scrolls through a window of lines, and invisible characters reorder nothing', async ({
  workbench,
}) => {
  test.setTimeout(300_000)
  const {page} = workbench
  await openTokenizers(workbench, 'x')
  await page.getByTestId('compared-source').click()
  await page.getByRole('menuitemradio', {name: /Invisible characters/}).click()
  await expect(aligned(page)).toContainText('U+202E')
  const drawn = await aligned(page).innerHTML()
  expect(drawn).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u)

  // 100,000 tokens: the lines that stand in the page stay few, wherever it is scrolled to.
  const long = 'one two three four five six seven eight nine ten\n'.repeat(9_000)
  await page.getByTestId('text-file').setInputFiles({
    name: 'long.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from(long),
  })
  await expect(aligned(page)).toHaveAttribute('data-lines', /^\d{4,}$/, {timeout: 60_000})
  const count = Number(await aligned(page).getAttribute('data-lines'))
  expect(await page.locator('.aligned-line').count()).toBeLessThan(12)
  await aligned(page).focus()
  await page.keyboard.press('End')
  await expect(page.getByTestId('held-bytes')).toBeVisible()
  const end = Number(await page.getByTestId('held-bytes').getAttribute('data-to'))
  expect(end).toBeGreaterThan(400_000)
  expect(await page.locator('.aligned-line').count()).toBeLessThan(12)
  expect(count).toBeGreaterThan(8_000)

  // The table has the same stretch as a row.
  await page.getByRole('radio', {name: 'Table'}).click()
  await expect(page.getByTestId('blocks')).toBeVisible()
  await page.getByRole('radio', {name: 'Languages'}).click()
  const english = page.locator('[data-testid=premiums] tr[data-language=en] td')
  await expect(english.first()).toHaveText('1.00', {timeout: 60_000})
  // A person's own sentences: two snowmen cost what one costs, twice.
  const parallel = {xx: ['☃'], yy: ['☃☃']}
  await page.getByTestId('parallel-file').setInputFiles({
    name: 'mine.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(parallel)),
  })
  await expect(page.locator('[data-testid=premiums] tr[data-language]')).toHaveCount(2)
  await expect(page.locator('[data-testid=premiums] tr[data-language=yy] td').first()).toHaveText(
    '2.00'
  )

  // A file that is too long for a page is handed over in parts, and read in parts.
  await page.getByRole('radio', {name: 'Aligned'}).click()
  await page.getByTestId('text-file').setInputFiles({
    name: 'longer.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from(long.repeat(10)),
  })
  await expect(page.locator('.aligned-head')).toContainText('4.4 MB', {timeout: 120_000})
  await expect(page.getByTestId('aligned')).toContainText('everything is counted')
})
