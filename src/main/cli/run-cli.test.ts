import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {paletteOf} from '../../shared/figures/palette.ts'
import {figureOptionsSchema} from '../../shared/figures/request.ts'
import {attentionRequestSchema} from '../../shared/lenses/attention.ts'
import {attributeRequestSchema} from '../../shared/lenses/attribute.ts'
import {tokensRequestSchema, tokensResultSchema} from '../../shared/lenses/tokens.ts'
import {treeRequestSchema} from '../../shared/lenses/tree.ts'
import {LIMITS, type NumberLimits} from './flag-limits.ts'
import {runCli} from './run-cli.ts'
import {testEngine, testTerminal} from './test-engine-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'tokenscope-cli-'))
afterAll(() => rmSync(folder, {recursive: true}))
const fileOf = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function cli(...commandArguments: string[]) {
  const {connect, heard} = testEngine()
  const {terminal, written} = testTerminal()
  const exitCode = await runCli(commandArguments, connect, terminal)
  return {exitCode, ...written, ...heard}
}

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

describe('units and pins of figures', () => {
  const write = async (name: string, ...flags: string[]) => {
    const path = join(folder, name)
    const result = await cli('tokens', '--prompt', 'a', '--out', path, ...flags)
    return {...result, read: () => readFileSync(path, 'utf8')}
  }

  test('matches, pins and the scale reach the figure', async () => {
    const unit = await write(
      'unit.svg',
      '--unit',
      'regex/i:hEL+',
      '--pin',
      '1',
      '--palette',
      'ocean'
    )
    expect([unit.exitCode, unit.error.includes('warning (unit')]).toEqual([0, false])
    const svg = unit.read()
    expect(svg).toContain('surprisal, sum over matches')
    expect(svg).toContain('outside: ')
    expect(svg).toContain('data-pin="1"')
    expect(svg).toContain(paletteOf('light', 'ocean').sequential[5]!)
    const json = await write('unit.json', '--unit', 'regex/i:hEL+', '--pin', '1,0>1')
    const {units, pins, pairs} = JSON.parse(json.read())
    expect([pins, pairs]).toEqual([[1], [{from: 0, to: 1}]])
    const rows = units.map((unit: {role: string; byteStart: number; byteEnd: number}) => [
      unit.role,
      unit.byteStart,
      unit.byteEnd,
    ])
    // The begin token, 'Hell' of 'Hello', and 'o' with the newline.
    expect(rows).toEqual([
      ['special', 0, 0],
      ['unit', 0, 4],
      ['outside', 4, 6],
    ])
  })

  test('a config file has them under the same names', async () => {
    const config = fileOf('unit.yaml', 'command: tokens\nunit: word\npin: [1, 2]\npalette: grey\n')
    const {read} = await write('config.json', '--config', config)
    const result = JSON.parse(read())
    expect([result.unit, result.pins]).toEqual([{kind: 'word'}, [1, 2]])
  })

  test('an expression that cannot be read is one message and exit 1', async () => {
    const {exitCode, error} = await write('bad.svg', '--unit', 'regex:(')
    expect(exitCode).toBe(1)
    expect(error).toContain('The regular expression cannot be read.\n  at        unit\n')
  })

  test('what has no effect says so', async () => {
    const warningOf = async (...flags: string[]) => (await write('w.svg', ...flags)).error
    expect(await warningOf('--unit', 'turn')).toContain('warning (unit-no-turn)')
    expect(await warningOf('--unit', 'regex:zz')).toContain('warning (unit-no-match)')
    expect(await warningOf('--unit', 'spans:2-99')).toContain('warning (unit-span-beyond)')
    const beyond = await write('pin.svg', '--pin', '2,3')
    expect([beyond.exitCode, beyond.error]).toEqual([
      2,
      expect.stringContaining('from 0 to 2, not “3”'),
    ])
  })
})

describe('wrong usage exits with 2 and says what is right', () => {
  test.each([
    [['critical'], 'critical does not exist yet'],
    [
      ['nonsense'],
      'tokens, models, inspect, attention, intervene, attribute, tokenize, tree, bytes, serve and schema',
    ],
    [[], 'give a command'],
    [['tokens'], '--prompt'],
    [['tokens', '--prompt', 'a', '--promt', 'b'], '--promt'],
    [['tokens', '--prompt', 'a', '--prompt-file', 'b'], 'one of'],
    [['tokens', '--prompt', 'a', '--out', 'a.pdf'], '.svg, .png, .json or .csv'],
    [['tokens', '--prompt', 'a', '--top-k', '0'], '--top-k'],
    [['tokens', '--prompt', 'a', '--top-k', 'ten'], '--top-k takes a whole number'],
    [['tokens', '--prompt', 'a', '--top-p', '1.5'], '--top-p'],
    [['tokens', '--prompt', 'a', '--temperature', '0'], '--temperature'],
    [['tokens', '--prompt', 'a', '--theme', 'pink'], 'light, dark, print or grey'],
    [['tokens', '--prompt', 'a', '--width', '5furlongs'], 'px, mm, cm or in'],
    [['tokens', '--prompt', 'a', '--width', '1px'], '--width'],
    [['tokens', '--prompt', 'a', '--view', 'heat'], '--view takes lines'],
    [['tokens', '--prompt', 'a', '--provider', 'webgpu'], 'cpu'],
    [['tokens', '--prompt', 'a', '--tracks', 'rank,loss'], 'p-end'],
    [['tokens', '--prompt', 'a', '--progress', 'bar'], 'json or none'],
    [['tokens', '--prompt', 'a', '--position', '-1'], '--position'],
    [['schema', 'compare'], 'intervene, attribute, tokenize, tree, bytes or serve'],
    [['tokens', '--prompt', 'Mira', 'has', 'a', 'lamp', '--json'], 'not take “has” “a” “lamp”'],
    [['tokens', '--prompt', 'Mira', 'has'], 'in quotes: --prompt "…"'],
    [['tokens', 'Mira'], 'a prompt is given as --prompt "…"'],
    [['models', 'extra'], 'models does not take “extra”'],
    [['schema', 'tokens', 'models'], 'schema does not take “models”'],
    [['serve', 'extra'], 'serve does not take “extra”'],
    [['models', '--seed', '3'], '--seed means nothing to models'],
    [['models', '--no-special-tokens'], '--no-special-tokens means nothing to models'],
    [['models', '--out', 'a.svg'], '.json or .csv'],
    [['models', '--progress', 'bar'], 'json or none'],
    [['tokens', '--prompt', 'a', '--top-k', '1642'], '--top-k takes a whole number from 1 to 1000'],
    [['tokens', '--prompt', 'a', '--top-p', '0'], '--top-p takes a number above 0, up to 1'],
    [['tokens', '--prompt', 'a', '--temperature', '-1'], 'takes a number above 0, up to 100'],
    [['tokens', '--prompt', 'a', '--seed', '1.5'], '--seed takes a whole number from 0'],
    [['tokens', '--prompt', 'a', '--scale', '9'], '--scale takes a number from 0.1 to 8'],
    [['tokens', '--prompt', 'a', '--track', '1,x'], '--track takes whole numbers'],
    [['tokens', '--prompt', 'a', '--unit', 'words'], '--unit takes token, byte, word, sentence'],
    [['tokens', '--prompt', 'a', '--unit', 'spans:5-2'], 'spans:0-5,9:12, not “spans:5-2”'],
    [['tokens', '--prompt', 'a', '--unit', 'regex:'], '--unit takes'],
    [['tokens', '--prompt', 'a', '--pin', '1,x'], '--pin takes whole numbers'],
    [['tokens', '--prompt', 'a', '--palette', 'viridis'], 'ember, ocean or grey'],
    [
      ['tokens', '--prompt', 'a', '--pin', Array(65).fill('1').join(',')],
      '--pin takes up to 64 positions',
    ],
    [
      ['tokens', '--prompt', 'a', '--track', Array(65).fill('1').join(',')],
      '--track takes up to 64 token ids',
    ],
    ...['0', '-1', '1.5', 'two', '1e3'].map((text): [string[], string] => [
      ['tokens', '--prompt', 'a', '--threads', text],
      `--threads takes a whole number from 1 to 1024, not “${text}”`,
    ]),
  ])('%j', async (commandArguments, words) => {
    const {exitCode, error, out, requests} = await cli(...commandArguments)
    expect(error).toContain(words)
    expect(exitCode).toBe(2)
    // The words of the validator are for programmers.
    expect(error).not.toMatch(/expected|Too |Invalid/)
    expect(out).toBe('')
    expect(requests).toEqual([])
  })

  test('what a config file has wrong is said by flag, in words', async () => {
    for (const [values, words] of [
      [{topK: 1642}, '--top-k takes a whole number from 1 to 1000, not “1642”'],
      [{chat: 'yes'}, '--chat takes true or false, not “yes”'],
      [{model: 3}, '--model takes text, not “3”'],
      [{threads: 0}, '--threads takes a whole number from 1 to 1024, not “0”'],
    ] as const) {
      const path = fileOf('wrong.json', JSON.stringify({prompt: 'a', ...values}))
      const {exitCode, error} = await cli('tokens', '--config', path)
      expect([exitCode, error]).toEqual([2, `${words}\n`])
    }
  })

  test('a config file may not have what nobody reads', async () => {
    const path = fileOf('typo.json', '{"prompt": "a", "topk": 3}')
    const {exitCode, error} = await cli('tokens', '--config', path)
    expect([exitCode, error]).toEqual([2, expect.stringContaining('“topk”')])
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
