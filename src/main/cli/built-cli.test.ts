import {spawn} from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join, resolve} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {tokensResultSchema} from '../../shared/lenses/tokens.ts'
import {serveResultSchema} from './schema-command.ts'

const root = resolve(import.meta.dirname, '../../..')
const builtCli = join(root, 'out/main/cli.js')
const model = join(root, 'fixtures/tiny-decoder-kv')
const folder = mkdtempSync(join(tmpdir(), 'tokenscope-built-'))
afterAll(() => rmSync(folder, {recursive: true}))

/** Runs the built command, or npm; `onError` and `onOut` hear every piece of their stream. */
function run(
  commandArguments: readonly string[],
  options: {
    input?: string | Uint8Array
    onError?: (kill: () => void) => void
    onOut?: (kill: () => void) => void
    npm?: boolean
    cli?: string
  } = {}
): Promise<{code: number | null; out: string; error: string}> {
  const env: NodeJS.ProcessEnv = {...process.env, TOKENSCOPE_STATE_FOLDER: folder}
  // That of the sources; what is built has its own, which may be older.
  delete env.TOKENSCOPE_SESSION_WORKER
  return new Promise((settle) => {
    const [command, first] = options.npm
      ? ['npm', []]
      : [process.execPath, [options.cli ?? builtCli]]
    const child = spawn(command, [...first, ...commandArguments], {
      cwd: options.npm ? root : folder,
      env,
    })
    let out = ''
    let error = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      options.onOut?.(() => child.kill('SIGINT'))
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      error += text
      options.onError?.(() => child.kill('SIGINT'))
    })
    child.on('close', (code) => settle({code, out, error}))
    child.stdin.end(options.input ?? '')
  })
}

// `npm test` builds first; a test runner that is started by itself may find nothing built.
describe.skipIf(!existsSync(builtCli))('the built command', () => {
  test('help and wrong usage start no engine', async () => {
    const help = await run(['--help'])
    expect([help.code, help.error]).toEqual([0, ''])
    expect(help.out).toContain('tokens [options]')
    const wrong = await run(['attention'])
    expect([wrong.code, wrong.out]).toEqual([2, ''])
  })

  test('an engine that cannot be started is told, and ends the command', async () => {
    const broken = join(folder, 'broken')
    cpSync(join(root, 'out/main'), join(broken, 'out/main'), {recursive: true})
    cpSync(join(root, 'package.json'), join(broken, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(broken, 'node_modules'))
    writeFileSync(join(broken, 'out/main/engine.js'), "import 'a-package-that-is-not-there'\n")
    const cli = join(broken, 'out/main/cli.js')
    const {code, out, error} = await run(['tokens', '--model', model, '--prompt', 'a'], {cli})
    expect([code, out]).toEqual([1, ''])
    expect(error).toContain('a-package-that-is-not-there')
    expect(error).toContain('is not started again')
  })

  test('tokens prints the result of a real model: probabilities sum to 1, spans tile the text', async () => {
    const text = 'Aé\u0000\r\n東 👩‍💻'
    const {code, out, error} = await run(
      ['tokens', '--model', model, '--prompt-file', '-', '--temperature', '0.7', '--json'],
      {input: text}
    )
    expect([code, error]).toEqual([0, ''])
    const result = tokensResultSchema.parse(JSON.parse(out))
    expect(result.status).toBe('completed')
    const total = result.next.reduce((sum, row) => sum + row.prob, result.restProb!)
    expect(Math.abs(total - 1)).toBeLessThan(1e-6)
    let end = 0
    for (const token of result.tokens) {
      expect(token.byteStart).toBe(end)
      end = token.byteEnd
    }
    expect(end).toBe(Buffer.byteLength(text))
    const bytes = result.tokens.filter((token) => !token.isInserted).map((token) => token.bytesHex)
    expect(bytes.join('')).toBe(Buffer.from(text).toString('hex'))
  })

  test('the same request writes the same files', async () => {
    const write = async (name: string) => {
      const paths = ['svg', 'png', 'json', 'csv'].map((format) => join(folder, `${name}.${format}`))
      const {code} = await run([
        ...['tokens', '--model', model, '--prompt', 'ab', '--generate', '6', '--sample'],
        ...['--seed', '4', '--track', '5,6', ...paths.flatMap((path) => ['--out', path])],
      ])
      expect(code).toBe(0)
      return paths.map((path) => readFileSync(path))
    }
    const [first, second] = [await write('a'), await write('b')]
    for (const [i, bytes] of first.entries()) expect(Buffer.compare(bytes, second[i]!)).toBe(0)
    for (const bytes of first) expect(bytes.includes(root)).toBe(false)
  })

  test('a model that is not there is one message and exit 1', async () => {
    const {code, out, error} = await run(['tokens', '--model', './none', '--prompt', 'a'])
    expect([code, out]).toEqual([1, ''])
    expect(error).toMatch(/^There is no .*\n(?: {2}.*\n)* {2}do {8}.*\n$/)
  })

  test('an interruption prints what there is as cancelled and exits with 130', async () => {
    const {code, out} = await run(
      ['tokens', '--model', model, '--prompt', 'a', '--json', '--progress', 'json'],
      {onError: (kill) => kill()}
    )
    expect(code).toBe(130)
    expect(JSON.parse(out)).toMatchObject({schema: 'tokenscope/tokens@1', status: 'cancelled'})
  })

  test('what serve prints when it is ready is of its schema', async () => {
    const {code, out} = await run(['serve', '--json', '--no-open'], {onOut: (kill) => kill()})
    expect(code).toBe(0)
    const result = JSON.parse(out)
    expect(serveResultSchema.strict().parse(result)).toEqual(result)
  })

  // Builds first where the sources are newer than what is built.
  test('through npm, standard output is the one JSON object and nothing else', {
    timeout: 180_000,
  }, async () => {
    const {code, out} = await run(
      ['run', '-s', 'cli', '--', 'tokens', '--model', model, '--prompt', 'a b', '--json'],
      {npm: true}
    )
    expect(code).toBe(0)
    expect(out).toMatch(/^\{.*\}\n$/)
    expect(tokensResultSchema.parse(JSON.parse(out)).request.prompt).toBe('a b')
  })
})
