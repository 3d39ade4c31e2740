import {execFile} from 'node:child_process'
import {cp, mkdir, writeFile} from 'node:fs/promises'
import {promisify} from 'node:util'
import {expect, type Page} from '@playwright/test'
import {formatLink, parseLink} from '../src/shared/links/link-text.ts'
import {runCopied} from './copied-command.ts'
import {dropFiles} from './drop-files.ts'
import {startServed, stopServed} from './served-host.ts'
import {microBaseFolder, test, Workbench} from './workbench.ts'

const PROMPT = 'Mira has a lamp. Tom has a coin. Mira has a'

test.beforeEach(async ({context}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
})

const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText())

/** Chooses an entry of the menu beside Export, and gives what it copied. */
async function copyByMenu(page: Page, title: string): Promise<string> {
  await page.getByTestId('copy-menu').first().click()
  await page.getByRole('menuitem', {name: title}).click()
  await expect(page.getByTestId('job-line')).toContainText('copied')
  return clipboard(page)
}

/** Runs a command from the palette, by keys alone. */
async function byPalette(page: Page, title: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await expect(page.getByTestId('palette-input')).toBeFocused()
  await page.keyboard.type(title)
  await page.keyboard.press('Enter')
}

const chipIds = (page: Page, pane = 'centre') =>
  page
    .getByTestId(pane)
    .getByTestId('token-text')
    .locator('[data-position]')
    .evaluateAll((chips) => chips.map((chip) => chip.textContent))

test.describe('links', () => {
  test('a copied link restores prompt, tokens, lock, parameters and panes in another tab', async ({
    workbench,
    context,
  }) => {
    const {page} = workbench
    await workbench.open()
    await workbench.setGeneration(3)
    await workbench.run(PROMPT)
    await workbench.setNumber('temperature', 0.7)
    await page.getByTestId('token-text').locator('[data-position="6"]').last().click()
    const link = await copyByMenu(page, 'Copy link Ctrl')
    expect(link.startsWith(`http://127.0.0.1:${workbench.host.port}/#v1.`)).toBe(true)
    const first = await chipIds(page)

    const other = await context.newPage()
    await other.goto(link)
    const second = new Workbench(other, workbench.host)
    await second.isIdle()
    await expect(second.prompt).toHaveValue(PROMPT)
    await expect.poll(() => chipIds(other)).toEqual(first)
    await expect(other.getByLabel('temperature, number')).toHaveValue('0.70')
    await expect(second.inspector).toContainText('token 6')
    // The address is clean again, and a reload brings the workspace back.
    expect(other.url()).toBe(`http://127.0.0.1:${workbench.host.port}/`)
    await other.reload()
    await second.isIdle()
    await expect.poll(() => chipIds(other)).toEqual(first)
  })

  test('by keys alone: copied, and opened by the command in a host of its own', async ({
    workbench,
    browser,
  }) => {
    const {page} = workbench
    await workbench.open()
    await page.keyboard.press('Control+Shift+L')
    await expect(workbench.jobLine).toContainText('copied a link')
    const link = await clipboard(page)
    const shown = await chipIds(page)

    const host = await startServed()
    const context = await browser.newContext({permissions: ['clipboard-read', 'clipboard-write']})
    try {
      const fresh = new Workbench(await context.newPage(), host)
      await fresh.open()
      await fresh.run('something else')
      await byPalette(fresh.page, 'open a link')
      await expect(fresh.page.getByTestId('link-text')).toBeFocused()
      await fresh.page.evaluate((text) => navigator.clipboard.writeText(text), link)
      await fresh.page.keyboard.press('Control+v')
      await fresh.page.keyboard.press('Enter')
      await expect(fresh.page.getByTestId('link-dialog')).toBeHidden()
      await fresh.isIdle()
      await expect.poll(() => chipIds(fresh.page)).toEqual(shown)
      // One step takes it back.
      await fresh.page.keyboard.press('Control+z')
      await expect(fresh.prompt).toHaveValue('something else')
    } finally {
      await context.close()
      await stopServed(host)
    }
  })

  test('a link put into the address of an open tab is opened, and Back goes back', async ({
    workbench,
  }) => {
    const {page} = workbench
    await workbench.open()
    const link = await copyByMenu(page, 'Copy link for the desktop')
    expect(link.startsWith('tokenscope://open#v1.')).toBe(true)
    await workbench.run(PROMPT)
    const before = await chipIds(page)
    await page.evaluate(
      (hash) => {
        location.hash = hash
      },
      link.slice(link.indexOf('#'))
    )
    await expect(workbench.historyRows).toHaveCount(3)
    await workbench.isIdle()
    await expect.poll(() => chipIds(page)).not.toEqual(before)
    await page.goBack()
    await expect.poll(() => chipIds(page)).toEqual(before)
  })

  test('a link to a model that is not there waits for it', async ({workbench}, info) => {
    const {page} = workbench
    await workbench.open()
    const shown = await chipIds(page)
    const data = parseLink(await copyByMenu(page, 'Copy link Ctrl'))
    const model = {id: 'my-model', sha256: 'ab'.repeat(32)}
    const link = formatLink(
      {...data, model, tracked: [], runs: data.runs.map((run) => ({...run, model}))},
      {kind: 'desktop'}
    )
    await byPalette(page, 'open a link')
    await page.getByTestId('link-text').fill(link)
    await page.getByTestId('link-open').click()
    const problem = page.getByTestId('open-problem')
    await expect(problem).toContainText('my-model with SHA-256 abababababababab')
    await expect(problem).toContainText('micro-base')
    expect(await chipIds(page)).toEqual(shown)
    await page.getByTestId('link-open-folder').click()
    const folder = info.outputPath('my-model')
    await cp(microBaseFolder, folder, {recursive: true})
    const field = page.getByTestId('folder-path')
    await expect(field).not.toHaveValue('')
    await field.fill(folder)
    await field.press('Enter')
    await page.getByTestId('open-model').click()
    await page.getByTestId('continue-link').click()
    await workbench.isIdle()
    await expect(page.getByTestId('link-bar')).toBeHidden()
    await expect.poll(() => chipIds(page)).toEqual(shown)
    // It is another model than the link was made with, and that is said.
    await expect(page.getByTestId('linked-note')).toContainText('abababababab')
  })

  test('bad links say what is wrong, in the dialog and from the address', async ({workbench}) => {
    const {page} = workbench
    await workbench.open()
    const shown = await chipIds(page)
    const link = await copyByMenu(page, 'Copy link Ctrl')
    await byPalette(page, 'open a link')
    for (const [text, code] of [
      ['hello', 'link-not-one'],
      [link.slice(0, -30), 'link-damaged'],
      [link.replace('#v1.', '#v9.'), 'link-later-version'],
    ] as const) {
      await page.getByTestId('link-text').fill(text)
      await page.getByTestId('link-open').click()
      await expect(page.getByTestId('open-problem')).toHaveAttribute('data-code', code)
    }
    await page.keyboard.press('Escape')
    await page.evaluate(() => {
      location.hash = '#v1.AAAA.0'
    })
    await expect(page.getByTestId('open-problem')).toHaveAttribute('data-code', 'link-damaged')
    await page.keyboard.press('Escape')
    expect(await chipIds(page)).toEqual(shown)
  })
})

const numbersOf = ({
  tokens,
  next,
  restProb,
  position,
  distribution,
  tracked,
}: Record<string, unknown>) => ({
  tokens,
  next,
  restProb,
  position,
  distribution,
  tracked,
})

test.describe('what is on the screen as a command and as data', () => {
  const hard = `It's "quoted", $HOME \`date\` \\ ünïcode 👩‍🚀\nMira has a`

  test('the copied command prints the numbers of the page', async ({workbench}, info) => {
    const {page} = workbench
    await workbench.open()
    await workbench.setGeneration(4)
    await workbench.run(hard)
    const shown = async () => JSON.parse(await copyByMenu(page, 'Copy result as JSON'))
    for (const [what, change] of [
      ['as it was run', async () => undefined],
      [
        'at another position, temperature and top-p',
        async () => {
          await page.getByTestId('token-text').locator('[data-position="7"]').last().click()
          await workbench.setNumber('temperature', 0.6)
          await workbench.setNumber('top-p', 0.8)
          await workbench.isIdle()
          await expect(page.getByTestId('next-table')).toContainText('7')
        },
      ],
    ] as const) {
      await change()
      const command = await copyByMenu(page, 'Copy as CLI command')
      expect(command.startsWith('tokenscope tokens ')).toBe(true)
      const printed = JSON.parse(await runCopied(command, info.outputPath('cli')))
      expect(numbersOf(printed), what).toEqual(numbersOf(await shown()))
    }
  })

  test('by keys: sampled tokens shown at another temperature, a text with control characters', async ({
    workbench,
  }, info) => {
    const {page} = workbench
    await workbench.open()
    const data = parseLink(await copyByMenu(page, 'Copy link Ctrl'))
    const [run] = data.runs
    const prompt = 'Tab\there, bell \u0007 and return.\r\nMira has a'
    const request = {...run!.request, prompt, sample: true, seed: 5, generate: 3, temperature: 1.5}
    await page.evaluate(
      (hash) => {
        location.hash = hash
      },
      formatLink(
        {
          ...data,
          runs: [{...run!, request: {...request, completionIds: undefined}, lock: undefined}],
        },
        {kind: 'desktop'}
      ).slice('tokenscope://open'.length)
    )
    await expect(workbench.historyRows).toHaveCount(2)
    await workbench.isIdle()
    await byPalette(page, 'copy as CLI')
    await expect(workbench.jobLine).toContainText('copied the command')
    const command = await clipboard(page)
    expect(command).toContain('--config -')
    const printed = JSON.parse(await runCopied(command, info.outputPath('cli')))
    await byPalette(page, 'copy result as JSON')
    await expect(workbench.jobLine).toContainText('copied the result')
    const shown = JSON.parse(await clipboard(page))
    expect(printed.completionIds).toEqual(shown.completionIds)
    expect(printed.completionIds).toHaveLength(3)
    // Tokens that are given are scored all at once, those that are drawn one by one: the last digits differ.
    for (const [i, {logprob}] of printed.tokens.entries()) {
      expect(logprob ?? 0).toBeCloseTo(shown.tokens[i].logprob ?? 0, 4)
    }
    for (const [i, {id, prob}] of printed.next.entries()) {
      expect(id).toBe(shown.next[i].id)
      expect(prob).toBeCloseTo(shown.next[i].prob, 5)
    }
  })

  test('TSV has a row a token, the Python loads what Export writes', async ({workbench}, info) => {
    const {page} = workbench
    await workbench.open()
    const tsv = await copyByMenu(page, 'Copy tokens as TSV')
    // A line end within a token's text stands in quotes.
    const [head, ...rows] = tsv
      .replace(/"(?:[^"]|"")*"/g, 'text')
      .trimEnd()
      .split('\n')
    expect(head!.split('\t').slice(0, 3)).toEqual(['position', 'id', 'text'])
    // The strip draws those in sight only; the job line counts them all.
    const counted = /(\d+) tokens, /.exec(await page.getByTestId('job-line').innerText())
    expect(rows).toHaveLength(Number(counted?.[1]))
    const next = await copyByMenu(page, 'Copy next tokens as TSV')
    const probs = next
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((row) => Number(row.split('\t')[3]))
    expect(probs.reduce((sum, prob) => sum + prob, 0)).toBeCloseTo(1, 9)
    const python = await copyByMenu(page, 'Copy Python')
    await writeFile(info.outputPath('load.py'), python)
    await page.keyboard.press('Control+e')
    const download = page.waitForEvent('download')
    await page.getByRole('radio', {name: 'CSV'}).click()
    await page.getByTestId('export-save').click()
    await (await download).saveAs(info.outputPath('tokens.csv'))
    const python3 = promisify(execFile)
    const version = await python3('python3', ['--version']).catch(() => null)
    test.skip(version === null, 'no python3 here')
    await python3('python3', ['-m', 'py_compile', info.outputPath('load.py')])
    const hasPandas = await python3('python3', ['-c', 'import pandas']).then(
      () => true,
      () => false
    )
    if (!hasPandas) return
    const {stdout} = await python3('python3', ['load.py'], {cwd: info.outputPath('.')})
    expect(stdout).toContain('surprisalBits')
  })
})

test.describe('drag and drop', () => {
  test('a prompt file, a folder that is known, and what cannot be opened', async ({
    workbench,
  }, info) => {
    const {page} = workbench
    await workbench.open()
    const file = async (name: string, content: string | Uint8Array) => {
      const path = info.outputPath(name)
      await writeFile(path, content)
      return path
    }
    await dropFiles(page, [await file('prompt.txt', '\ufeffTom has a')])
    await expect(workbench.prompt).toHaveValue('Tom has a')
    await page.keyboard.press('Control+z')
    await expect(workbench.prompt).not.toHaveValue('Tom has a')

    const problem = page.getByTestId('open-problem')
    const cases: (readonly [string[], string])[] = [
      [[await file('picture.png', 'x')], 'unknown-kind-of-file'],
      [[await file('model.onnx', 'x')], 'file-of-a-model'],
      [[await file('model.safetensors', 'x')], 'weights-not-onnx'],
      [[await file('empty.txt', '')], 'file-empty'],
      [[await file('binary.txt', new Uint8Array([65, 0, 66]))], 'file-not-text'],
      [[await file('latin.txt', new Uint8Array([0xe9, 0x65]))], 'file-not-text'],
      [[await file('long.txt', 'a'.repeat(17 * 2 ** 20))], 'file-too-long'],
      [[await file('a.txt', 'a'), await file('b.txt', 'b')], 'several-dropped'],
    ]
    for (const [paths, code] of cases) {
      await dropFiles(page, paths)
      await expect(problem).toHaveAttribute('data-code', code)
      await page.getByRole('button', {name: 'Close', exact: true}).last().click()
      await expect(problem).toBeHidden()
    }
    await mkdir(info.outputPath('no-model'))
    await dropFiles(page, [info.outputPath('no-model')])
    await expect(problem).toHaveAttribute('data-code', 'not-a-model-folder')
    await page.keyboard.press('Escape')

    // A folder whose place a browser does not tell: found where models were opened before.
    const folder = info.outputPath('models/dropped-model')
    await cp(microBaseFolder, folder, {recursive: true})
    await dropFiles(page, [folder])
    await expect(page.getByTestId('folder-dialog')).toContainText('“dropped-model”')
    await page.getByTestId('folder-path').fill(folder)
    await page.getByTestId('folder-path').press('Enter')
    await page.getByTestId('open-model').click()
    await workbench.isIdle()
    await page.locator('[data-model="micro-base"] .item-main').click()
    await dropFiles(page, [folder])
    await expect(page.locator('[data-model="dropped-model"] .item-main')).toHaveAttribute(
      'aria-pressed',
      'true'
    )
  })

  test('by keys: a file is chosen by the command', async ({workbench}, info) => {
    const {page} = workbench
    await workbench.open()
    await writeFile(info.outputPath('mine.md'), 'Ana has a')
    const chooser = page.waitForEvent('filechooser')
    await byPalette(page, 'open a prompt file')
    await (await chooser).setFiles(info.outputPath('mine.md'))
    await expect(workbench.prompt).toHaveValue('Ana has a')
  })
})

test.describe('tabs and hosts', () => {
  test('two tabs have a workspace each; what is typed in one stays out of the other', async ({
    workbench,
    context,
  }) => {
    const {page} = workbench
    await workbench.open()
    await workbench.run('Tom has a')
    await workbench.setNumber('temperature', 0.5)
    const temperatureOf = (tab: Page) => tab.getByLabel('temperature, number')
    const other = await context.newPage()
    await other.goto(`http://127.0.0.1:${workbench.host.port}/`)
    const second = new Workbench(other, workbench.host)
    await second.isIdle()
    await expect(temperatureOf(other)).toHaveValue('1.00')
    await second.run('Mira has a')
    await expect(workbench.prompt).toHaveValue('Tom has a')
    await page.reload()
    await workbench.isIdle()
    await expect(temperatureOf(page)).toHaveValue('0.50')
    await expect(workbench.prompt).toHaveValue('Tom has a')
    await expect(second.prompt).toHaveValue('Mira has a')
    // A duplicated tab begins as a copy and then goes its own way.
    const [copy] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate(() => window.open(location.href, '_blank')),
    ])
    const third = new Workbench(copy, workbench.host)
    await third.isIdle()
    await expect(third.prompt).toHaveValue('Tom has a')
    await expect(temperatureOf(copy)).toHaveValue('0.50')
    await third.run('Ana has a')
    await page.reload()
    await workbench.isIdle()
    await expect(workbench.prompt).toHaveValue('Tom has a')
  })

  test('a duplicated tab has a copy of the list, and takes nothing from the other', async ({
    workbench,
    context,
  }) => {
    const {page} = workbench
    await workbench.open()
    await byPalette(page, 'paste or load a prompt list')
    await page.getByTestId('import-text').fill('Tom has a\nMira has a')
    await page.getByTestId('import-add').click()
    await page.keyboard.press('Control+Shift+Enter')
    await expect(page.getByText('2 prompts, 2 done').first()).toBeVisible()
    const keptHere = () => page.evaluate(() => JSON.stringify({...sessionStorage}))
    await expect.poll(keptHere).toContain('Mira has a')
    // Numbers are written a moment after they are shown; only then can a copy have them.
    await expect.poll(() => page.evaluate(keptOutcomeCount)).toBe(2)
    const [copy] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate(() => window.open(location.href, '_blank')),
    ])
    await expect(copy.getByText('2 prompts, 2 done').first()).toBeVisible()
    await byPalette(copy, 'remove every prompt')
    await copy.reload()
    await page.reload()
    await expect(page.getByText('2 prompts, 2 done').first()).toBeVisible()
  })

  test('a preference that is set in one window holds in the other', async ({
    workbench,
    context,
  }) => {
    const {page} = workbench
    await workbench.open()
    const other = await context.newPage()
    await other.goto(`http://127.0.0.1:${workbench.host.port}/`)
    await new Workbench(other, workbench.host).isIdle()
    await byPalette(page, 'dark')
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    await expect(other.locator('html')).toHaveAttribute('data-theme', 'dark')
  })

  test('two hosts on one machine do not log each other out', async ({workbench, context}) => {
    await workbench.open()
    const host = await startServed()
    try {
      const second = new Workbench(await context.newPage(), host)
      await second.open()
      await workbench.page.reload()
      await workbench.isIdle()
      await second.page.reload()
      await second.isIdle()
      const names = (await context.cookies()).map(({name}) => name)
      expect(new Set(names).size).toBe(2)
      for (const name of names) expect(name).toMatch(/^tokenscope-[\da-f]{12}$/)
    } finally {
      await stopServed(host)
    }
  })
})

/** Runs in the page: how many numbers of prompt lists its database holds. */
function keptOutcomeCount(): Promise<number> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('tokenscope')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const db = opening.result
      if (!db.objectStoreNames.contains('outcomes')) {
        db.close()
        resolve(0)
        return
      }
      const counting = db.transaction('outcomes').objectStore('outcomes').count()
      counting.onerror = () => reject(counting.error)
      counting.onsuccess = () => {
        db.close()
        resolve(counting.result)
      }
    }
  })
}
