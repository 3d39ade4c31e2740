import {join} from 'node:path'
import {expect, type Page} from '@playwright/test'
import {writeBrokenModel} from '../fixtures/broken.ts'
import {findFlaws, flawLines} from './overflow.ts'
import {connectTo, root} from './served-host.ts'
import {compareTwo, test, type Workbench} from './workbench.ts'

// Each window is a test of its own, so that workers can share them.
test.describe.configure({mode: 'parallel'})

const PROMPT = 'Mira keeps coins. Tom keeps lamps. Mira keeps'

/** Windows that everything must be good in; the last two are 1440 × 900 and 1100 × 700 at 200 % zoom. */
const WINDOWS = [
  {width: 1100, height: 700},
  {width: 1440, height: 900},
  {width: 3440, height: 1440},
  {width: 720, height: 450},
  {width: 550, height: 350},
]

/** Does what the palette finds for these words. */
async function command(page: Page, words: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByTestId('palette-input').fill(words)
  await page.keyboard.press('Enter')
  await expect(page.getByTestId('palette')).toHaveCount(0)
}

/** What a person can have in sight: the way there, and the way back. */
interface Sight {
  readonly name: string
  enter(workbench: Workbench): Promise<void>
  leave(workbench: Workbench): Promise<void>
  /** Windows that it is in; absent: all. */
  isIn?(size: {readonly width: number; readonly height: number}): boolean
}

const byCommand = (name: string, words: string, testId: string): Sight => ({
  ...byKey(name, '', testId),
  async enter({page}) {
    await command(page, words)
    await expect(page.getByTestId(testId)).toBeVisible()
  },
})

const byKey = (name: string, key: string, testId: string): Sight => ({
  name,
  async enter({page}) {
    await page.keyboard.press(key)
    await expect(page.getByRole('dialog').and(page.getByTestId(testId))).toBeVisible()
  },
  async leave({page}) {
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog').and(page.getByTestId(testId))).toHaveCount(0)
  },
})

const SIGHTS: readonly Sight[] = [
  {name: 'the figure', enter: async () => undefined, leave: async () => undefined},
  {
    name: 'the table',
    enter: async ({page}) => page.getByTestId('centre').getByRole('radio', {name: 'Table'}).click(),
    leave: async ({page}) =>
      page.getByTestId('centre').getByRole('radio', {name: 'Figure'}).click(),
  },
  {
    name: 'the left pane',
    enter: async ({page}) => showSide(page, 'Control+b', 'history'),
    leave: async ({page}) => hideDrawer(page),
  },
  {
    name: 'the inspector',
    enter: async ({page}) => showSide(page, 'Control+Alt+b', 'inspector'),
    leave: async ({page}) => hideDrawer(page),
  },
  {
    name: 'two lenses',
    enter: async ({page}) => {
      await page.keyboard.press('Control+\\')
      await expect(page.getByTestId('close-pane').first()).toBeVisible()
    },
    leave: async ({page}) => {
      await page.keyboard.press('Control+z')
      await expect(page.getByTestId('close-pane')).toHaveCount(0)
    },
  },
  {
    name: 'two lenses, a table in each',
    enter: async ({page}) => {
      await page.keyboard.press('Control+\\')
      await expect(page.getByTestId('close-pane').first()).toBeVisible()
      for (const table of await page.getByRole('radio', {name: 'Table'}).all()) await table.click()
      // What has no room is offered, a few columns after the others.
      const more = page.getByTestId('more-columns').first()
      if (await more.isVisible()) await more.click()
    },
    leave: async ({page}) => {
      for (const figure of await page.getByRole('radio', {name: 'Figure'}).all()) {
        await figure.click()
      }
      await page.getByTestId('close-pane').last().click()
      await expect(page.getByTestId('close-pane')).toHaveCount(0)
    },
  },
  byKey('the export dialog', 'Control+e', 'export-dialog'),
  byKey('the palette', 'Control+k', 'palette'),
  byKey('settings', 'Control+,', 'settings-dialog'),
  byKey('all keys', '?', 'shortcuts'),
  byKey('the model chooser', 'Control+o', 'folder-dialog'),
  byKey('the definitions', 'F1', 'definitions'),
  byKey('a token card', 'i', 'token-card'),
  byCommand('the log', 'log and', 'log'),
  {
    ...byCommand('the import of prompts', 'paste or load', 'import-dialog'),
    leave: async ({page}) => {
      await page.keyboard.press('Escape')
      await page.getByRole('radio', {name: 'Prompt', exact: true}).click()
      await expect(page.getByTestId('token-text')).toBeVisible()
    },
  },
  {
    name: 'find',
    enter: async ({page}) => {
      await page.keyboard.press('Control+f')
      await page.getByTestId('find-words').fill('keeps')
    },
    leave: async ({page}) => {
      await page.keyboard.press('Escape')
      await expect(page.getByTestId('find-words')).toHaveCount(0)
      await hideDrawer(page)
    },
  },
  {
    name: 'the text unit, a long expression',
    enter: async ({page}) => {
      await page.getByTestId('unit').click()
      await page.getByRole('option', {name: 'match of an expression'}).click()
      await page.getByTestId('unit-regex').fill('(Tom|Mira) (keeps|visits|has|loses)')
      await page.keyboard.press('Enter')
    },
    leave: async ({page}) => {
      await page.keyboard.press('Escape')
      await expect(page.getByRole('dialog')).toHaveCount(0)
    },
  },
  {
    name: 'units of a long expression',
    enter: async ({page}) => {
      await expect(page.getByTestId('export')).toBeInViewport({ratio: 1})
      await expect(page.getByTestId('copy-menu')).toBeInViewport({ratio: 1})
    },
    leave: async ({page}) => {
      await page.getByTestId('unit').click()
      await page.getByRole('option', {name: 'token', exact: true}).click()
      await expect(page.getByRole('dialog')).toHaveCount(0)
    },
  },
  {
    name: 'the controls that a low window has no line for',
    isIn: ({height}) => height < 480,
    enter: async ({page}) => {
      await page.getByTestId('more-controls').click()
      await expect(page.getByTestId('temperature')).toBeVisible()
    },
    leave: async ({page}) => {
      await page.keyboard.press('Escape')
      await expect(page.getByRole('dialog')).toHaveCount(0)
    },
  },
  {
    name: 'the first page',
    enter: async ({page}) => {
      await command(page, 'first page')
      await expect(page.getByTestId('empty-page')).toBeVisible()
    },
    leave: async ({page}) => {
      await page.keyboard.press('Control+z')
      await expect(page.getByTestId('token-text')).toBeVisible()
    },
  },
]

async function showSide(page: Page, key: string, testId: string): Promise<void> {
  const side = page.getByTestId(testId)
  // A window that was just resized arranges itself first, which takes away what was there a moment ago.
  await expect(async () => {
    const isShown = await side.waitFor({timeout: 400}).then(
      () => true,
      () => false
    )
    if (!isShown) await page.keyboard.press(key)
    await expect(side).toBeVisible({timeout: 1000})
  }).toPass()
}

async function hideDrawer(page: Page): Promise<void> {
  if ((await page.locator('.drawer').count()) > 0) await page.keyboard.press('Escape')
}

async function look(workbench: Workbench, where: string): Promise<void> {
  const size = workbench.page.viewportSize()!
  for (const sight of SIGHTS) {
    if (sight.isIn && !sight.isIn(size)) continue
    await sight.enter(workbench)
    await workbench.page.mouse.move(1, 1)
    expect.soft(await flawLines(workbench.page), `${sight.name}, ${where}`).toEqual([])
    await sight.leave(workbench)
  }
}

const setPreferences = async (workbench: Workbench, change: {textSizePx?: number}) => {
  const [cookie] = await workbench.page.context().cookies()
  const own = connectTo(workbench.host.port, `${cookie!.name}=${cookie!.value}`)
  await own.client.preferences.change(change)
  own.close()
}

for (const size of WINDOWS) {
  const name = `${size.width} × ${size.height}`
  test(`nothing is cut, out of reach or on top of another thing, ${name}`, async ({workbench}) => {
    test.setTimeout(180_000)
    await workbench.page.setViewportSize(size)
    await workbench.open()
    await look(workbench, name)
  })
}

test('nothing is cut, out of reach or on top of another thing, dark', async ({workbench}) => {
  test.setTimeout(180_000)
  await workbench.page.emulateMedia({colorScheme: 'dark'})
  await workbench.open()
  await look(workbench, 'dark')
})

/** Views of the lenses that stand beside the tokens: how each is come to, and what tells that it is there. */
const LENS_VIEWS: readonly {
  readonly name: string
  readonly shows: string
  enter(page: Page): Promise<unknown>
  /** In a low or narrow window it scrolls, both ways. */
  readonly scrolls?: boolean
}[] = [
  {
    name: 'the matrix of a head',
    scrolls: true,
    shows: '[data-testid=attention-matrix][data-current=true]',
    enter: (page) => page.getByRole('tab', {name: 'Attention'}).click(),
  },
  {
    name: 'all heads',
    scrolls: true,
    shows: '[data-testid=heads] tr[data-head]',
    enter: (page) => page.getByRole('radio', {name: 'Heads', exact: true}).click(),
  },
  {
    name: 'the attention graph',
    scrolls: true,
    shows: '[data-testid=attention-graph][data-current=true]',
    enter: (page) => page.getByRole('radio', {name: 'Graph'}).click(),
  },
  {
    name: 'the tree',
    shows: '[data-testid=tree-figure]',
    enter: (page) => page.getByRole('tab', {name: 'Tree'}).click(),
  },
  {
    name: 'the outline of the tree',
    shows: '[data-testid=tree-outline]',
    enter: (page) => page.getByRole('radio', {name: 'Outline'}).click(),
  },
  {
    name: 'tokenizers, aligned',
    scrolls: true,
    shows: '[data-testid=metrics] tr[data-tokenizer=llama2]',
    enter: (page) => page.getByRole('tab', {name: 'Tokenizers'}).click(),
  },
  {
    name: 'tokenizers as a table',
    scrolls: true,
    shows: '[data-testid=blocks]',
    enter: (page) => page.getByRole('radio', {name: 'Table'}).click(),
  },
  {
    name: 'languages',
    scrolls: true,
    shows: '[data-testid=premiums]',
    enter: (page) => page.getByRole('radio', {name: 'Languages'}).click(),
  },
  {
    name: 'vocabularies',
    scrolls: true,
    shows: '[data-testid=vocabulary-classes]',
    enter: (page) => page.getByRole('radio', {name: 'Vocabulary'}).click(),
  },
  {
    name: 'numbers',
    scrolls: true,
    shows: '[data-testid=numbers]',
    enter: (page) => page.getByRole('radio', {name: 'Numbers'}).click(),
  },
  {
    name: 'critical tokens',
    shows: '[data-testid=pass-table]',
    enter: (page) => command(page, 'token that takes it'),
  },
  {
    name: 'critical tokens as a table',
    scrolls: true,
    shows: '[data-testid=critical-table]',
    enter: (page) => page.getByRole('radio', {name: 'Table'}).click(),
  },
]

test('views of the other lenses, in every window', async ({workbench}) => {
  test.setTimeout(300_000)
  const {page} = workbench
  await compareTwo(page)
  await workbench.open()
  for (const {name, shows, enter, scrolls} of LENS_VIEWS) {
    await page.setViewportSize({width: 1440, height: 900})
    await enter(page)
    await expect(page.locator(shows).first(), name).toBeVisible({timeout: 60_000})
    await expect(page.getByRole('progressbar'), name).toHaveCount(0, {timeout: 60_000})
    for (const size of WINDOWS.filter(({height}) => !scrolls || height >= 700)) {
      await page.setViewportSize(size)
      await page.mouse.move(1, 1)
      expect.soft(await flawLines(page), `${name}, ${size.width} × ${size.height}`).toEqual([])
    }
  }
})

test('a list of 30 prompts, done, in every window; alone and beside a lens', async ({
  workbench,
}) => {
  test.setTimeout(180_000)
  const {page} = workbench
  await workbench.open()
  await command(page, 'paste or load')
  const rows = Array.from({length: 30}, (_, i) => `${10 + i} + ${11 + i} =, ${21 + 2 * i}`)
  await page.getByTestId('import-text').fill(['prompt,answer', ...rows].join('\n'))
  await page.getByTestId('import-add').click()
  await page.keyboard.press('Control+Shift+Enter')
  await expect(page.getByTestId('list-caption')).toContainText('30 done', {timeout: 60_000})
  for (const size of WINDOWS) {
    await page.setViewportSize(size)
    const name = `${size.width} × ${size.height}`
    expect.soft(await flawLines(page), `the list, ${name}`).toEqual([])
    await expect(page.getByTestId('export-list')).toBeInViewport({ratio: 1})
    await expect(page.getByTestId('run-list')).toBeInViewport({ratio: 1})
    if (size.height < 480) {
      await page.getByTestId('more-controls').click()
      await expect(page.getByTestId('remove-rows')).toBeInViewport({ratio: 1})
      expect.soft(await flawLines(page), `its other controls, ${name}`).toEqual([])
      await page.keyboard.press('Escape')
    } else await expect(page.getByTestId('remove-rows')).toBeInViewport({ratio: 1})
    // All that does not stand in sight is come to by scrolling.
    await page.getByTestId('list-scatter').scrollIntoViewIfNeeded()
    await expect(page.getByTestId('list-scatter')).toBeInViewport({ratio: 1})
    await page.keyboard.press('Control+\\')
    await expect(page.getByTestId('close-pane').first()).toBeVisible()
    expect.soft(await flawLines(page), `the list beside a lens, ${name}`).toEqual([])
    await page.keyboard.press('Control+z')
    await expect(page.getByTestId('close-pane')).toHaveCount(0)
    await expect(page.getByTestId('prompt-list')).toBeVisible()
  }
})

test('the turns of a chat, in every window', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.chooseFolder(join(root, 'fixtures/tiny-decoder-kv'))
  await expect(page.getByTestId('facts')).toContainText('tiny-decoder-kv')
  await page.getByText('chat template').click()
  await expect(page.getByTestId('prompt-turns')).toBeVisible()
  for (const size of WINDOWS) {
    await page.setViewportSize(size)
    await showSide(page, 'Control+b', 'prompt-turns')
    expect.soft(await flawLines(page), `${size.width} × ${size.height}`).toEqual([])
    await hideDrawer(page)
  }
})

test('text of 20 px: everything grows, nothing is cut, the pointer finds what it points at', async ({
  workbench,
}) => {
  test.setTimeout(180_000)
  const {page} = workbench
  await workbench.open()
  await setPreferences(workbench, {textSizePx: 20})
  await expect
    .poll(() => page.locator('.app').evaluate((app) => app.currentCSSZoom))
    .toBeGreaterThan(1.5)
  for (const size of WINDOWS.slice(0, 3)) {
    await page.setViewportSize(size)
    await look(workbench, `${size.width} × ${size.height}, text of 20 px`)
  }
  // A click on a token of strip, figure and chart locks that one.
  await page.setViewportSize({width: 1440, height: 900})
  const inspected = page.getByTestId('inspected')
  await showSide(page, 'Control+Alt+b', 'inspector')
  await hideDrawer(page)
  const lock = async (area: string, position: number) => {
    await page.getByTestId(area).locator(`[data-position="${position}"]`).last().click()
    await showSide(page, 'Control+Alt+b', 'inspector')
    await expect(inspected).toHaveText(`token ${position}`)
    await hideDrawer(page)
  }
  await lock('token-text', 3)
  await lock('strip', 5)
})

test('a model that cannot be opened is told in every window', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.chooseFolder(
    await writeBrokenModel('wrong-head-count', test.info().outputPath('broken'))
  )
  await expect(page.getByTestId('problem')).toBeVisible()
  for (const size of WINDOWS) {
    await page.setViewportSize(size)
    expect.soft(await flawLines(page), `${size.width} × ${size.height}`).toEqual([])
  }
})

test('two lenses by mouse: split, run in one, labels, active one, swap, drag, halves, close', async ({
  workbench,
}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.setGeneration(0)
  await page.getByTestId('split').click()
  const [first, second] = [page.getByTestId('centre'), page.getByTestId('centre-2')]
  // What the first does not show stands beside it.
  await expect(second.locator('.data-table')).toBeVisible()
  await second.getByText('Figure', {exact: true}).click()
  await expect(second.getByTestId('token-text')).toBeVisible()
  await expect(page.getByTestId('pane-run')).toHaveCount(0)
  const label = (await page.getByTestId('history-row').first().textContent())!

  // Hovering in one shows in both, as they show the same run.
  await second.locator('[data-position="2"]').last().hover()
  const rings = (pane: typeof first) => pane.locator('g[stroke-opacity="0.55"] > *')
  await expect(rings(first)).not.toHaveCount(0)

  await workbench.run(PROMPT)
  await expect(page.getByTestId('pane-run')).toHaveCount(2)
  await expect(second.getByTestId('pane-run')).toContainText('Mira keeps')
  await expect(second).not.toHaveClass(/inactive/)
  await first.getByTestId('caption').click()
  await expect(first).not.toHaveClass(/inactive/)
  await expect(second).toHaveClass(/inactive/)
  await expect(page.locator('.item.on').getByTestId('history-row')).toHaveText(label)

  await page.getByTestId('swap').click()
  await expect(first.getByTestId('pane-run')).toContainText('Mira keeps')
  const widthOf = async (pane: typeof first) => (await pane.boundingBox())!.width
  const separator = page.getByTestId('separator-split')
  const before = await widthOf(first)
  const box = (await separator.boundingBox())!
  await page.mouse.move(box.x, box.y + 200)
  await page.mouse.down()
  await page.mouse.move(box.x + 120, box.y + 220, {steps: 4})
  await page.mouse.up()
  expect((await widthOf(first)) - before).toBeCloseTo(120, -1)
  await separator.dblclick()
  expect(await widthOf(first)).toBeCloseTo(await widthOf(second), -1)

  await second.getByTestId('close-pane').click()
  await expect(second).toHaveCount(0)
  await expect(first.getByTestId('token-text')).toBeVisible()
})

test('two lenses by keyboard alone', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  const [first, second] = [page.getByTestId('centre'), page.getByTestId('centre-2')]
  await page.keyboard.press('Control+\\')
  await expect(second).toBeVisible()
  await page.keyboard.press('1')
  await expect(first).not.toHaveClass(/inactive/)
  await expect(first.locator(':focus')).toHaveCount(1)
  await page.keyboard.press('2')
  await expect(second).not.toHaveClass(/inactive/)

  // F6 goes round the parts of the window, and back.
  const part = () =>
    page.evaluate(() =>
      document.activeElement?.closest('[data-landmark]')?.getAttribute('data-landmark')
    )
  await expect.poll(part).toBe('pane-2')
  const seen = []
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press('F6')
    seen.push(await part())
  }
  expect(seen).toEqual(['right', 'left', 'strip', 'pane-1', 'pane-2'])
  await page.keyboard.press('Shift+F6')
  expect(await part()).toBe('pane-1')

  const separator = page.getByTestId('separator-split')
  await separator.focus()
  const share = async () => Number(await separator.getAttribute('aria-valuenow'))
  const half = await share()
  await page.keyboard.press('ArrowRight')
  expect(Math.abs((await share()) - half - 16)).toBeLessThanOrEqual(1)
  await page.keyboard.press('Enter')
  expect(Math.abs((await share()) - half)).toBeLessThanOrEqual(1)

  await command(page, 'swap the two')
  await page.keyboard.press('Control+\\')
  await expect(page.getByTestId('close-pane')).toHaveCount(0)
  await page.keyboard.press('Control+z')
  await expect(second).toBeVisible()
})

test('side panes collapse and open, by button, separator and key, and a reload finds them so', async ({
  workbench,
  context,
}) => {
  const {page} = workbench
  await workbench.open()
  const history = page.getByTestId('history')
  await page.getByTestId('hide-left').click()
  await expect(history).toBeHidden()
  await page.getByRole('button', {name: 'Models', exact: true}).click()
  await expect(history).toBeVisible()
  await page.keyboard.press('Control+Alt+b')
  await expect(workbench.inspector).toBeHidden()
  await page.keyboard.press('Control+Alt+b')
  await expect(workbench.inspector).toBeVisible()
  await page.getByTestId('separator-right').dblclick()
  await expect(workbench.inspector).toBeHidden()

  const separator = page.getByTestId('separator-left')
  await separator.focus()
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight')
  await expect(separator).toHaveAttribute('aria-valuenow', '280')
  await page.reload()
  await workbench.isIdle()
  await expect(separator).toHaveAttribute('aria-valuenow', '280')
  await expect(workbench.inspector).toBeHidden()

  // A new window begins with what was used last, and changes nothing here.
  const other = await context.newPage()
  await other.goto(page.url())
  await expect(other.getByTestId('separator-left')).toHaveAttribute('aria-valuenow', '280')
  await other.getByTestId('separator-left').dblclick()
  await expect(other.getByTestId('history')).toBeHidden()
  await page.reload()
  await expect(separator).toHaveAttribute('aria-valuenow', '280')
})

test('the checker of layouts finds what is wrong', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  expect(await findFlaws(page)).toEqual([])
  const kindsWith = async (html: string) => {
    const kinds = await page.evaluate((markup) => {
      const place = document.createElement('div')
      place.id = 'broken'
      place.innerHTML = markup
      document.body.append(place)
      // The page's policy forbids style attributes in markup.
      for (const element of place.querySelectorAll<HTMLElement>('[data-style]')) {
        element.style.cssText = element.dataset.style!
      }
    }, html)
    void kinds
    const flaws = await findFlaws(page)
    await page.evaluate(() => document.getElementById('broken')?.remove())
    return [...new Set(flaws.map(({kind}) => kind))]
  }
  const fixed = 'position: fixed; z-index: 99;'
  expect(
    await kindsWith(
      `<div data-style="${fixed} width: 40px; overflow: hidden; white-space: nowrap">much too long to be read</div>`
    )
  ).toContain('cut')
  expect(
    await kindsWith(
      `<div data-style="${fixed} width: 40px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis">much too long to be read</div>`
    )
  ).toContain('cut')
  // A hint does not make up for a sentence that is cut; it does for a name of any length.
  const early = `${fixed} left: 300px; top: 400px; width: 60px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis`
  const kindsOfEarly = (className: string) =>
    kindsWith(`<div class="${className}" data-hint="all" data-style="${early}">much too long</div>`)
  expect(await kindsOfEarly('caption')).toContain('cut')
  expect(await kindsOfEarly('pane-run')).toEqual([])
  // Scrolled away sideways is as good as gone; up and down it is not, where a bar shows it.
  const scrolled = (style: string, inner: string) =>
    kindsWith(
      `<div data-style="${fixed} left: 300px; top: 400px; width: 120px; height: 30px; ${style}"><div data-style="${inner}"><button>Export</button></div></div>`
    )
  const [right, below] = ['width: 300px; padding-left: 100px', 'height: 90px; padding-top: 20px']
  expect(await scrolled('overflow: auto hidden', right)).toContain('cut')
  expect(await scrolled('overflow: auto hidden; scrollbar-width: none', right)).toContain('cut')
  expect(await scrolled('overflow: hidden auto', below)).not.toContain('cut')
  expect(await scrolled('overflow: hidden auto; scrollbar-width: none', below)).toContain('cut')
  expect(
    await kindsWith('<div class="guard" data-style="display: none">keeps one honest</div>')
  ).toEqual(['missing'])
  expect(
    await kindsWith(`<div data-style="${fixed} left: -60px; top: 300px">outside</div>`)
  ).toContain('outside')
  expect(
    await kindsWith(
      `<div data-style="${fixed} left: 400px; top: 860px; font-size: 9px">small</div>`
    )
  ).toContain('small text')
  expect(
    await kindsWith(
      `<button data-style="${fixed} left: 0; top: 0">one</button><button data-style="${fixed} left: 9px; top: 4px">two</button>`
    )
  ).toEqual(expect.arrayContaining(['controls overlap', 'texts overlap']))
})
