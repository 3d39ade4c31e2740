import {readFile} from 'node:fs/promises'
import {expect, type Page} from '@playwright/test'
import {connectTo} from './served-host.ts'
import {test, type Workbench} from './workbench.ts'

const PROMPT = 'Kai has 38 books. Mira has 5 beads. Kai loses 7 books. How many books has Kai?'
const WRONG = ' So we add. 38 + 7 = 45. Answer: 45.'

const critical = (page: Page) => page.locator('[data-critical]').first()

/** A response that is typed: without an answer only models are contrasted, with one its prefixes are completed. */
async function openResponse(workbench: Workbench): Promise<void> {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run(PROMPT)
  await page.getByRole('tab', {name: 'Critical'}).click()
  await expect(page.getByTestId('response-needed')).toBeVisible()
  await page.getByTestId('response-text').fill(WRONG)
  await page.getByTestId('take-response').click()
  await expect(page.getByTestId('critical-response')).toBeVisible({timeout: 30_000})
  await expect(page.getByTestId('answer-needed')).toBeVisible()
}

test('by mouse: a typed response, its answer, the critical token, completions, β, the table and a file', async ({
  workbench,
}) => {
  test.setTimeout(120_000)
  const {page, host} = workbench
  await openResponse(workbench)
  const caption = page.getByTestId('caption')
  await expect(caption).toContainText('1 − s')
  await page.getByTestId('right-answer').fill('31')
  await page.getByTestId('right-answer').press('Enter')
  await expect(critical(page)).toHaveAttribute('data-critical', 'released ours', {timeout: 60_000})
  await expect(caption).toContainText('·add')
  await expect(page.getByTestId('pass-table').locator('[data-k="1"]')).toHaveAttribute(
    'data-forbidden',
    /^(1|0\.\d+)$/,
    {timeout: 60_000}
  )
  await expect(page.getByTestId('agreement')).toContainText('the same token')
  await workbench.isIdle()

  // At this temperature the model is right here every time, so there are no wrong responses to list: that is said.
  const centre = page.getByTestId('centre')
  await centre.getByRole('radio', {name: 'Many'}).click()
  await page.getByTestId('sample-responses').click()
  await expect(page.getByTestId('responses').getByRole('alert')).toContainText(
    'Raise the temperature',
    {timeout: 60_000}
  )
  await centre.getByRole('radio', {name: 'Response', exact: true}).click()

  // 1 − s as the engine gives it to another caller, at the token that is pointed at.
  const [cookie] = await page.context().cookies()
  const connection = connectTo(host.port, `${cookie!.name}=${cookie!.value}`)
  const scores: {position: number; method: string; value: number}[] = []
  const events = await connection.client.criticals.run({
    ...{model: 'micro-base', prompt: PROMPT, response: WRONG, method: 'contrastive', beta: 2},
  })
  for await (const event of events) if (event.kind === 'scores') scores.push(...event.scores)
  connection.close()
  await workbench.setNumber('β of the contrast', 2)
  await workbench.isIdle()
  const top = scores
    .filter(({method}) => method === 'contrastive')
    .reduce((best, one) => (one.value > best.value ? one : best))
  await page.locator(`[data-column="${top.position}"]`).click()
  const inspector = page.getByTestId('critical-inspector')
  await expect(inspector).toHaveAttribute('data-position', String(top.position))
  await expect
    .poll(async () =>
      Math.abs(
        Number(await inspector.locator('[data-fact=contrastive]').getAttribute('data-exact')) -
          top.value
      )
    )
    .toBeLessThan(1e-9)
  // After the critical token every completion is wrong; before it there are right ones.
  await expect(page.getByTestId('completions').locator('[data-right=false]').first()).toBeVisible()
  await expect(page.getByTestId('completions').locator('[data-right=true]')).toHaveCount(0)

  await page.getByTestId('centre').getByRole('radio', {name: 'Table'}).click()
  await expect(
    page.getByTestId('critical-table').locator(`tr[data-position="${top.position}"]`)
  ).toHaveAttribute('data-critical', /released, ours/)
  await page.getByTestId('export').click()
  await expect(page.getByTestId('export-preview').locator('[data-critical]')).toHaveCount(1)
  await page.getByRole('radio', {name: 'CSV'}).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId('export-save').click(),
  ])
  const [made, head] = (await readFile(await download.path(), 'utf8')).trim().split('\r\n')
  expect(JSON.parse(made!.slice(2)).request).toMatchObject({beta: 2, answer: '31', rollouts: 64})
  expect(head).toContain('successCount')
})

test('by keyboard: a right response says so, a wrong one is sampled, a checker that fails says why, and all is undone', async ({
  workbench,
}) => {
  test.setTimeout(120_000)
  const {page} = workbench
  await openResponse(workbench)
  const answer = page.getByTestId('right-answer')
  await answer.focus()
  await page.keyboard.type('45')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('response-right')).toBeVisible({timeout: 30_000})
  const before = await workbench.historyRows.count()
  await page.getByTestId('sample-wrong').focus()
  await page.keyboard.press('Enter')
  await expect(workbench.historyRows).toHaveCount(before + 1, {timeout: 60_000})
  // The answer belongs to the prompt.
  await expect(answer).toHaveValue('45')
  await expect(page.getByTestId('critical-response')).toBeVisible({timeout: 30_000})

  await page.getByTestId('checker').focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('checker-kind').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await page.getByTestId('checker-script').fill('(response) => nothing.here')
  await page.getByTestId('take-script').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  const problem = page.getByTestId('rollout-state')
  await expect(problem).toHaveAttribute('data-phase', 'failed', {timeout: 30_000})
  await expect(problem).toContainText('nothing')
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await expect(page.getByTestId('checker')).toContainText('number after')
})
