import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {AxeBuilder} from '@axe-core/playwright'
import {expect, type Page} from '@playwright/test'
import {root} from './served-host.ts'
import {compareTwo, test, type Workbench} from './workbench.ts'

/** What axe finds against the page as it stands, a line each. */
async function violationsOf(page: Page): Promise<string[]> {
  // Colours that are on their way are nobody's to read yet.
  await page.evaluate(() => Promise.all(document.getAnimations().map(({finished}) => finished)))
  const {violations} = await new AxeBuilder({page})
    // It would sum up in a page of its own, which takes the keyboard from this one; there are no frames to sum up.
    .setLegacyMode()
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'])
    .analyze()
  return violations.flatMap(({id, nodes}) =>
    nodes
      // A hint belongs to what it describes, wherever it is drawn; axe exempts dialogs, but not tooltips.
      .filter(({html}) => !(id === 'region' && html.includes('role="tooltip"')))
      .map(
        ({html, failureSummary}) =>
          `${id} at ${html.slice(0, 160)}: ${failureSummary?.split('\n').slice(1).join(' ').trim()}`
      )
  )
}

async function byPalette(page: Page, title: string): Promise<void> {
  await page.keyboard.press('Control+k')
  await expect(page.getByTestId('palette-input')).toBeFocused()
  await page.keyboard.type(title)
  await page.keyboard.press('Enter')
}

/** Every screen: how it is come to, and how it is left. */
const SCREENS: readonly {
  readonly name: string
  /** Seen only there. */
  readonly shows: string
  enter(workbench: Workbench): Promise<unknown>
  leave?(workbench: Workbench): Promise<unknown>
}[] = [
  {name: 'the opened sample', shows: '[data-testid=token-text]', enter: async () => undefined},
  {
    name: 'the table of the tokens',
    shows: '[data-testid=data-table]',
    enter: ({page}) => page.getByRole('radio', {name: 'Table'}).first().click(),
    leave: ({page}) => page.getByRole('radio', {name: 'Figure'}).first().click(),
  },
  {
    name: 'the logit lens',
    shows: '[data-testid=logit-lens]',
    enter: ({page}) => page.getByRole('radio', {name: 'Logit lens'}).first().click(),
    leave: ({page}) => page.getByRole('radio', {name: 'Figure'}).first().click(),
  },
  {
    name: 'the matrix of a head',
    shows: '[data-testid=attention-matrix][data-current=true]',
    enter: ({page}) => page.getByRole('tab', {name: 'Attention'}).first().click(),
  },
  {
    name: 'weights as lines',
    shows: '[data-testid=attention-lines][data-current=true]',
    enter: ({page}) => page.getByRole('radio', {name: 'Lines', exact: true}).first().click(),
  },
  {
    name: 'all heads in small',
    shows: '[data-testid=attention-overview][data-whole=true]',
    enter: ({page}) => page.getByRole('radio', {name: 'Overview', exact: true}).first().click(),
  },
  {
    name: 'two heads and their difference',
    shows: '[data-testid=two-heads][data-current=true]',
    enter: ({page}) => page.getByRole('radio', {name: 'Two heads', exact: true}).first().click(),
  },
  {
    name: 'the label of a head',
    shows: '[data-testid=head-name]',
    enter: ({page}) => page.getByTestId('head-label').first().click(),
    leave: ({page}) => page.keyboard.press('Escape'),
  },
  {
    name: 'the scores of all heads',
    shows: '[data-testid=heads] tr[data-head]',
    enter: ({page}) => page.getByRole('radio', {name: 'Heads', exact: true}).first().click(),
  },
  {
    name: 'the attention graph',
    shows: '[data-testid=attention-graph][data-current=true]',
    enter: ({page}) => page.getByRole('radio', {name: 'Graph'}).first().click(),
  },
  {
    name: 'the tokens that pruning keeps',
    shows: '[data-testid=prune][data-done=true]',
    enter: ({page}) => page.getByRole('radio', {name: 'Pruning'}).first().click(),
  },
  {
    name: 'a causal test',
    shows: '[data-testid=trial][data-outcome=completed]',
    enter: async ({page}) => {
      await page.getByRole('radio', {name: 'Test'}).first().click()
      await page.getByTestId('test-mask').click()
    },
    leave: async ({page}) => {
      await page.getByRole('radio', {name: 'Matrix'}).first().click()
      await page.getByRole('tab', {name: 'Tokens'}).first().click()
    },
  },
  {
    name: 'the tree of continuations',
    shows: '[data-testid=tree-figure]',
    enter: async ({page}) => {
      await page.getByRole('tab', {name: 'Tree'}).first().click()
      await page.keyboard.press('Escape')
    },
  },
  {
    name: 'the outline of the tree',
    shows: '[data-testid=tree-outline] tbody tr',
    enter: ({page}) => page.getByRole('radio', {name: 'Outline'}).first().click(),
  },
  {
    name: 'drafts, test by test',
    shows: '[data-testid=draft-tests] tr[data-test]',
    enter: ({page}) => page.getByRole('radio', {name: 'Draft'}).first().click(),
    leave: async ({page}) => {
      await page.getByRole('radio', {name: 'Tree', exact: true}).first().click()
      await page.getByRole('tab', {name: 'Tokens'}).first().click()
    },
  },
  {
    name: 'the bars of an attribution',
    shows: '[data-testid=attribution-bars] [data-bar]',
    enter: async ({page}) => {
      await page.getByRole('tab', {name: 'Attribution'}).first().click()
      // One run a token: what takes hundreds is looked at in its own test.
      await page.getByTestId('method').first().click()
      await page.getByRole('menuitemradio', {name: 'Occlusion, mask'}).click()
    },
    leave: async ({page}) => {
      await page.getByRole('tab', {name: 'Tokens'}).first().click()
    },
  },
  {
    name: 'what can be seen in the model',
    shows: '[data-testid=inspect-layers]',
    enter: ({page}) => byPalette(page, 'what can be seen'),
    leave: pressEscape,
  },
  {
    name: 'two panes',
    shows: '[data-testid=centre-2]',
    enter: ({page}) => byPalette(page, 'side by side'),
    leave: ({page}) => byPalette(page, 'close the other lens'),
  },
  {
    name: 'the first page with its samples',
    shows: '[data-testid=empty-page]',
    enter: ({page}) => byPalette(page, 'show the first page'),
    leave: ({page}) => byPalette(page, 'undo'),
  },
  {
    name: 'the model chooser',
    shows: '[data-testid=folder-dialog]',
    enter: ({page}) => page.keyboard.press('Control+o'),
    leave: pressEscape,
  },
  {
    name: 'the export dialog',
    shows: '[data-testid=export-dialog]',
    enter: ({page}) => page.keyboard.press('Control+e'),
    leave: pressEscape,
  },
  {
    name: 'the palette',
    shows: '[data-testid=palette]',
    enter: ({page}) => page.keyboard.press('Control+k'),
    leave: pressEscape,
  },
  {
    name: 'the settings',
    shows: '[data-testid=settings-dialog]',
    enter: ({page}) => page.keyboard.press('Control+,'),
    leave: pressEscape,
  },
  {
    name: 'the log',
    shows: '[data-testid=log]',
    enter: ({page}) => byPalette(page, 'log and'),
    leave: pressEscape,
  },
  {
    name: 'all keys',
    shows: '[data-testid=shortcuts]',
    enter: ({page}) => byPalette(page, 'all keys'),
    leave: pressEscape,
  },
  {
    name: 'the definitions',
    shows: '[data-testid=definitions]',
    enter: ({page}) => page.keyboard.press('F1'),
    leave: pressEscape,
  },
  {
    name: 'the menu of copies',
    shows: '[role=menu][aria-label=Copy]',
    enter: ({page}) => page.getByTestId('copy-menu').click(),
    leave: pressEscape,
  },
  {
    name: 'a context menu',
    shows: '[data-testid=context-menu]',
    enter: ({page}) => page.getByTestId('history-row').first().click({button: 'right'}),
    leave: pressEscape,
  },
  {
    name: 'a link that cannot be read',
    shows: '[data-testid=open-problem]',
    enter: async ({page}) => {
      await byPalette(page, 'open a link')
      await page.getByTestId('link-text').fill('nonsense')
      await page.keyboard.press('Enter')
      await expect(page.getByTestId('open-problem')).toBeVisible()
    },
    leave: pressEscape,
  },
  {
    name: 'the tracks to choose from',
    shows: '[role=menu][aria-label=Tracks]',
    enter: ({page}) => page.getByTestId('tracks').click(),
    leave: pressEscape,
  },
  {
    name: 'the text unit',
    shows: '[role=dialog][aria-label="Text unit"]',
    enter: ({page}) => page.getByRole('button', {name: /^Text unit/}).click(),
    leave: pressEscape,
  },
  {
    name: 'how much is generated',
    shows: '[role=dialog][aria-label=Generation]',
    enter: ({page}) => page.getByTestId('generation').click(),
    leave: pressEscape,
  },
  {
    name: 'the tokens that are followed',
    shows: '[role=dialog][aria-label="Tracked tokens"]',
    enter: ({page}) => page.getByTestId('track-editor').click(),
    leave: pressEscape,
  },
  {
    name: 'find',
    shows: '[data-testid=find-words]',
    enter: async ({page}) => {
      await page.keyboard.press('Control+f')
      await page.keyboard.type('keeps')
    },
    leave: pressEscape,
  },
  {
    name: 'a model card',
    shows: '.markdown-table',
    enter: ({page}) => byPalette(page, 'card of the model'),
    leave: pressEscape,
  },
  {
    name: 'the import of prompts',
    shows: '[data-testid=import-dialog]',
    enter: ({page}) => byPalette(page, 'paste or load'),
    leave: pressEscape,
  },
  {
    name: 'a token card',
    shows: '[data-testid=token-card]',
    enter: async ({page}) => {
      // Escape has let go of the token that was locked.
      await page.getByTestId('strip').locator('[data-position="3"]').last().click()
      await page.getByRole('button', {name: /^Card/}).click()
    },
    leave: pressEscape,
  },
  {
    name: 'a model that cannot be opened',
    shows: '[data-testid=problem]',
    enter: async (workbench) => {
      const folder = test.info().outputPath('broken-model')
      await mkdir(folder, {recursive: true})
      await writeFile(`${folder}/config.json`, '{"model_type": "llama"}')
      await writeFile(`${folder}/model.onnx`, 'no graph at all')
      await workbench.chooseFolder(folder)
    },
    leave: ({page}) => page.getByTestId('problem').getByRole('button', {name: 'Close'}).click(),
  },
  {
    name: 'critical tokens of a response',
    shows: '[data-testid=pass-table]',
    enter: ({page}) => byPalette(page, 'token that takes it'),
  },
  {
    name: 'critical tokens as a table',
    shows: '[data-testid=critical-table]',
    enter: ({page}) => page.getByRole('radio', {name: 'Table'}).first().click(),
    leave: async ({page}) => {
      await page.getByRole('tab', {name: 'Tokens'}).first().click()
      await page.getByTestId('history-row').last().click()
    },
  },
  {
    name: 'tokenizers',
    shows: '[data-testid=metrics] tr[data-tokenizer=llama2]',
    enter: ({page}) => page.getByRole('tab', {name: 'Tokenizers'}).first().click(),
  },
  {
    name: 'languages',
    shows: '[data-testid=premiums]',
    enter: ({page}) => page.getByRole('radio', {name: 'Languages'}).click(),
  },
  {
    name: 'vocabularies',
    shows: '[data-testid=vocabulary-classes]',
    enter: ({page}) => page.getByRole('radio', {name: 'Vocabulary'}).click(),
    leave: async ({page}) => {
      await page.getByRole('radio', {name: 'Aligned'}).click()
      await page.getByRole('tab', {name: 'Tokens'}).first().click()
    },
  },
  {
    name: 'a prompt that is too long',
    shows: '[data-testid=problem]',
    enter: async (workbench) => {
      await workbench.prompt.fill('Tom has a coin. '.repeat(900))
      await workbench.page.keyboard.press('Control+Enter')
      await expect(workbench.page.getByTestId('problem')).toBeVisible()
    },
    leave: async (workbench) => {
      await byPalette(workbench.page, 'undo')
      await byPalette(workbench.page, 'undo')
    },
  },
  {
    name: 'the prompt list',
    shows: '[data-testid=prompt-list]',
    enter: async ({page}) => {
      await byPalette(page, 'paste or load')
      await page
        .getByTestId('import-dialog')
        .getByRole('textbox')
        .first()
        .fill('prompt,answer\nMira has a, cat\nTom has a, dog')
      await page
        .getByTestId('import-dialog')
        .getByRole('button', {name: /Import|Add|Replace/})
        .last()
        .click()
      await expect(page.getByTestId('import-dialog')).toBeHidden()
      await page.keyboard.press('Control+Shift+Enter')
      await expect(page.getByText('2 prompts, 2 done').first()).toBeVisible()
      expect.soft(await violationsOf(page), 'the prompt list, done').toEqual([])
      await page.setViewportSize({width: 1100, height: 700})
    },
    leave: ({page}) => byPalette(page, 'undo'),
  },
]

function pressEscape({page}: Workbench) {
  return page.keyboard.press('Escape')
}

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds no violation on any screen, ${theme}`, async ({workbench}) => {
    test.setTimeout(600_000)
    const {page} = workbench
    await compareTwo(page)
    await workbench.open()
    await byPalette(page, `${theme} theme`)
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
    for (const {name, shows, enter, leave} of SCREENS) {
      await enter(workbench)
      // Some of what is seen is computed first.
      await expect(page.locator(shows).first(), name).toBeVisible({timeout: 30_000})
      await expect(page.getByRole('progressbar'), name).toHaveCount(0, {timeout: 90_000})
      expect.soft(await violationsOf(page), name).toEqual([])
      await leave?.(workbench)
    }
    await page.setViewportSize({width: 1100, height: 700})
    expect.soft(await violationsOf(page), 'narrow').toEqual([])
    for (const name of ['left', 'right']) {
      const rail = page.locator(`.rail.${name}`).getByRole('button').first()
      await rail.click()
      expect.soft(await violationsOf(page), `the ${name} drawer`).toEqual([])
      await page.keyboard.press('Escape')
    }
  })
}

test('axe finds nothing against a chat, or the fields to edit its turns', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await workbench.chooseFolder(join(root, 'fixtures/tiny-decoder-kv'))
  await expect(page.getByTestId('facts')).toContainText('tiny-decoder-kv')
  await page.getByText('chat template').click()
  await expect(page.getByTestId('prompt-turns')).toBeVisible()
  expect(await violationsOf(page)).toEqual([])
})

test('the focus stays inside of a dialog, and goes back to where it was', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  const isInside = () =>
    page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null)
  for (const [opener, dialog] of [
    ['export', 'export-dialog'],
    ['open-folder', 'folder-dialog'],
  ] as const) {
    await page.getByTestId(opener).focus()
    await page.keyboard.press('Enter')
    await expect(page.getByTestId(dialog)).toBeVisible()
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press(i % 3 === 2 ? 'Shift+Tab' : 'Tab')
      expect(await isInside(), `${dialog}, step ${i}`).toBe(true)
    }
    await page.keyboard.press('Escape')
    await expect(page.getByTestId(dialog)).toBeHidden()
    await expect(page.getByTestId(opener)).toBeFocused()
  }
})

test('Tab comes by every part of the page, and what has the focus is seen', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await page.locator('body').focus()
  const seen: {name: string; isSeen: boolean}[] = []
  for (let i = 0; i < 160; i++) {
    await page.keyboard.press('Tab')
    const stop = await page.evaluate(() => {
      const element = document.activeElement
      if (!element || element === document.body) return null
      const {outlineStyle, boxShadow, borderColor} = getComputedStyle(element)
      const own = outlineStyle !== 'none' || boxShadow !== 'none'
      const inner = [...element.querySelectorAll('*')].some(
        (part) => getComputedStyle(part).boxShadow !== 'none'
      )
      const near = element.parentElement
        ? getComputedStyle(element.parentElement).boxShadow
        : 'none'
      return {
        name:
          element.getAttribute('data-testid') ??
          element.getAttribute('aria-label') ??
          element.outerHTML.slice(0, 90),
        isSeen: own || inner || near !== 'none' || borderColor === '',
      }
    })
    if (stop) seen.push(stop)
  }
  const names = seen.map(({name}) => name)
  for (const part of [
    'find-command',
    'prompt',
    'run',
    'history-row',
    'token-text',
    'copy-menu',
    'export',
  ]) {
    expect(names, part).toContain(part)
  }
  expect(seen.filter(({isSeen}) => !isSeen)).toEqual([])
})

test('the numbers of the figure stand in a table, one row a token', async ({workbench}) => {
  const {page} = workbench
  await workbench.open()
  await page.getByRole('radio', {name: 'Table'}).focus()
  await page.keyboard.press('Enter')
  const table = page.getByTestId('data-table')
  await expect(table.getByRole('columnheader', {name: /surprisal/}).first()).toBeVisible()
  expect(await table.getByRole('row').count()).toBeGreaterThan(10)
})
