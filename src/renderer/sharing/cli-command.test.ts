import {execFileSync} from 'node:child_process'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {figureOptionsSchema} from '../../shared/figures/request.ts'
import {storyResult} from '../../shared/figures/tokens/sample-result.ts'
import type {TokensRequest, TokensResult} from '../../shared/lenses/tokens.ts'
import {TOKEN_UNIT} from '../../shared/units/unit-choice.ts'
import {cliCommand, type ShownTokens} from './cli-command.ts'
import {quoteArgument} from './shell-text.ts'

const result = storyResult()
const shownOf = (
  change: Partial<TokensRequest> = {},
  rest: Partial<ShownTokens> = {},
  of: Partial<TokensResult> = {}
): ShownTokens => {
  const request = {...result.request, ...change}
  return {
    result: {...result, status: 'completed', ...of, request},
    asked: request,
    unit: TOKEN_UNIT,
    tracks: figureOptionsSchema.parse({}).tracks,
    ...rest,
  }
}

/** The arguments that a POSIX shell makes of a command, with what it gives as standard input. */
function argumentsOf(command: string): {words: string[]; input: string} {
  const script = `tokenscope() { printf '%s\\0' "$@"; printf '\\0'; cat; }\n${command}`
  const text = execFileSync('sh', {input: script, encoding: 'utf8'})
  const end = text.indexOf('\0\0')
  return {words: text.slice(0, end).split('\0'), input: text.slice(end + 2)}
}

const flagsOf = (words: readonly string[], name: string) => words[words.indexOf(name) + 1]

describe('for a POSIX shell', () => {
  test('whatever the text, the shell hands it over as it is', () => {
    const words = fc.string({
      unit: fc.constantFrom(...`'"\\$\`!*?~#&|;<>() \n\tä👩‍🚀a-=`),
      minLength: 1,
    })
    fc.assert(
      fc.property(words, (text) => {
        const given = execFileSync('sh', ['-c', `printf '%s' ${quoteArgument(text, 'posix')}`])
        expect(given.toString()).toBe(text)
      }),
      {numRuns: 40}
    )
  })

  test('what is the default is not said, everything else is', () => {
    const plain = argumentsOf(
      cliCommand(
        shownOf({prompt: "It's 5 o'clock", track: [], temperature: 1, topP: 1, generate: 0})
      )
    )
    expect(plain.words).toEqual([
      'tokens',
      '--model',
      result.request.model,
      '--prompt',
      "It's 5 o'clock",
      '--json',
    ])
    const {words} = argumentsOf(
      cliCommand(
        shownOf(
          {
            prompt: '--help me',
            temperature: 0.7,
            topP: 0.9,
            topK: 25,
            position: 3,
            generate: 4,
            sample: true,
            seed: 9,
            track: [5, 6],
            noSpecialTokens: true,
            completionIds: [7],
            file: 'onnx/model_q4.onnx',
          },
          {unit: {kind: 'regex', source: 'a b', flags: 'i'}, tracks: ['rank']}
        )
      )
    )
    expect(flagsOf(words, '--prompt')).toBe('--help me')
    expect(flagsOf(words, '--temperature')).toBe('0.7')
    expect(flagsOf(words, '--top-p')).toBe('0.9')
    expect(flagsOf(words, '--top-k')).toBe('25')
    expect(flagsOf(words, '--position')).toBe('3')
    expect(flagsOf(words, '--generate')).toBe('4')
    expect(flagsOf(words, '--seed')).toBe('9')
    expect(flagsOf(words, '--track')).toBe('5,6')
    expect(flagsOf(words, '--completion-ids')).toBe('7')
    expect(flagsOf(words, '--file')).toBe('onnx/model_q4.onnx')
    expect(flagsOf(words, '--unit')).toBe('regex/i:a b')
    expect(flagsOf(words, '--tracks')).toBe('rank')
    expect(words).toContain('--sample')
    expect(words).toContain('--no-special-tokens')
  })

  test('a picture from the export dialog goes into its file', () => {
    const options = figureOptionsSchema.parse({
      widthPx: 321,
      theme: 'dark',
      title: 'A "b"',
      scale: 3,
      pins: [4],
      pairs: [{from: 1, to: 3}],
    })
    const {words} = argumentsOf(cliCommand(shownOf({}, {file: {format: 'png', options}})))
    expect(flagsOf(words, '--width')).toBe('321px')
    expect(flagsOf(words, '--theme')).toBe('dark')
    expect(flagsOf(words, '--title')).toBe('A "b"')
    expect(flagsOf(words, '--scale')).toBe('3')
    // As the command reads a pair: from the earlier to the later.
    expect(flagsOf(words, '--pin')).toBe('4,1>3')
    expect(flagsOf(words, '--out')).toBe('tokens.png')
    expect(words).not.toContain('--json')
  })

  test.each([
    ['a chat', {prompt: undefined, messages: [{role: 'user', content: "it's\nEND-OF-REQUEST\n"}]}],
    ['control characters', {prompt: 'bell \u0007\r\n'}],
    ['half of a surrogate pair', {prompt: 'a\ud83d'}],
    ['what is longer than an argument may be', {prompt: 'long '.repeat(30_000)}],
  ])('%s goes in by standard input', (_, change) => {
    const {words, input} = argumentsOf(cliCommand(shownOf(change)))
    expect(words).toEqual(['tokens', '--config', '-', '--json'])
    const request = JSON.parse(input)
    expect(request.command).toBe('tokens')
    expect(request.prompt).toEqual(change.prompt)
    if ('messages' in change) expect(request.messages).toEqual(change.messages)
  })

  test('tokens that were drawn with other settings than are shown go along as ids', () => {
    const shown = shownOf(
      {sample: true, temperature: 0.5, generate: 2, seed: 3},
      {},
      {completionIds: [8, 9]}
    )
    const {words} = argumentsOf(cliCommand({...shown, asked: {...shown.asked, temperature: 1.5}}))
    expect(flagsOf(words, '--completion-ids')).toBe('8,9')
    expect(words).not.toContain('--generate')
    expect(words).not.toContain('--sample')
  })
})

describe('for PowerShell', () => {
  const model = {...result.model, path: 'C:\\models\\micro-base'}

  test('the shell follows from the paths of the engine’s machine', () => {
    const command = cliCommand(shownOf({prompt: "it’s 5 o'clock", track: []}, {}, {model}))
    expect(command).toContain("--prompt 'it’’s 5 o''clock'")
  })

  test('what PowerShell would lose goes in by standard input, in ASCII', () => {
    const command = cliCommand(shownOf({prompt: 'say "ü"'}, {}, {model}))
    expect(command.startsWith("@'\n{")).toBe(true)
    expect(command.endsWith("'@ | tokenscope tokens --config - --json")).toBe(true)
    expect(command).toMatch(/^[\n\x20-\x7e]*$/)
    expect(JSON.parse(command.slice(3, command.indexOf("\n'@"))).prompt).toBe('say "ü"')
  })
})
