import {defineConfig} from '@playwright/test'

// `npm test` finds the browser and names it in TOKENSCOPE_CHROMIUM.
const executablePath = process.env.TOKENSCOPE_CHROMIUM

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results/e2e',
  // The engine uses every core; two at a time would measure each other.
  workers: 1,
  timeout: 90_000,
  // What fails once and not twice is told by `npm test` as flaky, and does not fail it.
  retries: 1,
  forbidOnly: Boolean(process.env.CI),
  use: {
    viewport: {width: 1440, height: 900},
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: {
      ...(executablePath ? {executablePath} : {}),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
})
