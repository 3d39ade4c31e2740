import {join} from 'node:path'
import {_electron as electron, expect, test} from '@playwright/test'
import {findElectron, hasDisplay} from '../scripts/find-electron.mjs'

const root = join(import.meta.dirname, '..')
const executablePath = findElectron()
const isDisplayed = await hasDisplay()

// The wiring is tested everywhere on a double (src/main/index.test.ts); this drives the real thing.
test.skip(!executablePath, 'no Electron binary on this machine: it is fetched from the web')
test.skip(!isDisplayed, 'no display on this machine to open a window on')

test('the desktop window shows the workbench and reaches its engine', async () => {
  const isRoot = process.getuid?.() === 0
  const app = await electron.launch({
    executablePath: executablePath!,
    args: [...(isRoot ? ['--no-sandbox'] : []), root],
  })
  try {
    const page = await app.firstWindow()
    const violations: string[] = []
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) violations.push(message.text())
    })
    expect(page.url()).toBe('app://tokenscope/')
    await expect(page.locator('#app')).not.toBeEmpty()
    expect(await page.evaluate(() => 'require' in window || 'process' in window)).toBe(false)
    await expect(page.getByText('micro-base').first()).toBeVisible()

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
  } finally {
    await app.close()
  }
})
