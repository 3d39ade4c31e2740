import {expect as base, type Page} from '@playwright/test'
import {runCopied} from './copied-command.ts'
import {connectTo} from './served-host.ts'
import {test, Workbench} from './workbench.ts'

/** What is computed is waited for: a loaded machine takes its time. */
const expect = base.configure({timeout: 60_000})
const PROMPT = 'Mira keeps coins. Tom keeps lamps. What keeps Mira? Mira keeps'

test.beforeEach(async ({context}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
})

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText())
const bars = (page: Page) => page.locator('[data-bar]')
const hollow = (page: Page) => page.locator('[data-bar][fill=none]')
const notes = (page: Page) => page.getByTestId('probe-notes')

async function openLens(workbench: Workbench, generate: number): Promise<void> {
  await workbench.open()
  await workbench.setGeneration(generate)
  await workbench.run(PROMPT)
}

/** p of a token after some ids, asked of the engine by the tokens lens, which knows nothing of attribution. */
async function probOf(workbench: Workbench, ids: readonly number[], id: number): Promise<number> {
  const [cookie] = await workbench.page.context().cookies()
  const connection = connectTo(workbench.host.port, `${cookie!.name}=${cookie!.value}`)
  const {tokens, rawLogprobs} = await connection.client.tokens.next({
    ...{model: 'micro-base', ids: Int32Array.from(ids), position: ids.length - 1, topK: 1000},
  })
  connection.close()
  return Math.exp(rawLogprobs[[...tokens.ids].indexOf(id)]!)
}

async function idsOf(workbench: Workbench, prompt: string, isWhole = true): Promise<number[]> {
  const [cookie] = await workbench.page.context().cookies()
  const connection = connectTo(workbench.host.port, `${cookie!.name}=${cookie!.value}`)
  const {tokens} = await connection.client.text.tokenize({
    ...{model: 'micro-base', prompt, noSpecialTokens: !isWhole},
  })
  connection.close()
  return [...tokens.ids]
}

async function copyByMenu(page: Page, title: string): Promise<string> {
  await page.getByTestId('copy-menu').first().click()
  await page.getByRole('menuitem', {name: title}).click()
  await expect(page.getByTestId('job-line')).toContainText('copied')
  return clipboard(page)
}

async function byPalette(page: Page, title: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await expect(page.getByTestId('palette-input')).toBeFocused()
  await page.keyboard.type(title)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('palette')).toHaveCount(0)
}

/** Spearman's ρ by the definition: Pearson's of the ranks, equal values sharing the mean of theirs. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const ranksOf = (values: readonly number[]) =>
    values.map((value) => {
      const below = values.filter((other) => other < value).length
      return below + (values.filter((other) => other === value).length - 1) / 2
    })
  const [x, y] = [ranksOf(a), ranksOf(b)]
  const mean = (x.length - 1) / 2
  const product = (p: readonly number[], q: readonly number[]) =>
    p.reduce((sum, value, i) => sum + (value - mean) * (q[i]! - mean), 0)
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y))
}

interface CopiedResult {
  readonly method: string
  readonly values: readonly {readonly position: number; readonly value: number}[]
  readonly target: {
    readonly tokenIds: readonly number[]
    readonly contrastId: number | null
    readonly prob: number
  }
  readonly tokens: readonly {readonly id: number}[]
  readonly beside?: readonly {
    readonly method: string
    readonly values: CopiedResult['values']
  }[]
}

test('by mouse: bars of a probe that stopped; a contrast; what is replaced; every method beside the others', async ({
  workbench,
}) => {
  test.setTimeout(300_000)
  const {page} = workbench
  await openLens(workbench, 2)
  await page.getByRole('tab', {name: 'Attribution'}).click()
  await expect(notes(page)).toHaveAttribute('data-stop', 'converged')
  await expect(hollow(page)).toHaveCount(0)
  await expect(page.getByTestId('stopped')).toContainText('of 8')
  // Faithfulness came with it.
  await expect(
    page.getByTestId('trust').locator('tr[data-method=reagent] td[data-metric=soft-nc]')
  ).not.toHaveAttribute('data-value', '')

  // Why coins rather than lamps.
  const [coins, lamps] = await Promise.all(
    [' coins', ' lamps'].map(async (text) => (await idsOf(workbench, text, false))[0]!)
  )
  await page.getByTestId('target').click()
  for (const [name, text] of [
    ['A', ' coins'],
    ['B', ' lamps'],
  ] as const) {
    await page.getByTestId(`contrast-${name}`).fill(text)
    await page.getByTestId(`contrast-${name}-found`).first().click()
  }
  await page.getByTestId('target-contrast').click()
  await expect(page.getByTestId('target')).toContainText('not')
  await page.getByTestId('method').click()
  await page.getByRole('menuitemradio', {name: 'Occlusion, mask'}).click()
  await page.getByRole('radio', {name: 'Replace'}).click()
  const ids = await idsOf(workbench, PROMPT)
  const share = async (context: readonly number[]) => {
    const [a, b] = await Promise.all([coins!, lamps!].map((id) => probOf(workbench, context, id)))
    return a! / (a! + b!)
  }
  const outcome = (name: string) =>
    page.getByTestId('replace-outcome').locator(`[data-outcome="${name}"]`)
  await expect(outcome('as written')).toBeVisible()
  const written = Number(await outcome('as written').getAttribute('data-value'))
  expect(Math.abs(written - (await share(ids)))).toBeLessThan(1e-5)
  // The thing that Mira keeps, in the first sentence.
  const at = ids.indexOf(coins!)
  await page.locator(`[data-context="${at}"]`).click()
  await page.getByTestId('replacement').fill(' lamps')
  await page.getByTestId('replacement').press('Enter')
  await expect(outcome('changed')).toBeVisible()
  const changed = Number(await outcome('changed').getAttribute('data-value'))
  expect(Math.abs(changed - (await share(ids.with(at, lamps!))))).toBeLessThan(1e-5)
  expect(changed).toBeLessThan(written)

  // All methods on the same target, with the rank correlation of what was copied.
  await page.getByTestId('attribution-settings').click()
  for (const label of ['probes', 'draws']) {
    const field = page.getByTestId('attribution-form').getByLabel(label, {exact: true})
    await field.fill('2')
    await field.press('Enter')
  }
  await page.keyboard.press('Escape')
  await page.getByRole('radio', {name: 'Compare'}).click()
  const rows = page.getByTestId('compare').locator('tr[data-method]')
  const rho = (method: string) =>
    page.getByTestId('compare').locator(`tr[data-method="${method}"] [data-rho]`)
  for (const method of ['shapley', 'random', 'attention-rollout']) {
    await expect(rho(method)).not.toHaveAttribute('data-rho', '', {timeout: 90_000})
  }
  await workbench.isIdle()
  expect(await rows.count()).toBeGreaterThanOrEqual(8)
  const copied: CopiedResult = JSON.parse(await copyByMenu(page, 'Copy result as JSON'))
  expect(copied.target).toMatchObject({tokenIds: [coins], contrastId: lamps})
  expect(copied.beside!.map(({method}) => method)).toHaveLength(7)
  for (const {method, values} of copied.beside!) {
    const own = new Map(copied.values.map(({position, value}) => [position, value]))
    const expected = spearman(
      values.map(({position}) => own.get(position)!),
      values.map(({value}) => value)
    )
    const shown = Number(await rho(method).getAttribute('data-rho'))
    expect(Math.abs(shown - expected), method).toBeLessThan(1e-9)
  }

  // Two tokens at once: their mean, as the tokens lens gives each of them; neither is in its own context.
  await page.getByRole('radio', {name: 'Replace'}).click()
  await page.getByTestId('target').click()
  const last = ids.length - 1
  for (const [label, at] of [
    ['First token of the span', last - 1],
    ['Last token of the span', last],
  ] as const) {
    const field = page.getByLabel(label, {exact: true})
    await field.fill(String(at))
    await field.press('Enter')
  }
  await page.getByTestId('target-span').click()
  await expect(page.getByTestId('target')).toContainText(`${last - 1}`)
  const each = await Promise.all(
    [last - 1, last].map((at) => probOf(workbench, ids.slice(0, at), ids[at]!))
  )
  const mean = (each[0]! + each[1]!) / 2
  await expect
    .poll(async () =>
      Math.abs(Number(await outcome('as written').getAttribute('data-value')) - mean)
    )
    .toBeLessThan(1e-5)
  await page.getByRole('radio', {name: 'Table'}).click()
  await workbench.isIdle()
  const ofSpan: CopiedResult = JSON.parse(await copyByMenu(page, 'Copy result as JSON'))
  expect(ofSpan.target.tokenIds).toEqual(ids.slice(last - 1))
  expect(Math.max(...ofSpan.values.map(({position}) => position))).toBe(last - 2)

  // A row for each generated token.
  await page.getByRole('radio', {name: 'Heat map'}).click()
  await expect(page.getByTestId('heat-map')).toHaveAttribute('data-rows', '2')
})

test('by keys: bars stay hollow until a probe stops, and a cancelled run is labelled; link, command and values say the same', async ({
  workbench,
  context,
}, info) => {
  test.setTimeout(300_000)
  const {page} = workbench
  await openLens(workbench, 0)
  // The last token of the prompt, from wherever it is locked.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await page.keyboard.press('End')
  await page.keyboard.press('e')
  await expect(page.getByRole('tab', {name: 'Attribution'})).toHaveAttribute(
    'aria-selected',
    'true'
  )
  await expect(page.getByTestId('target')).toContainText('keeps at')
  await page.keyboard.press('Shift+E')
  await expect(bars(page).first()).toBeVisible()

  // A token that is not the likeliest, with everything kept in the test: no probe stops, however long it runs.
  await page.getByTestId('attribution-settings').focus()
  await page.keyboard.press('Enter')
  const setNumber = async (label: string, value: string) => {
    const field = page.getByTestId('attribution-form').getByLabel(label, {exact: true})
    await field.fill(value)
    await field.press('Enter')
  }
  await setNumber('stop', '1')
  await setNumber('keep', '0.99')
  await setNumber('steps', '100000')
  await page.keyboard.press('Escape')
  await page.getByTestId('target').focus()
  await page.keyboard.press('Enter')
  await page.getByTestId('forced').focus()
  await page.keyboard.type(' lamps')
  await expect(page.getByTestId('forced-found').first()).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('target')).toContainText('lamps')
  await expect(page.getByTestId('stopped')).toContainText('Not converged yet')
  await expect.poll(async () => (await hollow(page).count()) > 3).toBe(true)
  await page.keyboard.press('Control+.')
  await expect(page.getByTestId('attribution-partial')).toContainText('Cancelled')
  await expect(notes(page)).toHaveAttribute('data-stop', 'cancelled')
  expect(await hollow(page).count()).toBe(await bars(page).count())
  // It stays so: nothing starts again by itself.
  await workbench.isIdle()
  await expect(page.getByTestId('attribution-partial')).toBeVisible()

  // Among the 1,000 likeliest it is at once.
  await page.getByTestId('attribution-settings').focus()
  await page.keyboard.press('Enter')
  await setNumber('stop', '1000')
  await page.keyboard.press('Escape')
  await expect(notes(page)).toHaveAttribute('data-stop', 'converged')
  await expect(hollow(page)).toHaveCount(0)
  expect(await bars(page).count()).toBeGreaterThan(3)

  // Another method of the same target: what is shown is what the command prints.
  await page.getByTestId('method').focus()
  await page.keyboard.press('Enter')
  await page.keyboard.type('Occlusion, d')
  await page.keyboard.press('Enter')
  await expect(page.locator('[data-bar=occlusion-delete]').first()).toBeVisible()
  await workbench.isIdle()
  await byPalette(page, 'copy as CLI')
  await expect(workbench.jobLine).toContainText('copied the command')
  const command = await clipboard(page)
  expect(command.startsWith('tokenscope attribute ')).toBe(true)
  await byPalette(page, 'copy result as JSON')
  await expect(workbench.jobLine).toContainText('attribution as JSON')
  const shown: CopiedResult = JSON.parse(await clipboard(page))
  const printed: CopiedResult = JSON.parse(await runCopied(command, info.outputPath('cli')))
  expect(printed.method).toBe('occlusion-delete')
  expect(printed.target.tokenIds).toEqual(shown.target.tokenIds)
  expect(printed.values.map(({position}) => position)).toEqual(
    shown.values.map(({position}) => position)
  )
  printed.values.forEach(({value}, i) => {
    expect(Math.abs(value - shown.values[i]!.value)).toBeLessThan(1e-6)
  })
  await byPalette(page, 'copy attribution as TSV')
  await expect(workbench.jobLine).toContainText('attribution as TSV')
  const [head, ...lines] = (await clipboard(page)).trim().split('\n')
  const columns = head!.split('\t')
  const ownLines = lines.filter((line) => line.startsWith('occlusion-delete\t'))
  expect(ownLines.map((line) => Number(line.split('\t')[columns.indexOf('value')]))).toEqual(
    shown.values.map(({value}) => value)
  )

  await page.keyboard.press('Control+Shift+L')
  await expect(workbench.jobLine).toContainText('copied a link')
  const other = await context.newPage()
  await other.goto(await clipboard(page))
  const second = new Workbench(other, workbench.host)
  await expect(other.getByTestId('target')).toContainText('lamps')
  await expect(other.getByTestId('method')).toContainText('Occlusion, delete')
  await second.isIdle()
  const valuesOn = (where: Page) =>
    where
      .locator('[data-bar=occlusion-delete]')
      .evaluateAll((all) => all.map((bar) => bar.getAttribute('data-value')))
  expect(await valuesOn(other)).toEqual(await valuesOn(page))
})
