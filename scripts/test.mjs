// `npm test`: builds, then types, lint, imports, bundles, unit tests and browser tests. The last line is
// `N passed, N failed`, over all of them; each check counts as one. `--full` adds the long tests.
import {spawn} from 'node:child_process'
import {mkdirSync, readFileSync, rmSync} from 'node:fs'
import {join} from 'node:path'
import {buildIfStale, root} from './build-if-stale.mjs'
import {findOrGetChromium} from './find-chromium.mjs'

const RESULTS = join(root, 'test-results')
const bin = (path) => join(root, 'node_modules', path)
const total = {passed: 0, failed: 0, skipped: 0}
const failures = []

const environment = {...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0'}
if (process.argv.includes('--full')) environment.TOKENSCOPE_FULL = '1'

rmSync(RESULTS, {recursive: true, force: true})
mkdirSync(RESULTS, {recursive: true})

await check('build', async () => {
  await buildIfStale()
  return 0
})
await check('types', () => runNode([bin('typescript/bin/tsc'), '--noEmit']))
await check('lint', () => runNode([bin('@biomejs/biome/bin/biome'), 'check', '--colors=off', root]))
await check('imports', () => runNode([join(root, 'scripts/check-imports.mjs')]))
await check('bundles', () => runNode([join(root, 'scripts/check-bundles.mjs')]))
await runVitest()
await runPlaywright()

for (const failure of failures) console.log(`failed: ${failure}`)
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0

/** Runs something that is right or wrong as a whole. */
async function check(name, body) {
  console.log(`— ${name}`)
  let code = 1
  try {
    code = await body()
  } catch (error) {
    console.error(error.message)
  }
  if (code === 0) total.passed++
  else fail(name)
}

async function runVitest() {
  console.log('— unit tests')
  const file = join(RESULTS, 'vitest.json')
  const code = await runNode([
    bin('vitest/vitest.mjs'),
    'run',
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ])
  const report = readReport(file)
  add(report?.numPassedTests, report?.numFailedTests, report?.numPendingTests)
  for (const {assertionResults, name} of report?.testResults ?? []) {
    for (const {status, fullName} of assertionResults) {
      if (status === 'failed') failures.push(`${name.slice(root.length + 1)}: ${fullName}`)
    }
  }
  // A file that could not be loaded, or an error outside any test, fails the run without failing a test.
  if (!report || (code !== 0 && report.numFailedTests === 0)) fail('unit tests')
}

async function runPlaywright() {
  console.log('— browser tests')
  const chromium = await findOrGetChromium()
  if (!chromium) {
    console.error('No Chromium-based browser can be had; name one in TOKENSCOPE_CHROMIUM.')
    fail('browser tests')
    return
  }
  const file = join(RESULTS, 'playwright.json')
  const code = await runNode([bin('@playwright/test/cli.js'), 'test', '--reporter=list,json'], {
    ...environment,
    TOKENSCOPE_CHROMIUM: chromium,
    PLAYWRIGHT_JSON_OUTPUT_NAME: file,
  })
  const report = readReport(file)
  const {expected = 0, flaky = 0, unexpected = 0, skipped: skippedCount = 0} = report?.stats ?? {}
  add(expected + flaky, unexpected, skippedCount)
  if (flaky > 0)
    console.log(`${flaky} browser tests failed once and passed when run again, listed above`)
  if (unexpected > 0) failures.push(`${unexpected} browser tests, listed above`)
  if (!report || (code !== 0 && unexpected === 0)) fail('browser tests')
}

function add(passed = 0, failed = 0, skippedCount = 0) {
  total.passed += passed
  total.failed += failed
  total.skipped += skippedCount
}

function fail(name) {
  total.failed++
  failures.push(name)
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

function runNode(nodeArguments, env = environment) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, nodeArguments, {cwd: root, stdio: 'inherit', env})
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
