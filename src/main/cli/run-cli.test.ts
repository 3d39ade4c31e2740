import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {z} from 'zod'
import {figureOptionsSchema} from '../../shared/figures/request.ts'
import {attentionRequestSchema} from '../../shared/lenses/attention.ts'
import {attributeRequestSchema} from '../../shared/lenses/attribute.ts'
import {criticalRequestSchema} from '../../shared/lenses/critical.ts'
import {tokensRequestSchema, tokensResultSchema} from '../../shared/lenses/tokens.ts'
import {treeRequestSchema} from '../../shared/lenses/tree.ts'
import {LIMITS, type NumberLimits} from './flag-limits.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'
import {cli, fileIn, testFolder} from './test-run-cli.ts'

const folder = testFolder()
const fileOf = (name: string, content: string | Uint8Array) => fileIn(folder, name, content)

describe('the request of tokens', () => {
  test('has the flags under their names in camelCase, with every default', async () => {
    const {exitCode, requests} = await cli('tokens', '--prompt', 'Hello', '--json')
    expect(exitCode).toBe(0)
    expect(requests).toEqual([
      {
        command: 'tokens',
        model: 'micro-base',
        prompt: 'Hello',
        topK: 10,
        temperature: 1,
        topP: 1,
        position: 'last',
        generate: 0,
        sample: false,
        track: [],
        seed: 0,
      },
    ])
  })

  test('takes every flag', async () => {
    const {requests, wishes} = await cli(
      ...['tokens', '--model', 'some/model', '--file', 'onnx/model_q4.onnx', '--prompt=-x'],
      ...['--no-special-tokens', '--parse-special', '--chat', '--seed', '7', '--top-k', '3'],
      ...['--top-p', '0.95', '--temperature', '0.9', '--position', '1', '--generate', '4'],
      ...['--sample', '--track', '3,5', '--truncate', 'left', '--completion-ids', '8'],
      ...['--threads', '2', '--max-memory', '1.5GB', '--no-prompt', '--provider', 'cpu']
    )
    expect(requests[0]).toEqual({
      command: 'tokens',
      model: 'some/model',
      file: 'onnx/model_q4.onnx',
      prompt: '-x',
      noSpecialTokens: true,
      parseSpecial: true,
      chat: true,
      seed: 7,
      topK: 3,
      topP: 0.95,
      temperature: 0.9,
      position: 1,
      generate: 4,
      sample: true,
      track: [3, 5],
      truncate: 'left',
      completionIds: [8],
    })
    expect(wishes).toEqual([{threads: 2, maxMemoryBytes: 1.5 * 2 ** 30}])
  })

  test('reads a prompt file as it is, byte order mark and line ends included', async () => {
    const path = fileOf('prompt.txt', '\ufeffa\r\nb\n')
    const {requests} = await cli('tokens', '--prompt-file', path)
    expect(requests[0]?.prompt).toBe('\ufeffa\r\nb\n')
  })

  test('names the offset of a byte that is no UTF-8', async () => {
    const cases: [number[], number][] = [
      [[0x61, 0xff, 0x62], 1],
      [[0x61, 0xc3, 0xa9, 0xc3, 0x28], 3],
      [[0xe4, 0xba], 0],
      [[...Buffer.from('東'), 0xf0, 0x9f, 0x98], 3],
      [[0x61, 0xed, 0xa0, 0x80], 1],
      [[0x80], 0],
    ]
    for (const [bytes, offset] of cases) {
      const path = fileOf('broken.txt', Uint8Array.from(bytes))
      const {exitCode, error} = await cli('tokens', '--prompt-file', path)
      expect(exitCode).toBe(1)
      expect(error).toContain(`byte ${offset}\n`)
    }
  })

  test('a config file gives what a result’s request says, and flags override it', async () => {
    const first = await cli('tokens', '--prompt', 'Hello', '--top-k', '4', '--json')
    const {request} = JSON.parse(first.out)
    const path = fileOf('request.json', JSON.stringify(request))
    const same = await cli('tokens', '--config', path)
    expect(same.requests).toEqual(first.requests)
    const other = await cli('tokens', '--config', path, '--top-k', '5', '--prompt', 'Bye')
    expect(other.requests[0]).toMatchObject({topK: 5, prompt: 'Bye'})
    const yaml = fileOf('request.yaml', 'command: tokens\nprompt: |\n  two\n  lines\ntopK: 2\n')
    expect((await cli('tokens', '--config', yaml)).requests[0]).toMatchObject({
      prompt: 'two\nlines\n',
      topK: 2,
    })
  })

  test('takes --no-kv-cache, and has it in the request that is given back', async () => {
    const {requests, out} = await cli('tokens', '--prompt', 'a', '--no-kv-cache', '--json')
    expect(requests[0]?.kvCache).toBe(false)
    const again = await cli(
      'tokens',
      '--config',
      fileOf('kv.json', JSON.stringify(JSON.parse(out).request))
    )
    expect(again.requests).toEqual(requests)
  })

  test('messages are a chat', async () => {
    const path = fileOf('chat.json', '[{"role": "user", "content": "hi"}]')
    const {requests} = await cli('tokens', '--messages', path)
    expect(requests[0]?.messages).toEqual([{role: 'user', content: 'hi'}])
    const wrong = await cli('tokens', '--messages', fileOf('wrong.json', '[{"role": "user"}]'))
    expect(wrong.exitCode).toBe(1)
    expect(wrong.error).toContain('0.content')
  })
})

describe('the result', () => {
  test('is one JSON object of the schema, without numbers that JSON lacks', async () => {
    const {out, error} = await cli('tokens', '--prompt', 'Hello', '--json')
    expect(out.endsWith('}\n')).toBe(true)
    const result = JSON.parse(out)
    expect(tokensResultSchema.parse(result)).toEqual(result)
    expect(result.status).toBe('completed')
    expect(result.tokens.map((token: {rank: number | null}) => token.rank)).toEqual([null, 3, 1])
    expect(result.tokens[1].endProb).toBeNull()
    expect(error).toBe('')
  })

  test('is a readable table without --json, with its warnings on standard error', async () => {
    const {out, error} = await cli('tokens', '--prompt', 'Hello')
    expect(out).toMatch(/position +id +token +surprisal, bits/)
    expect(out).toMatch(/1 +1 +Hello +3\.0 +3\.0 +4\n/)
    expect(out).toMatch(/6 others +0\.25/)
    expect(error).toContain('Read this.')
  })

  test('with --no-prompt says nothing of the prompt', async () => {
    for (const format of [['--json'], []]) {
      const {out} = await cli('tokens', '--prompt', 'Hello', '--no-prompt', ...format)
      expect(out).not.toContain('Hello')
      expect(out).not.toContain('48656c6c6f')
      expect(out).toContain('surprisal')
    }
  })

  test('goes into every file that --out names', async () => {
    const paths = ['a.svg', 'a.png', 'a.json', 'a.csv'].map((name) => join(folder, name))
    const {exitCode, out} = await cli(
      ...['tokens', '--prompt', 'Hello', '--width', '85mm', '--theme', 'grey'],
      ...paths.flatMap((path) => ['--out', path])
    )
    expect([exitCode, out]).toEqual([0, ''])
    const [svg, png, json, csv] = paths.map((path) => readFileSync(path))
    // 85 mm at 96 pixels an inch.
    expect(svg?.toString()).toContain(' width="321.26"')
    expect(png?.subarray(1, 4).toString()).toBe('PNG')
    expect(JSON.parse(json?.toString() ?? '').tokens).toHaveLength(3)
    expect(csv?.toString()).toContain('token,1,1,48656c6c6f,Hello')
    for (const bytes of [svg, png, json, csv]) expect(bytes?.includes('/somewhere')).toBe(false)
  })

  test('a folder that does not exist is said before anything runs', async () => {
    const path = join(folder, 'none/a.svg')
    const {exitCode, error, requests} = await cli('tokens', '--prompt', 'a', '--out', path)
    expect([exitCode, requests]).toEqual([1, []])
    expect(error).toContain('Make the folder first')
  })
})

test('a problem of the engine is one readable message, and the engine is closed', async () => {
  const {exitCode, error, out, closed} = await cli('tokens', '--prompt', 'fail', '--model', 'x')
  expect([exitCode, out, closed]).toEqual([1, '', 1])
  expect(error).toBe(
    'There is no such model.\n  found     x\n  expected  a model folder\n  do        Choose another.\n'
  )
})

test('a prompt that is too long is cut by flags that are named', async () => {
  const {exitCode, error} = await cli('tokens', '--prompt', 'long')
  expect(exitCode).toBe(1)
  expect(error).toContain('--truncate left (keeps the end) or --truncate right (keeps the start)')
  expect(error).not.toContain('with truncate')
})

test('an interruption prints what there is and exits with 130', async () => {
  const {connect, heard} = testEngine()
  const {terminal, written, interrupt} = testTerminal()
  setTimeout(interrupt, 20)
  const exitCode = await runCli(['tokens', '--prompt', 'slow', '--json'], connect, terminal)
  expect([exitCode, heard.closed]).toEqual([130, 1])
  const result = JSON.parse(written.out)
  expect(tokensResultSchema.parse(result)).toMatchObject({status: 'cancelled', position: null})
  expect(result.tokens).toHaveLength(3)
})

test('progress is JSON lines on standard error, or a line that goes away, or nothing', async () => {
  const {error} = await cli('tokens', '--prompt', 'a', '--json', '--progress', 'json')
  expect(JSON.parse(error)).toEqual({phase: 'loading', done: 1, total: 2, secondsLeft: 1.5})
  const {terminal, written} = testTerminal({isErrorTty: true})
  await runCli(['tokens', '--prompt', 'a', '--json'], testEngine().connect, terminal)
  expect(written.error).toMatch(/Loading 50 %, at most 2 s left.*\u001b\[K$/s)
})

test('models prints its list, schema its schema', async () => {
  const models = await cli('models', '--json')
  expect(JSON.parse(models.out)).toEqual({
    schema: 'tokenscope/models@1',
    request: {command: 'models'},
    versions: {tokenscope: '0', onnxruntime: '1', schema: '1'},
    warnings: [],
    models: [],
  })
  expect((await cli('schema', 'serve')).exitCode).toBe(0)
  for (const command of ['tokens', 'models', 'inspect', 'attention', 'intervene']) {
    const {out, exitCode} = await cli('schema', command)
    expect(exitCode).toBe(0)
    expect(JSON.parse(out).properties.schema.const).toBe(`tokenscope/${command}@1`)
  }
})

test('models writes files, reads a config and bears what changes nothing', async () => {
  const [json, csv] = [join(folder, 'm.json'), join(folder, 'm.csv')]
  const {exitCode, out} = await cli(
    ...['models', '--out', json, '--out', csv, '--no-prompt', '--progress', 'none']
  )
  expect([exitCode, out]).toEqual([0, ''])
  const result = JSON.parse(readFileSync(json, 'utf8'))
  expect(result.schema).toBe('tokenscope/models@1')
  expect(readFileSync(csv, 'utf8')).toMatch(/^id,path,source,kind,.*\r\n$/)
  const config = fileOf('models.json', JSON.stringify({...result.request, json: true}))
  expect(JSON.parse((await cli('models', '--config', config)).out)).toEqual(result)
  const other = await cli('models', '--config', fileOf('other.json', '{"command": "tokens"}'))
  expect([other.exitCode, other.error]).toEqual([2, expect.stringContaining('not models')])
})

test('the version is that of the package', async () => {
  const {version} = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const flag of ['--version', '-V']) {
    expect(await cli(flag)).toMatchObject({exitCode: 0, out: `${version}\n`, error: ''})
  }
  expect((await cli('tokens', '--prompt', '-V')).requests[0]?.prompt).toBe('-V')
})

test('the limits that help lists are those of the schemas', () => {
  const properties = {
    ...z.toJSONSchema(treeRequestSchema, {io: 'input'}).properties,
    ...z.toJSONSchema(attentionRequestSchema, {io: 'input'}).properties,
    ...z.toJSONSchema(criticalRequestSchema, {io: 'input'}).properties,
    ...z.toJSONSchema(attributeRequestSchema, {io: 'input'}).properties,
    ...z.toJSONSchema(tokensRequestSchema, {io: 'input'}).properties,
    ...z.toJSONSchema(figureOptionsSchema, {io: 'input'}).properties,
  } as Record<string, z.core.JSONSchema.JSONSchema>
  for (const [name, limits] of Object.entries<NumberLimits>(LIMITS)) {
    if (name === 'threads') continue
    const {anyOf, ...own} = properties[name]!
    const schema = anyOf?.[0] ?? own
    if (typeof schema === 'boolean') throw new Error(name)
    expect({
      whole: schema.type === 'integer',
      min: schema.minimum ?? schema.exclusiveMinimum,
      isMinExcluded: schema.exclusiveMinimum !== undefined,
      max: schema.maximum === Number.MAX_SAFE_INTEGER ? undefined : schema.maximum,
    }).toEqual({isMinExcluded: false, max: undefined, ...limits})
  }
})

test('help lists the commands and exits with 0', async () => {
  const {exitCode, out} = await cli('--help')
  expect(exitCode).toBe(0)
  for (const name of ['tokens', 'models', 'inspect', 'serve', 'schema'])
    expect(out).toContain(`  ${name}`)
  const tokens = (await cli('tokens', '--help')).out.replaceAll(/\s+/g, ' ')
  for (const words of [
    '--no-prompt',
    '--no-kv-cache',
    '1 to 1000 (10)',
    'above 0, up to 100 (1)',
  ]) {
    expect(tokens).toContain(words)
  }
  const models = (await cli('models', '--help')).out
  expect(models).toContain('--out <file>')
  expect(models).not.toContain('--seed')
})
