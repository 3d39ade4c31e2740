import {appendFile, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {temporaryFolder} from '../../../fixtures/broken.ts'
import {ProblemError} from '../../shared/domain/problem.ts'
import {
  criticalDatasetResultSchema,
  criticalItemSchema,
} from '../../shared/lenses/critical-dataset.ts'
import type {Connect} from './connect.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(() => folder.remove())

const CHECKER = ['--checker', 'number:Answer:']

/** Runs the command; `onAsked` may throw in place of an answer, or interrupt. */
async function cli(
  commandArguments: readonly string[],
  onAsked?: (prompt: string | undefined, interrupt: () => void) => void
) {
  const {connect, heard} = testEngine()
  const {terminal, written, interrupt} = testTerminal()
  const watched: Connect = async (wishes) => {
    const engine = await connect(wishes)
    const {run} = engine.client.criticals
    const criticals = {
      ...engine.client.criticals,
      run: async (...asked: Parameters<typeof run>) => {
        onAsked?.(asked[0].prompt, interrupt)
        return run(...asked)
      },
    }
    return {...engine, client: {...engine.client, criticals}}
  }
  const exitCode = await runCli(['critical', ...commandArguments], watched, terminal)
  return {exitCode, ...written, ...heard}
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder.path, name)
  await writeFile(path, text)
  return path
}

async function recordsOf(path: string) {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  return lines.map((line) => criticalItemSchema.parse(JSON.parse(line)))
}

const JSONL = `{"prompt": "one", "response": "a b c d", "answer": 31}
{"prompt": "two", "response": "a b c d"
{"prompt": "three", "answer": "8"}

{"prompt": "four", "response": "a b c d"}
{"prompt": "five", "response": "a b c d", "answer": 12}
`

test('each good line is an item with a record; bad ones are named, skipped and counted', async () => {
  const dataset = await file('items.jsonl', JSONL)
  const out = join(folder.path, 'good.jsonl')
  const {
    exitCode,
    out: printed,
    criticals,
    error,
  } = await cli([...['--dataset', dataset, ...CHECKER, '--seed', '4', '--out', out, '--json']])
  expect([exitCode, error]).toEqual([0, ''])
  expect(
    criticals.map(({prompt, response, sampleResponse, answer}) => [
      ...[prompt, response, sampleResponse, answer],
    ])
  ).toEqual([
    ['one', 'a b c d', undefined, '31'],
    ['three', undefined, true, '8'],
    ['five', 'a b c d', undefined, '12'],
  ])
  expect(new Set(criticals.map(({seed}) => seed)).size).toBe(3)
  const result = criticalDatasetResultSchema.parse(JSON.parse(printed))
  expect(result.items.map(({index, line, status}) => [index, line, status])).toEqual([
    [0, 1, 'completed'],
    [1, 3, 'completed'],
    [2, 6, 'completed'],
  ])
  expect(result.skipped).toEqual([
    {line: 2, reason: 'is not JSON'},
    {line: 4, reason: 'is empty'},
    {line: 5, reason: 'has no answer'},
  ])
  expect(result.skippedCount).toBe(3)
  expect(result.summary).toMatchObject({itemCount: 3, releasedCount: 3, failedCount: 0})
  const records = await recordsOf(out)
  expect(records.map(({line}) => line)).toEqual([1, 3, 6])
  // Each is a result of its own, which can be asked for again by its request.
  expect(records.map(({result: one}) => one?.request)).toEqual(criticals)
})

test('CSV and plain text are read as well', async () => {
  const csv = await file('items.csv', 'answer,prompt,response\n3,one,"a ""b"" c"\n4,two,a,b\n')
  const table = await cli(['--dataset', csv, ...CHECKER])
  expect(table.criticals).toMatchObject([{prompt: 'one', response: 'a "b" c', answer: '3'}])
  expect(table.error).toContain('1 line was skipped: line 3 has 4 fields in place of 3.')
  const text = await file('items.txt', 'one\ntwo\n')
  const plain = await cli(['--dataset', text, ...CHECKER, '--answer', '5'])
  expect(plain.criticals).toMatchObject([
    {prompt: 'one', sampleResponse: true, answer: '5'},
    {prompt: 'two', sampleResponse: true, answer: '5'},
  ])
  expect(plain.out).toMatch(/2 items: 0 failed/)
})

test('an interrupted run goes on where it was cut off: no item is lost, none is run twice', async () => {
  const dataset = await file('resumed.jsonl', JSONL)
  const [whole, parts] = ['whole.jsonl', 'parts.jsonl'].map((name) => join(folder.path, name))
  const asked = (out: string) => ['--dataset', dataset, ...CHECKER, '--out', out]
  await cli(asked(whole!))
  const first = await cli(asked(parts!), (prompt, interrupt) => {
    if (prompt !== 'three') return
    interrupt()
    throw new DOMException('', 'AbortError')
  })
  expect(first.exitCode).toBe(130)
  expect(first.error).toContain('--resume goes on with the rest')
  expect(await recordsOf(parts!)).toHaveLength(1)
  // As if the process had been killed in the midst of a line.
  await appendFile(parts!, '{"schema":"tokenscope/critical-item@1","index":1,"li')
  const second = await cli([...asked(parts!), '--resume'])
  expect(second.exitCode).toBe(0)
  expect(second.error).toContain('was not whole; its item is run again')
  expect(second.criticals.map(({prompt}) => prompt)).toEqual(['three', 'five'])
  expect(await readFile(parts!, 'utf8')).toBe(await readFile(whole!, 'utf8'))
  const third = await cli([...asked(parts!), '--resume'])
  expect([third.exitCode, third.criticals]).toEqual([0, []])
  expect(third.out).toMatch(/^3 items: 0 failed/)
})

test('records of other flags or another data set are not gone on with', async () => {
  const dataset = await file('other.jsonl', JSONL)
  const out = join(folder.path, 'other-out.jsonl')
  const asked = ['--dataset', dataset, ...CHECKER, '--out', out]
  await cli(asked)
  const before = await readFile(out, 'utf8')
  const unresumed = await cli(asked)
  expect([unresumed.exitCode, unresumed.criticals]).toEqual([2, []])
  expect(unresumed.error).toContain('has records: go on with --resume')
  const warmer = await cli([...asked, '--resume', '--temperature', '.7'])
  expect([warmer.exitCode, warmer.criticals]).toEqual([1, []])
  expect(warmer.error).toContain('made with other flags')
  await writeFile(dataset, JSONL.replace('"five"', '"six"'))
  const changed = await cli([...asked, '--resume'])
  expect(changed.exitCode).toBe(1)
  expect(changed.error).toContain('item 2')
  expect(await readFile(out, 'utf8')).toBe(before)
  await writeFile(out, `${before}no record\n`)
  const spoilt = await cli([...asked, '--resume'])
  expect(spoilt.error).toContain('line 4')
})

test('an item that fails is recorded with its problem, and the others go on', async () => {
  const dataset = await file('failing.jsonl', JSONL)
  const out = join(folder.path, 'failing-out.jsonl')
  const failAt = (wanted: string, code: string) => (prompt: string | undefined) => {
    if (prompt === wanted) throw new ProblemError({code, message: 'It is so.', advice: 'Mend it.'})
  }
  const asked = ['--dataset', dataset, ...CHECKER, '--out', out]
  const {exitCode, error} = await cli(asked, failAt('one', 'no-wrong-response'))
  expect(exitCode).toBe(0)
  expect(error).toContain('1 item failed: line 1: It is so.')
  const records = await recordsOf(out)
  expect(records.map(({status, problem}) => [status, problem?.code])).toEqual([
    ['failed', 'no-wrong-response'],
    ['completed', undefined],
    ['completed', undefined],
  ])
  // What would meet every item ends the run instead.
  const rest = await cli(
    ['--dataset', dataset, ...CHECKER, '--out', join(folder.path, 'none.jsonl')],
    failAt('one', 'no-such-model')
  )
  expect([rest.exitCode, rest.criticals]).toEqual([1, []])
  expect(await readFile(join(folder.path, 'none.jsonl'), 'utf8')).toBe('')
})

test('without the prompt neither texts nor ids are written', async () => {
  const dataset = await file('secret.jsonl', JSONL.replaceAll('one', 'secret'))
  const [out, json] = ['bare.jsonl', 'bare.json'].map((name) => join(folder.path, name))
  await cli(['--dataset', dataset, ...CHECKER, '--no-prompt', '--out', out!, '--out', json!])
  for (const path of [out!, json!]) {
    expect(await readFile(path, 'utf8')).not.toMatch(/secret|"a b c d"|Answer:|items\.jsonl/)
  }
  const [record] = await recordsOf(out!)
  expect(record!.result!.tokens.every(({id, bytesHex}) => id === 0 && bytesHex === '')).toBe(true)
})

test('the summary is drawn as well, and says nothing of this machine', async () => {
  const dataset = await file('drawn.jsonl', JSONL)
  const out = join(folder.path, 'summary.svg')
  const {exitCode} = await cli(['--dataset', dataset, ...CHECKER, '--no-prompt', '--out', out])
  expect(exitCode).toBe(0)
  const svg = await readFile(out, 'utf8')
  expect(svg).toContain('wrong, with a critical token')
  expect(svg).toContain('3 items, 3 lines skipped')
  expect(svg).not.toMatch(/drawn\.jsonl|Answer:|NaN/)
})

test.each([
  [['--dataset', 'x', '--prompt', 'a'], 'leave out --prompt'],
  [['--prompt', 'a', '--resume'], '--resume goes with --dataset'],
  [['--dataset', 'x', '--resume'], '--resume needs --out F.jsonl'],
  [['--prompt', 'a', '--response', 'b', '--out', 'x.jsonl'], 'with --dataset or --weights'],
  [['--prompt', 'a', '--weights', 'paper'], '--weights needs --out F.jsonl'],
  [['--prompt', 'a', '--weights', 'mine', '--out', 'x.jsonl'], '--weights takes'],
  [['--prompt', 'a', '--weights', 'paper', '--no-prompt', '--out', 'x.jsonl'], 'writes ids'],
  [
    ['--prompt', 'a', '--weights', 'paper', '--method', 'rollout', '--out', 'x.jsonl'],
    'contrastive or both',
  ],
])('%j is wrong usage', async (flags, message) => {
  const {exitCode, error} = await cli(flags)
  expect(exitCode).toBe(2)
  expect(error).toContain(message)
})

test('a data set without any item is a problem that says what it lacks', async () => {
  const dataset = await file('empty.jsonl', '{"text": ""}\n')
  const {exitCode, error} = await cli(['--dataset', dataset, ...CHECKER])
  expect(exitCode).toBe(1)
  expect(error).toMatch(/no item that can be run[\s\S]*line 1[\s\S]*has an empty prompt/)
})
