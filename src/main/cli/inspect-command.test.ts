import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, expect, test} from 'vitest'
import {inspectResultSchema} from '../../shared/lenses/inspect.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenscope-inspect-'))
afterAll(() => rmSync(folder, {recursive: true}))

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(commandArguments, connect, terminal)
  return {exitCode, ...written, ...heard}
}

test('inspect asks with its flags in camelCase, and prints a result that its schema takes', async () => {
  const {exitCode, out, inspections, wishes, closed} = await cli(
    ...['inspect', '--model', 'some/model', '--file', 'model_q4.onnx', '--verify', '--json'],
    ...['--threads', '3', '--max-memory', '1G']
  )
  expect(exitCode).toBe(0)
  expect(inspections).toEqual([
    {command: 'inspect', model: 'some/model', file: 'model_q4.onnx', verify: true},
  ])
  expect(wishes).toEqual([{threads: 3, maxMemoryBytes: 2 ** 30}])
  expect(closed).toBe(1)
  const result = inspectResultSchema.parse(JSON.parse(out))
  expect(result.request).toEqual(inspections[0])
})

test('inspect prints a row a layer, with the reason where attention cannot be had', async () => {
  const {exitCode, out} = await cli('inspect')
  expect(exitCode).toBe(0)
  const row = (start: RegExp) => out.split('\n').find((line) => start.test(line)) ?? ''
  expect(row(/^ *0 /)).toMatch(/queries-keys +8 +8 +Softmax softmax_0$/)
  expect(row(/^ *1 /)).toMatch(/none +— +— +— +It mixes without a softmax\.$/)
  expect(row(/^logit-lens/)).toMatch(/yes$/)
  expect(row(/^head/)).toContain('logits, final norm norm')
  expect(row(/^value norms/)).toContain('‖v · W_O‖ in layer 0; not found in layer 1')
})

test('inspect writes its result, takes a request file, and refuses what it does not know', async () => {
  const path = join(folder, 'inspection.json')
  const first = await cli('inspect', '--model', 'one', '--out', path)
  expect([first.exitCode, first.out]).toEqual([0, ''])
  const {request} = JSON.parse(readFileSync(path, 'utf8'))
  const config = join(folder, 'request.json')
  writeFileSync(config, JSON.stringify(request))
  expect((await cli('inspect', '--config', config)).inspections).toEqual(first.inspections)
  writeFileSync(config, '{"command": "inspect", "layers": 3}')
  expect(await cli('inspect', '--config', config)).toMatchObject({
    exitCode: 2,
    error: expect.stringContaining('“layers”, which inspect does not know'),
  })
  expect(await cli('inspect', '--out', join(folder, 'x.csv'))).toMatchObject({
    exitCode: 2,
    error: expect.stringContaining('--out writes .json so far'),
  })
  expect((await cli('inspect', '--prompt', 'a')).exitCode).toBe(2)
})

test('inspect fails where a check did not pass, and not where one is not applicable', async () => {
  const passed = await cli('inspect', '--verify')
  expect(passed.exitCode).toBe(0)
  expect(passed.out).toMatch(/^cached-rows +n\/a +— +— +not applicable: there is no cache$/m)
  const failed = await cli('inspect', '--model', 'failing/model', '--verify')
  expect(failed.exitCode).toBe(1)
  expect(failed.out).toMatch(/^row-sums +no +5\.0e-1/m)
  expect(failed.error).toContain('Not passed: row-sums.')
  expect((await cli('inspect', '--model', 'failing/model', '--verify', '--json')).exitCode).toBe(1)
})
