import {spawn} from 'node:child_process'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {setTimeout as pause} from 'node:timers/promises'
import {afterAll, describe, expect, test} from 'vitest'
import {temporaryFolder} from '../../../fixtures/broken.ts'
import {criticalWeightsSchema} from '../../shared/lenses/critical-weights.ts'

const root = resolve(import.meta.dirname, '../../..')
const builtCli = join(root, 'out/main/cli.js')
const folder = await temporaryFolder()
afterAll(() => folder.remove())

const PROMPT = 'Kai has 38 books. Mira has 5 beads. Kai loses 7 books. How many books has Kai?'
const WRONG = ' So we add. 38 + 7 = 45. Answer: 45.'
const ITEM_COUNT = 5

const path = (name: string) => join(folder.path, name)
writeFileSync(
  path('items.jsonl'),
  Array.from({length: ITEM_COUNT}, () =>
    JSON.stringify({prompt: PROMPT, response: WRONG, answer: 31})
  ).join('\n')
)

/** The built command on the built-in model, as a process of its own. */
function start(flags: readonly string[]) {
  const env: NodeJS.ProcessEnv = {...process.env, TOKENSCOPE_STATE_FOLDER: folder.path}
  delete env.TOKENSCOPE_SESSION_WORKER
  const child = spawn(
    process.execPath,
    [builtCli, 'critical', '--checker', 'number:Answer:', '--rollouts', '8', ...flags],
    {env, stdio: ['ignore', 'ignore', 'pipe']}
  )
  let error = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    error += text
  })
  const ended = new Promise<{code: number | null; error: string}>((settle) => {
    child.on('close', (code) => settle({code, error}))
  })
  return {child, ended}
}

const lineCount = (name: string) =>
  existsSync(path(name)) ? readFileSync(path(name), 'utf8').split('\n').length - 1 : 0

const isBuilt = existsSync(builtCli)
const why = isBuilt ? '' : ' (left out: nothing is built yet, run `npm run build` first)'
if (!isBuilt) console.warn(`critical-resume.test.ts${why}`)

describe.skipIf(!isBuilt)(`a data set on a real model${why}`, () => {
  const asked = (out: string) => ['--dataset', path('items.jsonl'), '--out', path(out)]

  test('killed without warning and resumed, it is as if it had not been', {
    timeout: 120_000,
  }, async () => {
    const {child, ended} = start(asked('killed.jsonl'))
    // In the midst of an item, not at its end.
    while (lineCount('killed.jsonl') < 2 && child.exitCode === null) await pause(5)
    child.kill('SIGKILL')
    await ended
    const leftCount = lineCount('killed.jsonl')
    expect(leftCount).toBeGreaterThanOrEqual(2)
    expect(leftCount).toBeLessThan(ITEM_COUNT)
    const before = readFileSync(path('killed.jsonl'), 'utf8')
    const resumed = await start([...asked('killed.jsonl'), '--resume']).ended
    expect(resumed.code).toBe(0)
    const after = readFileSync(path('killed.jsonl'), 'utf8')
    expect(after.startsWith(before)).toBe(true)
    expect((await start(asked('whole.jsonl')).ended).code).toBe(0)
    expect(after).toBe(readFileSync(path('whole.jsonl'), 'utf8'))
    const indices = after
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).index)
    expect(indices).toEqual([0, 1, 2, 3, 4])
  })

  test('weights stand at the token that they are of', {timeout: 60_000}, async () => {
    for (const [form, response, role] of [
      ['released', WRONG, 'rejected'],
      ['paper', ' So we subtract. 38 - 7 = 31. Answer: 31.', 'chosen'],
    ] as const) {
      const {code} = await start([
        ...['--prompt', PROMPT, '--response', response, '--answer', '31'],
        ...['--weights', form, '--out', path(`${form}.jsonl`)],
      ]).ended
      expect(code).toBe(0)
      const line = criticalWeightsSchema.parse(
        JSON.parse(readFileSync(path(`${form}.jsonl`), 'utf8'))
      )
      expect(line).toMatchObject({form, role, beta: 1, isFineTuned: true})
      expect(line.weights).toHaveLength(line.responseIds!.length)
      const weights = line.weights!
      // The third token is the plan: wrong in one response, right in the other.
      if (role === 'rejected') expect(weights.indexOf(Math.max(...weights))).toBe(2)
      else expect(weights[2]).toBeGreaterThan(0.99)
    }
  })
})
