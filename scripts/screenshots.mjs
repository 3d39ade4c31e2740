// `npm run screenshots`: makes the pictures in docs/ from the running app and the command line.
import {execFileSync, spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {chromium} from 'playwright'
import {buildIfStale, root} from './build-if-stale.mjs'
import {findOrGetChromium} from './find-chromium.mjs'

await buildIfStale()
const state = mkdtempSync(join(tmpdir(), 'tokenscope-screenshots-'))
const env = {...process.env, TOKENSCOPE_STATE_FOLDER: state, HF_HUB_CACHE: join(state, 'hub')}
const cli = join(root, 'out/main/cli.js')
const host = spawn(process.execPath, [cli, 'serve', '--json', '--no-open', '--port', '0'], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
})
const browser = await chromium.launch({
  executablePath: await findOrGetChromium(),
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
})
try {
  const url = await firstLine(host.stdout).then((line) => JSON.parse(line).url)
  const context = await browser.newContext({viewport: {width: 1440, height: 900}})
  const page = await context.newPage()
  await page.goto(url)
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({colorScheme: theme, reducedMotion: 'reduce'})
    await page.getByText('Nothing is running').waitFor()
    await page.mouse.move(700, 890)
    await page.waitForTimeout(300)
    await page.screenshot({path: join(root, `docs/tokens-${theme}.png`)})
  }
  await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'})
  const prompt = await page.getByTestId('prompt').inputValue()
  await page.getByRole('radio', {name: 'Logit lens'}).click()
  await page.locator('.lens-figure').waitFor()
  await page.mouse.move(700, 890)
  await page.waitForTimeout(300)
  await page.screenshot({path: join(root, 'docs/logit-lens.png')})
  await page.getByRole('radio', {name: 'Figure'}).click()
  // The head that follows what came before, as its card names it.
  await page.getByRole('tab', {name: 'Attention'}).click()
  await page.locator('[data-testid=attention-matrix][data-current=true]').waitFor()
  await page.getByTestId('layer').getByRole('textbox').fill('4')
  await page.getByTestId('layer').getByRole('textbox').press('Enter')
  await page.getByTestId('head').getByRole('textbox').fill('3')
  await page.getByTestId('head').getByRole('textbox').press('Enter')
  await page.getByLabel('mass, number').fill('70')
  await page.getByLabel('mass, number').press('Enter')
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({colorScheme: theme, reducedMotion: 'reduce'})
    await page.locator('[data-testid=attention-matrix][data-current=true]').waitFor()
    await page.mouse.move(700, 890)
    await page.waitForTimeout(600)
    await page.screenshot({path: join(root, `docs/attention-${theme}.png`)})
  }
  await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'})
  // Every head in small, and what the last token reads followed down.
  await page.getByRole('radio', {name: 'Overview'}).click()
  await page.locator('[data-testid=attention-overview][data-whole=true]').waitFor()
  await page.mouse.move(700, 890)
  await page.waitForTimeout(600)
  await page.screenshot({path: join(root, 'docs/attention-overview.png')})
  await page.getByRole('radio', {name: 'Graph'}).click()
  await page.getByText('Nothing is running').waitFor({timeout: 120_000})
  await page.mouse.move(700, 890)
  await page.waitForTimeout(1500)
  await page.screenshot({path: join(root, 'docs/attention-graph.png')})
  await page.getByRole('radio', {name: 'Matrix'}).click()
  // A text that five tokenizers cut apart, with its number held.
  await page.getByRole('tab', {name: 'Tokenizers'}).click()
  await page.getByTestId('compared-source').click()
  await page.getByRole('menuitemradio', {name: /A bit of everything/}).click()
  await page.getByText('142 bytes, 23 words').waitFor()
  // Rows come one by one while vocabularies are loaded.
  await page.locator('tr[data-tokenizer=llama3]').waitFor({timeout: 60_000})
  await page.getByTestId('aligned').focus()
  for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight')
  await page.locator('[data-testid=entry-origin] svg').first().waitFor()
  // A second implementation is asked in its own time.
  await page.getByText('56 of 56, 2 engines').first().waitFor({timeout: 60_000})
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({colorScheme: theme, reducedMotion: 'reduce'})
    await page.mouse.move(700, 890)
    await page.waitForTimeout(600)
    await page.screenshot({path: join(root, `docs/tokenize-${theme}.png`)})
  }
  await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'})
  // What the likeliest next token leans on, and how far to trust it.
  await page.getByRole('tab', {name: 'Attribution'}).click()
  await page.locator('[data-bar]').first().waitFor()
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({colorScheme: theme, reducedMotion: 'reduce'})
    await page.getByText('Nothing is running').waitFor({timeout: 120_000})
    await page.mouse.move(700, 890)
    await page.waitForTimeout(600)
    await page.screenshot({path: join(root, `docs/attribute-${theme}.png`)})
  }
  await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'})
  // The token after which a response does not come right any more.
  await page.keyboard.press('Control+k')
  await page.keyboard.type('token that takes it')
  await page.keyboard.press('Enter')
  await page.getByTestId('pass-table').waitFor({timeout: 120_000})
  await page.locator('[data-critical]').first().waitFor({timeout: 120_000})
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({colorScheme: theme, reducedMotion: 'reduce'})
    await page.getByText('Nothing is running').waitFor({timeout: 120_000})
    await page.mouse.move(700, 890)
    await page.waitForTimeout(600)
    await page.screenshot({path: join(root, `docs/critical-${theme}.png`)})
  }
  await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'})
  await page.getByTestId('history-row').last().click()
  // What else could have been said, and what a draft would have guessed.
  await page.getByRole('tab', {name: 'Tree'}).click()
  await page.getByTestId('tree-figure').waitFor()
  await page.evaluate(() => document.activeElement?.blur())
  for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowDown', 'p', 'ArrowUp']) {
    await page.keyboard.press(key)
  }
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({colorScheme: theme, reducedMotion: 'reduce'})
    await page.mouse.move(700, 890)
    await page.waitForTimeout(600)
    await page.screenshot({path: join(root, `docs/tree-${theme}.png`)})
  }
  await page.emulateMedia({colorScheme: 'light', reducedMotion: 'reduce'})
  await page.keyboard.press('Escape')
  await page.getByRole('radio', {name: 'Draft'}).click()
  await page.getByTestId('draft').waitFor()
  await page.getByTestId('compare-strategies').click()
  await page.locator('[data-testid=compare-strategies]').waitFor({timeout: 120_000})
  await page.getByTestId('draft-step').getByRole('textbox').fill('1')
  await page.getByTestId('draft-step').getByRole('textbox').press('Enter')
  await page.mouse.move(700, 890)
  await page.waitForTimeout(600)
  await page.screenshot({path: join(root, 'docs/draft.png')})
  await page.getByRole('radio', {name: 'Tree', exact: true}).click()
  await page.getByRole('tab', {name: 'Tokens'}).click()
  // Keys are for the token that is locked, not for the choice of views.
  await page.evaluate(() => document.activeElement?.blur())
  // By sentences, two tokens pinned, the numbers beside the figure.
  await page.keyboard.press('p')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('p')
  await page.keyboard.press('u')
  await page.keyboard.press('u')
  await page.keyboard.press('Control+\\')
  await page.getByTestId('centre-2').getByRole('radio', {name: 'Table'}).click()
  await page.mouse.move(700, 890)
  await page.waitForTimeout(1500)
  await page.screenshot({path: join(root, 'docs/workbench.png')})
  const figure = [
    '--width',
    '960px',
    '--generate',
    '2',
    '--out',
    join(root, 'docs/tokens-figure.svg'),
  ]
  execFileSync(
    process.execPath,
    [cli, 'tokens', '--model', 'micro-base', '--prompt', prompt, ...figure],
    {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    }
  )
  const size = readFileSync(join(root, 'docs/tokens-figure.svg')).length
  console.error(
    `docs/tokens-light.png, docs/tokens-dark.png, docs/tokens-figure.svg (${size} bytes)`
  )
} finally {
  await browser.close()
  host.kill('SIGTERM')
  rmSync(state, {recursive: true, force: true})
}

async function firstLine(stream) {
  for await (const line of createInterface(stream)) return line
  throw new Error('the served host ended before it was ready')
}
