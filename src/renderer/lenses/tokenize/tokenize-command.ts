import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import type {TokenizeRequest} from '../../../shared/lenses/tokenize.ts'
import {
  commandLines,
  isArgument,
  type Shell,
  shellOfPath,
  withInput,
} from '../../sharing/shell-text.ts'

const DEFAULTS = commonFigureOptionsSchema.parse({})

/** The command that writes the same file, for the shell of the machine that has such paths. */
export function tokenizeCommand(
  request: TokenizeRequest,
  file: {readonly format: FigureFormat; readonly options: CommonFigureOptions},
  enginePath: string
): string {
  const shell: Shell = shellOfPath(enginePath)
  const words = [['tokenscope', 'tokenize']]
  const ends = fileFlags(file)
  const {text} = request
  if (text !== undefined && (text === '' || !isArgument(text, shell))) {
    const lines = commandLines([...words, ['--config', '-'], ...ends], shell)
    return withInput(lines, {...request}, shell)
  }
  return commandLines([...words, ...requestFlags(request), ...ends], shell)
}

function requestFlags(request: TokenizeRequest): string[][] {
  const {tokenizers, baselines, text, textFile, wordRule, reference} = request
  const flags: string[][] = [['--tokenizers', tokenizers.join(',')]]
  if (baselines.length > 0) flags.push(['--baselines', baselines.join(',')])
  if (text !== undefined) flags.push(['--text', text])
  if (textFile !== undefined) flags.push(['--text-file', textFile])
  if (wordRule !== 'whitespace') flags.push(['--word-rule', wordRule])
  if (reference !== undefined) flags.push(['--reference', reference])
  if (request.noSpecialTokens) flags.push(['--no-special-tokens'])
  if (request.parseSpecial) flags.push(['--parse-special'])
  if (request.price !== undefined) flags.push(['--price', String(request.price)])
  if (request.contextLength !== undefined) {
    flags.push(['--context-length', String(request.contextLength)])
  }
  return flags
}

function fileFlags({
  format,
  options,
}: {
  readonly format: FigureFormat
  readonly options: CommonFigureOptions
}): string[][] {
  const flags: string[][] = [['--out', `tokenize.${format}`]]
  if (options.noPrompt) flags.push(['--no-prompt'])
  if (format !== 'svg' && format !== 'png') return flags
  flags.push(['--width', `${options.widthPx}px`])
  if (format === 'png' && options.scale !== DEFAULTS.scale)
    flags.push(['--scale', String(options.scale)])
  if (options.theme !== DEFAULTS.theme) flags.push(['--theme', options.theme])
  if (options.colors !== DEFAULTS.colors) flags.push(['--palette', options.colors])
  if (options.title !== undefined) flags.push(['--title', options.title])
  if (options.caption !== undefined) flags.push(['--caption', options.caption])
  if (options.legend !== DEFAULTS.legend) flags.push(['--legend', options.legend])
  return flags
}
