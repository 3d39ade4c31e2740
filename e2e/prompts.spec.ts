import {join} from 'node:path'
import {expect} from '@playwright/test'
import {root} from './served-host.ts'
import {test, type Workbench} from './workbench.ts'

const SUMS = Array.from({length: 500}, (_, i) => {
  const [a, b] = [10 + (i % 40), 11 + ((i * 7) % 40)]
  return {prompt: `${a} + ${b} =`, answer: ` ${a + b}`}
})
const CSV = ['prompt,answer', ...SUMS.map(({prompt, answer}) => `${prompt},${answer}`)]

const caption = ({page}: Workbench) => page.getByTestId('list-caption')
const rows = ({page}: Workbench) => page.getByTestId('list-row')
/** Done and total, as the caption counts them. */
const doneOf = async (workbench: Workbench) =>
  Number(/([\d,]+) done/.exec(await caption(workbench).innerText())![1]!.replace(',', ''))

test('find and jump, by mouse', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.prompt.fill('Tom keeps lamps. tom keeps coins.\n(a+b) tomtom')
  await page.getByRole('button', {name: 'Find a command'}).click()
  await page.keyboard.type('Find in the prompt')
  await page.keyboard.press('Enter')
  await page.getByTestId('find-words').fill('tom')
  const count = page.getByTestId('find-count')
  await expect(count).toHaveText('1 of 4')
  await page.getByRole('button', {name: 'Next match'}).click()
  await expect(count).toHaveText('2 of 4')
  await page.getByRole('button', {name: 'Match case'}).click()
  await expect(count).toHaveText('1 of 3')
  await page.getByRole('button', {name: 'Whole words'}).click()
  await expect(count).toHaveText('1 of 1')
  await page.getByRole('button', {name: 'Regular expression'}).click()
  await page.getByTestId('find-words').fill('(')
  await expect(count).toContainText('Invalid regular expression')
  await page.getByTestId('find-words').fill('k\\w+')
  await expect(count).toHaveText('1 of 2')
  await page.getByRole('button', {name: 'Close find'}).click()
  await expect(workbench.prompt).toBeFocused()
  const selected = await workbench.prompt.evaluate((area: HTMLTextAreaElement) =>
    area.value.slice(area.selectionStart, area.selectionEnd)
  )
  expect(selected).toBe('keeps')
})

test('find, a runaway expression and jump, by keyboard', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.prompt.focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.type(`${'a'.repeat(40)}! Tom keeps lamps`)
  await page.keyboard.press('Control+f')
  await page.keyboard.type('(a+)+$')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  const regex = page.getByRole('button', {name: 'Regular expression'})
  for (let i = 0; i < 4; i++) {
    if (await regex.evaluate((button) => button === document.activeElement)) break
    await page.keyboard.press('Tab')
  }
  await expect(regex).toBeFocused()
  await page.keyboard.press('Space')
  // It would look for longer than anybody lives; the page stays alive and says so.
  await expect(page.getByTestId('find-count')).toContainText('took too long')
  await page.getByTestId('find-words').focus()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('m\\b')
  await expect(page.getByTestId('find-count')).toHaveText('1 of 1')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(workbench.prompt).toBeFocused()

  await page.keyboard.press('Control+Enter')
  await workbench.isIdle()
  await page.keyboard.press('Control+j')
  await page.keyboard.type('keeps')
  await expect(page.getByTestId('jump-dialog').getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('jump-dialog')).toHaveCount(0)
  const inspected = await page.getByTestId('inspected').innerText()
  await page.keyboard.press('Control+j')
  await page.keyboard.type('2')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('inspected')).toHaveText('token 2')
  expect(inspected).not.toBe('token 2')
})

test('a chat is edited turn by turn, by mouse and by keyboard, and outlives a reload', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.chooseFolder(join(root, 'fixtures/tiny-decoder-kv'))
  await expect(page.getByTestId('facts')).toContainText('tiny-decoder-kv')
  await workbench.prompt.fill('Who has the lamp?')
  await page.getByText('chat template').click()
  const texts = page.getByTestId('turn-text')
  const roles = page.getByTestId('turn-role')
  await expect(texts).toHaveValue('Who has the lamp?')
  // By mouse: add, remove, move.
  await page.getByTestId('add-system').click()
  await expect(roles.first()).toHaveValue('system')
  await expect(page.getByTestId('prompt-turns')).toContainText('left out')
  await page.getByTestId('add-turn').click()
  await expect(roles.nth(2)).toHaveValue('assistant')
  await texts.nth(2).fill('Mira has it.')
  await expect(page.getByTestId('prompt-turns')).toContainText('The template ends this turn')
  await page.getByRole('button', {name: 'Move turn 3 up'}).click()
  await expect(texts.nth(1)).toHaveValue('Mira has it.')
  await page.getByRole('button', {name: 'Remove turn 2'}).click()
  await expect(texts).toHaveCount(2)
  // By keyboard: a further turn, its role, its place.
  await texts.nth(1).focus()
  await page.keyboard.press('Alt+Enter')
  await expect(texts.nth(2)).toBeFocused()
  await page.keyboard.type('Tom has it.')
  await page.keyboard.press('Alt+ArrowUp')
  await expect(texts.nth(1)).toBeFocused()
  await expect(texts.nth(1)).toHaveValue('Tom has it.')
  await page.keyboard.press('Alt+ArrowDown')
  await roles.nth(2).focus()
  await page.keyboard.type('user')
  await page.keyboard.press('Control+Enter')
  await workbench.isIdle()
  await expect(page.getByTestId('token-text')).toContainText('Tom')
  // Plain text and chat are both kept.
  await page.getByText('chat template').click()
  await expect(workbench.prompt).toHaveValue('Who has the lamp?')
  await page.getByText('chat template').click()
  await expect(texts).toHaveCount(3)
  await page.reload()
  await expect(roles).toHaveCount(3)
  await expect(texts.nth(2)).toHaveValue('Tom has it.')
})

test('500 prompts: run, cancelled half-way, resumed, sorted, one opened; by mouse', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await page.getByTestId('show-list').click()
  await page.getByTestId('import-list').click()
  const lines = [...CSV.slice(0, 5), '', 'one,two,three', ...CSV.slice(5)]
  await page.getByTestId('import-input').setInputFiles({
    name: 'sums.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(lines.join('\n')),
  })
  await expect(page.getByTestId('import-summary')).toContainText('500 prompts from 503 lines')
  const skipped = page.getByTestId('import-skipped')
  await expect(skipped).toContainText('line 6 is empty')
  await expect(skipped).toContainText('line 7 has 3 fields in place of 2')
  await page.getByTestId('import-add').click()
  await expect(caption(workbench)).toContainText('500 prompts, 0 done.')
  await expect(page.getByTestId('list-skipped')).toContainText('2: line 6 is empty')
  await expect(page.getByTestId('list-format')).toHaveText('CSV, with a header')
  await expect(page.getByTestId('list-columns')).toContainText('prompt “prompt”, answer “answer”')

  await expect(page.getByLabel('Sure and surprised')).toContainText('when it is done')
  await page.getByTestId('run-list').click()
  await expect(workbench.jobLine).toContainText('of 500 prompts')
  await expect.poll(() => doneOf(workbench)).toBeGreaterThan(20)
  await workbench.jobLine.getByTestId('cancel').click()
  await expect(caption(workbench)).toContainText('Cancelled after')
  const half = await doneOf(workbench)
  expect(half).toBeLessThan(500)
  await expect.poll(async () => (await workbench.engineStatus()).runningCount).toBe(0)
  expect(await doneOf(workbench)).toBe(half)
  await expect(page.getByTestId('run-list')).toContainText(`Run the rest, ${500 - half}`)
  await page.getByTestId('run-list').click()
  await expect(caption(workbench)).toContainText('500 done', {timeout: 60_000})

  // The interval's ends are those shares from which the seen one is 1.96 standard errors away.
  const summary = (await caption(workbench).textContent()) ?? ''
  const [right, wrong] = [/(\d+) right/, /(\d+) wrong/].map((one) => Number(one.exec(summary)?.[1]))
  const count = right! + wrong!
  const wilson = (await page.getByTestId('list-wilson').textContent()) ?? ''
  const ends = [...wilson.matchAll(/[\d.]+/g)].map(([end]) => Number(end) / 100)
  expect(ends).toHaveLength(2)
  for (const end of ends) {
    const errors = Math.abs(right! / count - end) / Math.sqrt((end * (1 - end)) / count)
    if (end < 1) expect(Math.abs(errors - 1.96)).toBeLessThan(0.006 * Math.sqrt(count / 0.04))
  }
  // Five hundred rows are a raster; a mark that is pointed at is named, and clicked it has the focus.
  await expect(page.locator('[data-testid=scatter-marks].raster')).not.toHaveCount(0)
  const scatter = page.getByTestId('list-scatter')
  await scatter.focus()
  await page.keyboard.press('End')
  const ring = await page.locator('.list-scatter .focused circle').boundingBox()
  await page.keyboard.press('Home')
  const words = page.getByTestId('scatter-words')
  await page.mouse.move(ring!.x + ring!.width / 2, ring!.y + ring!.height / 2)
  await expect(words).toContainText('bits per token · ')
  const number = /#(\d+)/.exec((await words.textContent()) ?? '')![1]!
  await page.mouse.click(ring!.x + ring!.width / 2, ring!.y + ring!.height / 2)
  await expect(page.locator('tr[aria-selected=true]')).toHaveCount(1)
  await expect(page.getByTestId('inspector')).toContainText(`Prompt ${number}`)

  await page.getByTestId('sort-prob').click()
  const probs = async () =>
    rows(workbench).evaluateAll((all) =>
      all.map((row) => Number(row.querySelector<HTMLElement>('[data-prob]')!.dataset.prob))
    )
  const ascending = await probs()
  expect(ascending).toEqual([...ascending].sort((a, b) => a - b))
  await expect(page.locator('th[aria-sort=ascending]')).toContainText('answer probability')
  await page.getByTestId('sort-prob').click()
  await expect(page.locator('th[aria-sort=descending]')).toContainText('answer probability')
  const descending = await probs()
  expect(descending).toEqual([...descending].sort((a, b) => b - a))

  const first = rows(workbench).first()
  const prob = (await probs())[0]!
  const answer = SUMS[Number(await first.getAttribute('data-number')) - 1]!.answer
  await first.dblclick()
  await expect(workbench.text).toBeVisible()
  await workbench.isIdle()
  // The answer's probability is the product of its tokens' in the lens: a space and two digits.
  await page.getByText('Table', {exact: true}).click()
  const surprisals = await page
    .locator('.data-table tbody tr')
    .evaluateAll((all) => all.map((row) => row.querySelectorAll('td, th')[3]?.textContent ?? ''))
  const promptCount = 8
  const bits = surprisals.slice(promptCount, promptCount + answer.length).map(Number)
  expect(bits).toHaveLength(3)
  const sum = bits.reduce((total, value) => total + value, 0)
  // Each was written with two decimals.
  expect(Math.abs(-Math.log2(prob) - sum)).toBeLessThan(0.005 * 3 + 1e-9)
})

test('answers are right by their text: with a space before them, without, and white space alone is none', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(6)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('Paste or load a prompt list')
  await page.keyboard.press('Enter')
  await page.getByTestId('import-text').fill('prompt,answer\n10 + 10 =,?')
  await page.getByTestId('import-add').click()
  await page.getByTestId('run-list').click()
  await expect(caption(workbench)).toContainText('1 done')
  const completion = await rows(workbench).first().locator('td').nth(1).innerText()
  const [, word] = /^·?(\p{L}+|\p{N}+)/u.exec(completion)!
  const answers = [word!, ` ${word}`, `${word}0`, ' ']
  await page.getByTestId('import-list').click()
  const lines = answers.map((answer) => `10 + 10 =,"${answer}"`)
  await page.getByTestId('import-text').fill(['prompt,answer', ...lines].join('\n'))
  await page.getByTestId('import-replace').click()
  await page.getByTestId('run-list').click()
  await expect(caption(workbench)).toContainText('4 prompts, 4 done')
  const statuses = () => rows(workbench).locator('.list-status').allInnerTexts()
  expect((await statuses()).slice(-4)).toEqual(['✓ right', '✓ right', '✕ wrong', 'done'])
  await expect(caption(workbench)).toContainText('1 row has no answer.')
  // A blank one says what it counts as; one without a space how it was scored.
  await rows(workbench).last().click()
  await expect(page.getByTestId('blank-answer')).toContainText('no answer')
  const probs = await rows(workbench).evaluateAll((all) =>
    all.map((row) => Number(row.querySelector<HTMLElement>('[data-prob]')?.dataset.prob))
  )
  const [typed, spaced] = probs.slice(-4) as [number, number]
  expect(typed).toBeGreaterThanOrEqual(spaced)
  await expect(page.getByTestId('job-line')).toContainText('Prompt list,')
})

test('a list by keyboard alone: pasted, filtered, run, walked, opened, undone, kept', async ({
  workbench,
}) => {
  const {page} = workbench
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await workbench.open()
  await page.keyboard.press('Control+k')
  await page.keyboard.type('Paste or load a prompt list')
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('import-text')).toBeFocused()
  const jsonl = [
    ...SUMS.slice(0, 20).map((row) => JSON.stringify(row)),
    'nonsense',
    '{"answer": 3}',
  ]
  await page.evaluate((text) => navigator.clipboard.writeText(text), jsonl.join('\n'))
  await page.keyboard.press('Control+v')
  await expect(page.getByTestId('import-summary')).toContainText('2 lines skipped')
  await expect(page.getByTestId('import-skipped')).toContainText('line 21 is not JSON')
  const add = page.getByTestId('import-add')
  for (let i = 0; i < 12; i++) {
    if (await add.evaluate((button) => button === document.activeElement)) break
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Enter')
  await expect(rows(workbench)).not.toHaveCount(0)
  await page.keyboard.press('Control+Shift+Enter')
  await expect(caption(workbench)).toContainText('20 done')

  const table = page.getByTestId('list-table')
  await table.focus()
  await page.keyboard.press('End')
  await expect(page.locator('#list-row-20')).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByTestId('inspector')).toContainText('Prompt 20')
  // In the scatter the arrows walk rows by their numbers.
  await page.getByTestId('list-scatter').focus()
  const focused = page.getByTestId('scatter-focused')
  const bitsOf = async () =>
    Number(/([\d.]+) bits per token/.exec((await focused.textContent()) ?? '')![1])
  await page.keyboard.press('Home')
  const walked = [await bitsOf()]
  for (let i = 0; i < 19; i++) {
    await page.keyboard.press('ArrowRight')
    await expect(focused).toHaveAttribute('aria-selected', 'true')
    walked.push(await bitsOf())
  }
  expect(walked).toEqual([...walked].sort((a, b) => a - b))
  expect(walked.at(-1)).toBeGreaterThan(walked[0]!)
  await table.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Shift+ArrowDown')
  await expect(page.locator('tr[aria-selected=true]')).toHaveCount(2)
  await page.keyboard.press('Control+c')
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied.split('\n').map((line) => line.split('\t')[1])).toEqual([
    'prompt',
    SUMS[1]!.prompt,
    SUMS[2]!.prompt,
  ])
  await page.keyboard.press('Delete')
  await expect(caption(workbench)).toContainText('18 prompts')
  await page.keyboard.press('Control+z')
  await expect(caption(workbench)).toContainText('20 prompts, 20 done')
  await page.getByTestId('sort-tokens').focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('th[aria-sort=ascending]')).toContainText('tokens')
  await page.getByTestId('list-filter').focus()
  await page.keyboard.type('12 +')
  await expect(rows(workbench)).toHaveCount(1)
  await table.focus()
  await page.keyboard.press('Enter')
  await expect(workbench.text).toBeVisible()
  await expect(workbench.historyRows.first()).toContainText('12 + 25')
  await page.keyboard.press('Control+i')
  await expect(table).toBeVisible()
  await page.reload()
  await expect(caption(workbench)).toContainText('20 prompts, 20 done')
})

test('a paste of 100 MB is refused in four parts, and the page goes on', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  const before = await workbench.prompt.inputValue()
  await page.evaluate(() => {
    const area = document.querySelector<HTMLTextAreaElement>('[data-testid=prompt]')!
    area.focus()
    area.select()
    const data = new DataTransfer()
    data.setData('text/plain', 'Tom keeps lamps. '.repeat(100e6 / 17))
    area.dispatchEvent(
      new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})
    )
  })
  const refused = page.getByTestId('refused')
  await expect(refused).toContainText('too large')
  await expect(refused).toContainText('99,999,984 characters')
  await expect(refused).toContainText('99,999,984 bytes')
  await expect(refused).toContainText('2,048 tokens')
  expect(await workbench.prompt.inputValue()).toBe(before)
  // It answers at once, and takes what fits.
  await page.getByTestId('take-first').click()
  await expect(refused).toHaveCount(0)
  await expect(page.getByTestId('token-count')).toContainText(/of 2,048$/)
  expect(await workbench.prompt.inputValue()).toMatch(/^Tom keeps lamps\. Tom/)
  await workbench.prompt.fill('Tom keeps')
  await expect(page.getByTestId('token-count')).toContainText('3 tokens')
})

test('the first sample is run, locked and captioned; another is chosen by keyboard', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  const words = page.getByTestId('caption')
  await expect(words).toContainText('asked for again it is the likeliest token')
  // The number in the caption is the table's.
  const [best] = (await workbench.candidates()).values()
  await expect(words).toContainText(best!.toFixed(2))
  await page.getByTestId('samples').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('Cut')
  await page.keyboard.press('Enter')
  await expect(words).toContainText('the prompt ends inside it')
  await expect(page.getByTestId('inspected')).toHaveText('token 16')
  await workbench.run(`${await workbench.prompt.inputValue()}tern`)
  await expect(words).not.toContainText('the prompt ends inside it')
})
