import {readFile} from 'node:fs/promises'
import {expect, type Page} from '@playwright/test'
import {connectTo} from './served-host.ts'
import {test, type Workbench} from './workbench.ts'

const PROMPT = 'Kai has 38 books. Mira has 5 beads. Kai loses 7 books. How many books has Kai?'
const WRONG = ' So we add. 38 + 7 = 45. Answer: 45.'

const critical = (page: Page) => page.locator('[data-critical]').first()

/** Few and hot completions: quick, and often wrong. */
async function setCompletions({page}: Workbench, count: number, temperature: number) {
  await page.getByTestId('critical-settings').click()
  const form = page.getByTestId('critical-form')
  for (const [label, value] of [
    ['completions', count],
    ['temperature', temperature],
  ] as const) {
    await form.getByRole('textbox', {name: label, exact: true}).fill(String(value))
    await page.keyboard.press('Enter')
  }
  await page.keyboard.press('Escape')
  await expect(form).toBeHidden()
}

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

const ITEMS = [
  {prompt: PROMPT, response: WRONG, answer: '31'},
  {
    prompt: 'Vida has 23 lamps. Vida is given 19 lamps. How many lamps has Vida?',
    ...{response: ' So we subtract. 23 - 19 = 4. Answer: 4.', answer: '42'},
  },
  {
    prompt: 'Finn has 21 pears. Finn sells 14 pears. How many pears has Finn?',
    ...{response: ' So we subtract. 21 - 14 = 7. Answer: 7.', answer: '7'},
  },
  {
    prompt: 'Kai has 31 seeds. Kai gives Rufus 16 seeds. How many seeds has Kai?',
    ...{response: ' So we add. 31 + 16 = 47. Answer: 47.', answer: '15'},
  },
]

test('a data set with a bad line: run, cancelled, resumed, summed up, exported, an item opened', async ({
  workbench,
}) => {
  test.setTimeout(120_000)
  const {page} = workbench
  await workbench.open()
  await page.getByRole('tab', {name: 'Critical'}).click()
  await setCompletions(workbench, 16, 1)
  await page.getByTestId('centre').getByRole('radio', {name: 'Data set'}).click()
  await page.getByTestId('open-dataset').click()
  const lines = ITEMS.map((item) => JSON.stringify(item))
  lines.splice(1, 0, '{"prompt": ', JSON.stringify({prompt: 'How many?', response: ' Two.'}))
  await page.getByTestId('import-input').setInputFiles({
    ...{name: 'problems.jsonl', mimeType: 'application/jsonl'},
    buffer: Buffer.from(lines.join('\n')),
  })
  await page.getByTestId('import-add').click()
  await page.getByRole('tab', {name: 'Critical'}).click()
  await page.getByTestId('centre').getByRole('radio', {name: 'Data set'}).click()
  const source = page.getByTestId('dataset-source')
  await expect(source).toHaveAttribute('data-skipped', '2')
  await expect(source).toContainText('4 items of the prompt list, from problems.jsonl')
  await expect(source).toContainText('2 lines skipped: line 2 ')
  await expect(source).toContainText('line 3 has no answer')

  // By keys: run, cancelled after the first, and resumed.
  const rows = page.getByTestId('dataset-items').locator('tbody tr')
  await page.getByTestId('run-dataset').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('dataset-progress')).toContainText('of 4 items')
  await expect(rows).not.toHaveCount(0, {timeout: 30_000})
  await page.getByTestId('cancel-dataset').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('dataset')).toContainText('Cancelled')
  const half = await rows.count()
  expect(half).toBeLessThan(4)
  await expect(page.getByTestId('run-dataset')).toHaveText(`Run the other ${4 - half}`)
  await page.getByTestId('run-dataset').click()
  await expect(page.getByTestId('run-dataset')).toBeHidden()
  await expect(page.getByTestId('dataset-progress')).toBeHidden({timeout: 60_000})
  const shown = await rows.evaluateAll((all) =>
    all.map((row) => [row.getAttribute('data-line'), row.getAttribute('data-released')])
  )
  expect(shown.map(([line]) => line)).toEqual(['1', '4', '5', '6'])

  await page.keyboard.press('Control+e')
  await page.getByRole('radio', {name: 'JSON'}).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId('export-save').click(),
  ])
  await page.keyboard.press('Escape')
  const result = JSON.parse(await readFile(await download.path(), 'utf8')) as {
    status: string
    skippedCount: number
    skipped: {line: number}[]
    items: {
      line: number
      verdict: string
      responseStart: number
      responseTokenCount: number
      critical: {method: string; rule: string; position: number}[]
    }[]
  }
  expect(result).toMatchObject({
    ...{status: 'completed', skippedCount: 2, skipped: [{line: 2}, {line: 3}]},
  })
  // The summary counted from the items of the file, not from its own summary.
  const bins = Array<number>(10).fill(0)
  let releasedCount = 0
  for (const [i, {line, critical, responseStart, responseTokenCount}] of result.items.entries()) {
    const released = critical.find(({method, rule}) => method === 'rollout' && rule === 'released')
    expect(shown[i]).toEqual([String(line), released ? String(released.position) : ''])
    if (!released) continue
    releasedCount++
    bins[Math.floor((10 * (released.position - responseStart)) / responseTokenCount)]!++
  }
  expect(releasedCount).toBeGreaterThanOrEqual(2)
  expect(result.items.map(({verdict}) => verdict)).toEqual(['wrong', 'wrong', 'right', 'wrong'])
  const summary = page.getByTestId('dataset-summary')
  await expect(summary).toContainText('4 items, 2 lines skipped')
  await expect(summary).toContainText(`a critical token by the released rule in ${releasedCount},`)
  await expect(summary).toContainText(`right${1}, 0.25`)
  const numbers = await summary.locator('text[text-anchor="middle"]').allTextContents()
  expect(numbers).toEqual(bins.filter((count) => count > 0).map(String))

  await rows.first().getByRole('button').focus()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('critical-response')).toBeVisible({timeout: 30_000})
  await expect(page.getByTestId('right-answer')).toHaveValue('31')
  await expect(critical(page)).toHaveAttribute('data-critical', /released/, {timeout: 30_000})
})
