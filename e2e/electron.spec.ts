import {spawn} from 'node:child_process'
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {
  type ElectronApplication,
  _electron as electron,
  expect,
  type Page,
  test,
} from '@playwright/test'
import {findElectron, hasDisplay} from '../scripts/find-electron.mjs'
import type {HostBridge, HostMessage} from '../src/shared/host/host-bridge.ts'

const root = join(import.meta.dirname, '..')
const executablePath = findElectron()
const isDisplayed = await hasDisplay()

// The wiring is tested everywhere on a double (src/main/desktop/*.test.ts); this drives the real thing.
test.skip(!executablePath, 'no Electron binary on this machine: it is fetched from the web')
test.skip(!isDisplayed, 'no display on this machine to open a window on')

type BridgedWindow = Window & {tokenscopeHost: HostBridge; heard: HostMessage[]}

let userData = ''
let app: ElectronApplication | null = null
test.beforeEach(() => {
  userData = mkdtempSync(join(tmpdir(), 'tokenscope-electron-'))
})
test.afterEach(async () => {
  await app?.close()
  app = null
  rmSync(userData, {recursive: true, force: true})
})

/** Arguments of a start with data of its own, so that one of the person's is not joined. */
const startArguments = (...given: string[]) => [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  `--user-data-dir=${userData}`,
  root,
  ...given,
]

async function start(...given: string[]): Promise<{app: ElectronApplication; page: Page}> {
  app = await electron.launch({
    executablePath: executablePath!,
    args: startArguments(...given),
    env: {...process.env, TOKENSCOPE_STATE_FOLDER: join(userData, 'state')} as Record<
      string,
      string
    >,
  })
  const page = await app.firstWindow()
  await expect(page.getByText('micro-base').first()).toBeVisible()
  return {app, page}
}

/** Collects what the page is told from now on. */
const listen = (page: Page) =>
  page.evaluate(() => {
    const bridged = window as unknown as BridgedWindow
    bridged.heard = []
    bridged.tokenscopeHost.onMessage((message) => bridged.heard.push(message as HostMessage))
  })
const heard = (page: Page) => page.evaluate(() => (window as unknown as BridgedWindow).heard)

test('the desktop window shows the workbench and reaches its engine', async () => {
  const {app, page} = await start()
  const violations: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text())
  })
  expect(page.url()).toBe('app://tokenscope/')
  await expect(page.locator('#app')).not.toBeEmpty()
  expect(await page.evaluate(() => 'require' in window || 'process' in window)).toBe(false)

  await page.evaluate(() => window.open('https://example.com'))
  expect(app.windows()).toHaveLength(1)
  await page.evaluate(() => {
    location.href = 'https://example.com'
  })
  await page.waitForTimeout(300)
  expect(page.url()).toBe('app://tokenscope/')
  expect(violations).toEqual([])

  const engines = () =>
    app.evaluate(({app: electronApp}) =>
      electronApp
        .getAppMetrics()
        .filter(({serviceName, name}) => [serviceName, name].includes('Tokenscope engine'))
        .map(({pid}) => pid)
    )
  const [engine] = await engines()
  process.kill(engine!, 'SIGKILL')
  await expect
    .poll(async () => (await engines()).filter((pid) => pid !== engine).length, {timeout: 10_000})
    .toBe(1)
  await expect(page.getByText('micro-base').first()).toBeVisible()
  const [report] = readdirSync(join(userData, 'crash-reports')).filter((name) =>
    name.endsWith('.json')
  )
  expect(JSON.parse(readFileSync(join(userData, 'crash-reports', report!), 'utf8'))).toMatchObject({
    part: 'engine',
  })
})

test('the menu shows the page’s commands and runs them in its window', async () => {
  const {app, page} = await start()
  // Windows of Linux and Windows do not tell their menu, so it is noted as it is set.
  await app.evaluate(({BrowserWindow}) => {
    const noted = globalThis as unknown as {menu: unknown}
    const {setMenu} = BrowserWindow.prototype
    BrowserWindow.prototype.setMenu = function (menu) {
      noted.menu = menu
      setMenu.call(this, menu)
    }
  })
  await listen(page)
  await page.evaluate(() =>
    (window as unknown as BridgedWindow).tokenscopeHost.send({
      kind: 'commands',
      commands: [
        {id: 'test', group: 'go', title: 'Of this test', accelerator: 'Ctrl+J', isEnabled: true},
      ],
    })
  )
  const chosen = () =>
    app.evaluate(({Menu, BrowserWindow}) => {
      const noted = globalThis as unknown as {menu: Electron.Menu | null}
      const menu = process.platform === 'darwin' ? Menu.getApplicationMenu() : noted.menu
      BrowserWindow.getAllWindows()[0]?.focus()
      const item = menu?.getMenuItemById('command:test')
      item?.click()
      return item?.label
    })
  await expect.poll(chosen).toBe('Of this test')
  await expect.poll(() => heard(page)).toContainEqual({kind: 'run-command', id: 'test'})
})

test('a window comes back in its size, and a new one beside it', async () => {
  const first = await start()
  await first.app.evaluate(({BrowserWindow}) => {
    BrowserWindow.getAllWindows()[0]!.setBounds({x: 60, y: 80, width: 1000, height: 640})
  })
  await expect
    .poll(() => {
      try {
        const {windows} = JSON.parse(readFileSync(join(userData, 'windows.json'), 'utf8'))
        return windows[0].bounds.width
      } catch {
        return null
      }
    })
    .toBe(1000)
  await first.app.close()

  const second = await start()
  const size = await second.app.evaluate(({BrowserWindow}) =>
    BrowserWindow.getAllWindows()[0]!.getSize()
  )
  expect(size).toEqual([1000, 640])
  const opened = second.app.waitForEvent('window')
  await second.page.evaluate(() =>
    (window as unknown as BridgedWindow).tokenscopeHost.send({kind: 'new-window'})
  )
  const other = await opened
  await expect(other.getByText('micro-base').first()).toBeVisible()
})

test('a second start hands its link to the first and ends', async () => {
  const {page} = await start()
  await listen(page)
  const link = 'tokenscope://view?model=micro-base'
  const second = spawn(executablePath!, startArguments(link), {stdio: 'ignore'})
  const code = await new Promise((resolve) => second.on('close', resolve))
  expect(code).toBe(0)
  await expect.poll(() => heard(page)).toContainEqual({kind: 'open-link', url: link})
})

test('a page that dies is loaded again and says so', async () => {
  const {app, page} = await start()
  await app.evaluate(({BrowserWindow}) =>
    BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer()
  )
  // The page object of a crashed page is of no more use; the window is asked.
  const isThere = () =>
    app.evaluate(({BrowserWindow}) =>
      BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript(
        'document.body.innerText.includes("micro-base")'
      )
    )
  await expect.poll(() => isThere().catch(() => false), {timeout: 15_000}).toBe(true)
  expect(page.isClosed()).toBe(false)
  const reports = readdirSync(join(userData, 'crash-reports')).filter((name) =>
    name.includes('-page-')
  )
  expect(reports).toHaveLength(1)
})
