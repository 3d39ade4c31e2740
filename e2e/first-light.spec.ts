import {execFile} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect} from '@playwright/test'
import {runRaw, softmax} from './raw-model.ts'
import {root} from './served-host.ts'
import {microBaseFolder, test} from './workbench.ts'

const cli = async (...flags: string[]) => {
  const {stdout} = await promisify(execFile)(
    process.execPath,
    [join(root, 'out/main/cli.js'), ...flags],
    {env: {...process.env, TOKENSCOPE_STATE_FOLDER: test.info().outputPath('cli-state')}}
  )
  return stdout
}

const PROMPT = 'Mira keeps coins. Tom keeps lamps. Mira keeps'

test('it opens with a sample that has been run, the last token locked, the inspector full', async ({
  workbench,
}) => {
  await workbench.open()
  expect(await workbench.prompt.inputValue()).not.toBe('')
  expect(await workbench.text.locator('[data-position]').count()).toBeGreaterThan(10)
  await expect(workbench.page.getByTestId('inspected')).toHaveText(/^token \d+$/)
  await expect(workbench.fact('surprisal')).toContainText(/\d+\.\d\d bits/)
  await expect(workbench.page.getByTestId('caption')).not.toBeEmpty()
  await expect(workbench.historyRows).toHaveCount(1)
})

test('numbers on the screen equal a bare run of the model on the same ids', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run(PROMPT)
  // The ids are taken from the page, so that a retrained model changes nothing here.
  const ids: number[] = []
  const count = Number((await workbench.jobLine.innerText()).match(/^(\d+) tokens/)![1])
  await page.keyboard.press('Escape')
  await workbench.text.click({position: {x: 2, y: 2}})
  await page.keyboard.press('Home')
  const shown: {surprisal: string; rank: string; prob: string}[] = []
  for (let position = 0; position < count; position++) {
    await expect(page.getByTestId('inspected')).toHaveText(`token ${position}`)
    ids.push(Number((await workbench.fact('id').innerText()).replace(/\D/g, '')))
    shown.push({
      surprisal: await workbench.fact('surprisal').innerText(),
      rank: await workbench.fact('rank').innerText(),
      prob: await workbench.fact('probability').innerText(),
    })
    await page.keyboard.press('ArrowRight')
  }
  expect(shown[0]!.surprisal).toContain('—')

  const raw = await runRaw(microBaseFolder, ids)
  for (let position = 1; position < count; position++) {
    const probs = softmax(raw.row(position - 1))
    const prob = probs[ids[position]!]!
    const rank = probs.filter((other) => other > prob).length
    expect(shown[position]!.surprisal).toContain(`${(-Math.log2(prob)).toFixed(2)} bits`)
    // As it is written: two decimals, three below 0.01, and never less than can be said.
    const written = prob < 0.0005 ? '<0.001' : prob.toFixed(prob < 0.00995 ? 3 : 2)
    expect(shown[position]!.prob).toContain(written)
    expect(shown[position]!.rank.replaceAll(',', '')).toContain(
      `${rank + 1} of ${raw.vocabularySize}`
    )
  }
  // What stands instead of the last token is what the row before it says, and the rest is the rest.
  await page.keyboard.press('End')
  await expect(page.getByTestId('inspected')).toHaveText(`token ${count - 1}`)
  const instead = page.getByTestId('instead').locator('tbody tr')
  await expect(instead).toHaveCount(6)
  await expect(page.getByTestId('instead').locator('[aria-busy=true]')).toHaveCount(0)
  const before = softmax(raw.row(count - 2))
  const likeliest = [...before].sort((a, b) => b - a).slice(0, 5)
  const rest = 1 - likeliest.reduce((sum, prob) => sum + prob, 0)
  const texts = await instead.locator('td:last-child').allInnerTexts()
  for (const [i, prob] of [...likeliest, rest].entries()) {
    // Within what rounding takes away.
    const text = texts[i]!.trim()
    if (text === '<0.001') expect(prob).toBeLessThan(0.0006)
    else expect(Math.abs(Number(text) - prob)).toBeLessThan(0.00501)
  }
  const candidates = await workbench.candidates()
  const probs = softmax(raw.row(count - 1))
  for (const [id, prob] of candidates) expect(prob).toBeCloseTo(probs[id]!, 5)
})

test('temperature and top-p change the table and nothing runs', async ({workbench}) => {
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run(PROMPT)
  const before = await workbench.candidates()
  const runs = await workbench.historyRows.count()
  await workbench.setNumber('temperature', 0.5)
  await expect.poll(() => workbench.candidates()).not.toEqual(before)
  const after = await workbench.candidates()
  const top = [...before.keys()].slice(0, 2) as [number, number]
  // At half the temperature the odds of two tokens are squared.
  const odds = (table: Map<number, number>) => table.get(top[0])! / table.get(top[1])!
  expect(odds(after) / odds(before) ** 2).toBeCloseTo(1, 4)
  await workbench.setNumber('top-p', 0.001)
  await expect
    .poll(async () => [...(await workbench.candidates()).values()].filter((prob) => prob > 0))
    .toEqual([1])
  await expect(workbench.historyRows).toHaveCount(runs)
  await expect(workbench.nextTable).toBeVisible()
})

test('generation appends tokens, and a click on a candidate goes on from there', async ({
  workbench,
}) => {
  await workbench.open()
  await workbench.setGeneration(0)
  await workbench.run(PROMPT)
  const [best] = (await workbench.candidates()).keys()
  await workbench.nextTable.locator(`button[data-candidate="${best}"]`).click()
  await workbench.isIdle()
  await expect(workbench.jobLine).toContainText('1 of them generated')
  const chosen = await workbench.fact('id').innerText()
  expect(Number(chosen.replace(/\D/g, ''))).toBe(best)
  await workbench.setGeneration(3)
  await workbench.page.getByTestId('generate').click()
  await expect(workbench.jobLine).toContainText(/[234] of them generated/)
})

test('a run is cancelled half-way, says so at once, keeps what it has, and the engine is idle', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.openEndless()
  await workbench.setGeneration(1900)
  await workbench.prompt.fill(PROMPT)
  await page.getByTestId('run').click()
  await page.getByTestId('cancel').click()
  await expect(page.getByTestId('run-bar')).toContainText('Cancelled')
  await expect.poll(async () => (await workbench.engineStatus()).runningCount).toBe(0)
  const kept = Number(
    (await workbench.jobLine.innerText()).match(/([\d,]+) tokens/)?.[1]?.replace(',', '')
  )
  expect(kept).toBeLessThan(1900)
  await expect(workbench.text.locator('[data-position]').first()).toBeVisible()

  await workbench.setGeneration(2)
  await page.getByTestId('run').click()
  await expect(workbench.jobLine).toContainText('2 of them generated')
})

test('the engine is killed in mid-run: results stay, the page recovers and runs again', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.openEndless()
  await workbench.setGeneration(2)
  await workbench.run(PROMPT)
  const finished = await workbench.candidates()
  const {processId} = await workbench.engineStatus()

  await workbench.setGeneration(1900)
  await page.getByTestId('run').click()
  await expect(page.getByRole('progressbar')).toBeVisible()
  process.kill(processId, 'SIGKILL')
  await expect(page.getByTestId('engine-bar')).toContainText('was killed')
  await expect(page.getByTestId('engine-bar')).toContainText('started again')
  await expect(page.getByTestId('run-bar')).toBeVisible()
  await expect(workbench.text.locator('[data-position]').first()).toBeVisible()
  expect((await workbench.engineStatus()).processId).not.toBe(processId)

  // The earlier run is drawn from what the page kept, and asked further of the new engine.
  await workbench.historyRows.nth(1).click()
  await expect.poll(() => workbench.candidates()).toEqual(finished)
  await workbench.setNumber('temperature', 0.5)
  await expect.poll(() => workbench.candidates()).not.toEqual(finished)

  await workbench.setGeneration(2)
  await workbench.run('Tom keeps lamps. Tom keeps')
  await expect(workbench.jobLine).toContainText('2 of them generated')
})

test('the figure that the page saves is the command line’s to the byte', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(2)
  await workbench.run(PROMPT)
  await page.getByTestId('export').click()
  await expect(page.getByTestId('export-preview').locator('svg').first()).toBeVisible()
  const downloading = page.waitForEvent('download')
  await page.getByTestId('export-save').click()
  const saved = await readFile(await (await downloading).path())
  const svg = saved.toString('utf8')
  expect(svg).toContain('<svg')

  const metadata = JSON.parse(
    svg
      .match(/<metadata[^>]*>([\s\S]*?)<\/metadata>/)![1]!
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&#x27;', "'")
      .replaceAll('&amp;', '&')
  )
  const config = test.info().outputPath('request.json')
  await writeFile(config, JSON.stringify(metadata.request))
  const file = test.info().outputPath('from-cli.svg')
  await cli('tokens', '--config', config, '--width', '720px', '--out', file)
  expect(await readFile(file, 'utf8')).toBe(svg)
})

test('a reload keeps the prompt and the history', async ({workbench}) => {
  await workbench.open()
  await workbench.run(PROMPT)
  const rows = await workbench.historyRows.count()
  await workbench.page.reload()
  await expect(workbench.prompt).toHaveValue(PROMPT)
  await expect(workbench.historyRows).toHaveCount(rows)
})
