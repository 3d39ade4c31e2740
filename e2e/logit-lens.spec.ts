import {readFile} from 'node:fs/promises'
import {expect} from '@playwright/test'
import {test} from './workbench.ts'

const SAID_BEFORE = 35

test('the logit lens shows each layer, follows the locked token, and ends in the table', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  const likeliest = [...(await workbench.candidates())][0]!
  await page.getByRole('radio', {name: 'Logit lens'}).click()
  const lens = page.getByTestId('logit-lens')
  await expect(lens).toHaveAttribute('data-position', String(SAID_BEFORE))
  const rows = lens.locator('[data-lens-hit]')
  // micro-base has six layers, and there is what enters the first.
  await expect(rows).toHaveCount(7)
  const first = (row: number) => rows.nth(row).locator('.lens-cell').first()
  await expect(first(6)).toHaveAttribute('data-id', String(likeliest[0]))
  const output = Number(await first(6).getAttribute('data-prob'))
  expect(Math.abs(output - likeliest[1])).toBeLessThan(1e-5)
  // The sample's claim goes for layers too: what was said before is known only late.
  await expect(rows.nth(6)).toHaveAttribute('data-rank', '0')
  expect(Number(await rows.nth(0).getAttribute('data-rank'))).toBeGreaterThan(100)
  await expect(page.locator('.guard').filter({visible: true})).toContainText(
    'states never trained for them'
  )

  // A click marks a layer, whose table then stands in full.
  await rows.nth(2).click()
  await expect(rows.nth(2)).toHaveAttribute('aria-pressed', 'true')
  await expect(workbench.nextTable).toHaveAttribute('data-position', String(SAID_BEFORE))
  const marked = Number(await first(2).getAttribute('data-prob'))
  await expect(workbench.nextTable.locator('button[data-candidate]').first()).toHaveAttribute(
    'data-prob',
    String(marked)
  )

  const followed = await rows.nth(6).getAttribute('data-prob')
  // Another temperature needs no run, and what is followed stays as it is.
  await workbench.setNumber('temperature', 2)
  await expect(lens).toHaveAttribute('data-temperature', '2')
  expect(Number(await first(6).getAttribute('data-prob'))).toBeLessThan(output)
  await expect(rows.nth(6)).toHaveAttribute('data-prob', followed!)
})

test('keys show the logit lens, walk layers and tokens in it, and export it', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await page.keyboard.press('v')
  await page.keyboard.press('v')
  const lens = page.getByTestId('logit-lens')
  const marked = lens.locator('[aria-pressed=true]')
  await expect(marked).toHaveAttribute('data-lens-hit', '6')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await expect(marked).toHaveAttribute('data-lens-hit', '4')
  await page.keyboard.press('ArrowDown')
  await expect(marked).toHaveAttribute('data-lens-hit', '5')
  await page.keyboard.press('ArrowLeft')
  await expect(lens).toHaveAttribute('data-position', String(SAID_BEFORE - 1))
  await expect(marked).toHaveAttribute('data-lens-hit', '5')

  await page.keyboard.press('Control+e')
  await page.getByTestId('export-dialog').getByText('CSV').click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId('export-save').click(),
  ])
  const csv = await readFile(await download.path(), 'utf8')
  const [, head, ...lines] = csv.trim().split('\r\n')
  expect(head).toContain(',layer,followed')
  expect(lines.filter((line) => line.startsWith('lens,'))).toHaveLength(70)
})

test('a model says what can be seen in it, and its checks are run', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('what can be seen')
  await page.keyboard.press('Enter')
  const layers = page.getByTestId('inspect-layers').locator('tbody tr')
  await expect(layers).toHaveCount(6)
  await expect(layers.first()).toHaveAttribute('data-source', 'queries-keys')
  await expect(page.locator('[data-lens=logit-lens]')).toHaveAttribute('data-available', 'true')
  await page.getByTestId('inspect-verify').click()
  const checks = page.getByTestId('inspect-checks').locator('tbody tr')
  await expect(checks.first()).toBeVisible({timeout: 60_000})
  for (const row of await checks.all()) await expect(row).toHaveAttribute('data-passed', 'true')
})

test('the figure fits a narrower pane after the logit lens was looked at', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await page.getByRole('radio', {name: 'Logit lens'}).click()
  await expect(page.getByTestId('logit-lens')).toBeVisible()
  await page.getByRole('radio', {name: 'Figure'}).click()
  await expect(page.getByTestId('token-text')).toBeVisible()
  await page.getByTestId('prompt').focus()
  await page.keyboard.press('Control+\\')
  await expect(page.getByTestId('centre-2')).toBeVisible()
  // What was measured before the lens is no longer there to be measured.
  await expect
    .poll(() =>
      page.evaluate(() => {
        const pane = document.querySelector('.tokens-panel')!.getBoundingClientRect()
        const text = document.querySelector('[data-testid=token-text] svg')!.getBoundingClientRect()
        return text.right - pane.right
      })
    )
    .toBeLessThanOrEqual(0)
})
