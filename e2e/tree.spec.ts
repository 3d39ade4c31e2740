import {readFile, writeFile} from 'node:fs/promises'
import {expect, type Page} from '@playwright/test'
import {dropFiles} from './drop-files.ts'
import {connectTo} from './served-host.ts'
import {test, type Workbench} from './workbench.ts'

const PROMPT = 'Mira keeps coins. Tom keeps lamps. What keeps Mira? Mira keeps'

const figureOf = (page: Page) => page.getByTestId('tree-figure')
const exactOf = async (page: Page, name: string) =>
  Number(await page.locator(`[data-node-fact="${name}"]`).getAttribute('data-exact'))

async function openTree(workbench: Workbench): Promise<void> {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run(PROMPT)
  await page.getByRole('tab', {name: 'Tree'}).click()
  await expect(figureOf(page)).toBeVisible({timeout: 30_000})
  await expect(page.getByTestId('tree-growing')).toHaveCount(0)
  // Keys are for the tree, not for the tabs.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur())
}

const settled = (page: Page) => expect(page.getByTestId('tree-growing')).toHaveCount(0)

test('by keys: nodes have the model’s own numbers, are grown, pinned, pruned and undone', async ({
  workbench,
}) => {
  const {page, host} = workbench
  await openTree(workbench)
  await page.keyboard.press('ArrowRight')
  const id = await exactOf(page, 'token id')
  const raw = await exactOf(page, 'raw')
  // Asked of the engine by the tokens lens, which knows nothing of trees.
  const [cookie] = await page.context().cookies()
  const connection = connectTo(host.port, `${cookie!.name}=${cookie!.value}`)
  const {tokens} = await connection.client.text.tokenize({model: 'micro-base', prompt: PROMPT})
  const next = await connection.client.tokens.next({
    ...{model: 'micro-base', ids: tokens.ids, position: tokens.ids.length - 1, topK: 5},
  })
  connection.close()
  expect(id).toBe(next.tokens.ids[0])
  expect(Math.abs(raw - Math.exp(next.rawLogprobs[0]!))).toBeLessThan(1e-5)
  const sum = Number(await page.getByTestId('tree-children').getAttribute('data-sum'))
  expect(Math.abs(sum - 1)).toBeLessThan(1e-6)

  // Down the likeliest path the share is the product of what was passed.
  const first = await exactOf(page, 'probability')
  await page.keyboard.press('ArrowRight')
  const second = await exactOf(page, 'probability')
  expect(Math.abs((await exactOf(page, 'path')) - first * second)).toBeLessThan(1e-9)

  const before = Number(await figureOf(page).getAttribute('data-nodes'))
  await page.keyboard.press('g')
  await expect(figureOf(page)).toHaveAttribute('data-nodes', String(before + 4))
  await page.keyboard.press('Control+z')
  await expect(figureOf(page)).toHaveAttribute('data-nodes', String(before))

  await page.keyboard.press('p')
  await page.keyboard.press('f')
  await expect(page.getByTestId('tree-compare').locator('li')).toHaveCount(2)
  const branch = page.getByTestId('tree-compare').locator('li').last()
  // As far as the text goes.
  await expect(branch).toContainText('</s>')

  await page.keyboard.press('Delete')
  await page.keyboard.press('Control+z')
  await settled(page)

  // Another token beside it, with its exact probability.
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('e')
  await expect(page.locator('#change-token')).toBeFocused()
  await page.keyboard.type(' Tom')
  await page.keyboard.press('Enter')
  await expect(page.locator('[data-node-fact=state]')).toContainText('put in by hand')
  expect(await exactOf(page, 'raw')).toBeLessThan(0.5)

  await page.reload()
  await workbench.isIdle()
  await expect(page.locator('[data-node-fact=state]')).toContainText('put in by hand', {
    timeout: 30_000,
  })
})

test('by mouse: a law without a new tree, cut tokens, the outline, and a figure with the bytes of its command', async ({
  workbench,
}) => {
  const {page} = workbench
  await openTree(workbench)
  const box = (await figureOf(page).boundingBox())!
  // The first row under the heads of the levels.
  await page.mouse.click(box.x + 110, box.y + 34)
  await expect(page.getByTestId('tree-node')).toContainText('selected')
  const nodes = await figureOf(page).getAttribute('data-nodes')
  const cold = await exactOf(page, 'raw')
  await page.getByTestId('tree-temperature').getByRole('textbox').fill('3')
  await page.getByTestId('tree-temperature').getByRole('textbox').press('Enter')
  await expect(page.getByRole('radio', {name: 'temperature'})).toBeChecked()
  await expect.poll(() => exactOf(page, 'temperature')).toBeLessThan(cold)
  await expect(figureOf(page)).toHaveAttribute('data-nodes', nodes!)
  // The same number, but for what else was in the run.
  expect(Math.abs((await exactOf(page, 'raw')) - cold)).toBeLessThan(1e-6)

  await page.getByTestId('tree-cuts').click()
  await page.getByLabel('Top-k, 0 for none').fill('1')
  await page.getByLabel('Top-k, 0 for none').press('Enter')
  await page.keyboard.press('Escape')
  await settled(page)
  await page.getByRole('radio', {name: 'Outline'}).click()
  const rows = page.getByTestId('tree-outline').locator('tbody tr')
  await expect(rows.filter({hasText: ', cut'}).first()).toBeVisible()
  // A row whose next one is no deeper ends its path; all ends together are the whole.
  const depths = (await rows.locator('td:nth-child(2)').allTextContents()).map(Number)
  const endCount = depths.filter((depth, i) => (depths[i + 1] ?? 0) <= depth).length
  await expect(page.getByTestId('tree-outline-total')).toContainText(
    `${endCount} leaves and stubs1.000`
  )
  // Under top-1 one path has everything.
  const shares = await rows.evaluateAll((all) => all.map((row) => Number(row.dataset.share)))
  expect(shares.filter((share) => share > 0).every((share) => Math.abs(share - 1) < 1e-9)).toBe(
    true
  )

  await page.getByRole('radio', {name: 'Icicle'}).click()
  await expect(figureOf(page)).toHaveAttribute('data-view', 'icicle')
  await page.mouse.move(box.x + 200, box.y + 100)
  await page.mouse.wheel(0, -400)
  await page.keyboard.press('Control+e')
  const dialog = page.getByTestId('export-dialog')
  await expect(dialog.getByTestId('export-preview').locator('svg')).toBeVisible()
  await dialog.getByText('CSV').click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByTestId('export-save').click(),
  ])
  const csv = await readFile(await download.path(), 'utf8')
  const [made, head] = csv.trim().split('\r\n')
  expect(JSON.parse(made!.slice(2)).request).toMatchObject({temperature: 3, topK: 1})
  expect(head).toContain('truncatedLogprob')
})

test('drafts: a step is told test by test, its counts agree, and strategies stand side by side', async ({
  workbench,
}) => {
  const {page} = workbench
  await openTree(workbench)
  await page.getByRole('radio', {name: 'Draft'}).click()
  const draft = page.getByTestId('draft')
  await expect(draft).toBeVisible({timeout: 30_000})
  await settled(page)
  await expect(page.getByTestId('frame-name')).toHaveText('commit')
  const tests = page.getByTestId('draft-tests').locator('tr[data-test]')
  const all = await tests.evaluateAll((rows) =>
    rows.map(({dataset}) => ({
      verdict: dataset.verdict,
      accept: Number(dataset.accept),
      uniform: Number(dataset.uniform),
    }))
  )
  expect(all.length).toBeGreaterThan(0)
  for (const {verdict, accept, uniform} of all) {
    expect(verdict).toBe(uniform < accept ? 'accepted' : 'rejected')
  }
  const accepted = all.filter(({verdict}) => verdict === 'accepted').length
  await expect(page.getByTestId('draft-counts')).toContainText(
    `${accepted} accepted of ${all.length} test`
  )
  await page.getByTestId('frame-first').click()
  await expect(tests).toHaveCount(0)
  await expect(draft).toHaveAttribute('data-frame', 'draft')
  await page.getByTestId('frame-on').click()
  await expect(draft).toHaveAttribute('data-frame', 'mask')
  await page.getByTestId('frame-on').click()
  await expect(tests).toHaveCount(1)
  // The test that is shown is marked, and its node is the one that is looked at.
  await expect(tests.first()).toHaveAttribute('aria-current', 'step')
  const isLookedAt = async (row: typeof tests) =>
    expect(figureOf(page)).toHaveAttribute(
      'data-selected',
      `#${await row.getAttribute('data-test')}`
    )
  await isLookedAt(tests.first())
  if (all.length > 1) {
    await page.getByTestId('frame-on').click()
    await expect(tests).toHaveCount(2)
    await isLookedAt(tests.nth(1))
  }
  await tests.first().hover()
  await expect(page.getByTestId('draft-mask')).not.toHaveAttribute('data-lit', '0')

  await page.getByTestId('compare-strategies').click()
  const strategies = page.getByTestId('draft-strategies')
  await expect(strategies.locator('tr[data-runs]:not([data-runs="0"])')).toHaveCount(10, {
    timeout: 60_000,
  })
  await page.getByTestId('cancel-comparison').click()
  const chain = strategies.locator('tr[data-strategy=chain]')
  const means = await Promise.all(
    ['accepted', 'committed'].map((name) =>
      chain.locator(`[data-${name}]`).getAttribute(`data-${name}`)
    )
  )
  // One token of the model follows the accepted drafts, but at an end of the text.
  const [own, committed] = means.map(Number)
  expect(committed! - own!).toBeGreaterThan(0.5)
  expect(committed! - own!).toBeLessThanOrEqual(1 + 1e-9)
})

test('files: a saved tree is opened by the menu and by a drop, and refused by the hash of another model', async ({
  workbench,
}, info) => {
  const {page} = workbench
  await openTree(workbench)
  // One node is grown by hand, so that the file is not what the prompt alone would give.
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('g')
  await settled(page)
  await page.getByTestId('tree-file').click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', {name: 'Save the tree'}).click(),
  ])
  const path = info.outputPath('tree.json')
  await download.saveAs(path)
  const saved = JSON.parse(await readFile(path, 'utf8'))
  const tokens = saved.nodes.filter(({tokenId}: {tokenId: number | null}) => tokenId !== null)
  const first = tokens.find(
    ({parent, order}: {parent: number | null; order: number}) => parent === null && order === 0
  )
  await expect(figureOf(page)).toHaveAttribute('data-nodes', String(tokens.length))

  const isShown = async () => {
    await expect(figureOf(page)).toHaveAttribute('data-nodes', String(tokens.length), {
      timeout: 30_000,
    })
    // And stays: nothing is grown over it.
    await settled(page)
    await expect(figureOf(page)).toHaveAttribute('data-nodes', String(tokens.length))
    await expect(workbench.prompt).toHaveValue(PROMPT)
    // The first row under the heads of the levels.
    const box = (await figureOf(page).boundingBox())!
    await page.mouse.click(box.x + 110, box.y + 34)
    await expect.poll(() => exactOf(page, 'token id')).toBe(first.tokenId)
    expect(Math.abs((await exactOf(page, 'raw')) - Math.exp(first.rawLogprob))).toBeLessThan(1e-9)
  }
  const another = async () => {
    await workbench.run('Tom walks to the')
    await settled(page)
    await expect(figureOf(page)).not.toHaveAttribute('data-nodes', String(tokens.length))
  }
  // The runs from here on go on after their prompts.
  await workbench.setGeneration(3)
  await another()
  await page.getByTestId('tree-open').setInputFiles(path)
  await isShown()
  await another()
  await dropFiles(page, [path])
  await isShown()

  const wrong = info.outputPath('other.json')
  const sha256 = 'f'.repeat(64)
  await writeFile(wrong, JSON.stringify({...saved, model: {...saved.model, sha256}}))
  await dropFiles(page, [wrong])
  const problem = page.getByTestId('open-problem')
  await expect(problem).toHaveAttribute('data-code', 'tree-of-another-model')
  await expect(problem).toContainText(sha256)
  await expect(problem).toContainText(saved.model.sha256)
  await page.keyboard.press('Escape')
  await expect(problem).toHaveCount(0)
  await expect(figureOf(page)).toHaveAttribute('data-nodes', String(tokens.length))
})
