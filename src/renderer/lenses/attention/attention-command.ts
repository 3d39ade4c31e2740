import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import type {AttentionResult} from '../../../shared/lenses/attention.ts'
import type {AttentionPicture} from '../../../shared/lenses/attention-picture.ts'
import {
  commandLines,
  isArgument,
  type Shell,
  shellOfPath,
  withInput,
} from '../../sharing/shell-text.ts'
import {filterFlags, mapFlags} from './map-flags.ts'

/** What is drawn, and the file that it is to be. */
export interface ShownAttention {
  readonly result: AttentionResult
  readonly picture: AttentionPicture
  readonly file: {readonly format: FigureFormat; readonly options: CommonFigureOptions}
}

const DEFAULTS = commonFigureOptionsSchema.parse({})

/** The command that writes the same file, for the shell of the engine's machine. */
export function attentionCommand(
  shown: ShownAttention,
  shell: Shell = shellOfPath(shown.result.model.path)
): string {
  return commandOf(shown.result, [...pictureFlags(shown), ...fileFlags(shown)], shell)
}

/** The command with the text of a result and further flags. */
export function commandOf({request}: AttentionResult, flags: string[][], shell: Shell): string {
  const {prompt} = request
  const isPlain =
    prompt !== undefined &&
    prompt !== '' &&
    request.messages === undefined &&
    isArgument(prompt, shell)
  const words = [['tokenscope', 'attention']]
  if (!isPlain) {
    const {command: _, generate: __, capture: ___, ...said} = request
    const short = commandLines([...words, ['--config', '-'], ...flags], shell)
    return withInput(short, {command: 'attention', ...said}, shell)
  }
  const named: string[][] = [['--model', request.model]]
  if (request.file !== undefined) named.push(['--file', request.file])
  named.push(['--prompt', prompt])
  if (request.chat) named.push(['--chat'])
  if (request.noSpecialTokens) named.push(['--no-special-tokens'])
  if (request.parseSpecial) named.push(['--parse-special'])
  if (request.truncate) named.push(['--truncate', request.truncate])
  const {completionIds = []} = request
  if (completionIds.length > 0) named.push(['--completion-ids', completionIds.join(',')])
  return commandLines([...words, ...named, ...flags], shell)
}

/** Which matrix, and what of it. */
function pictureFlags({picture, result}: ShownAttention): string[][] {
  const {map, filters, queries, keys, range} = picture
  const flags = [['--view', picture.view], ...mapFlags([map]), ...filterFlags(filters)]
  const isAll = (window: readonly [number, number]) =>
    window[0] === 0 && window[1] === result.tokens.length
  if (!isAll(queries)) flags.push(['--queries', queries.join(':')])
  if (!isAll(keys)) flags.push(['--keys', keys.join(':')])
  flags.push(['--range', String(range.maximum)])
  if (range.steps === 'linear') flags.push(['--steps', range.steps])
  return flags
}

function fileFlags({picture, file}: ShownAttention): string[][] {
  const position = picture.cell?.query ?? picture.row?.query
  return figureFlags(file, position, `attention.${file.format}`)
}

/** How a figure is drawn, which token is marked, and the file. */
export function figureFlags(
  {format, options}: ShownAttention['file'],
  position: number | undefined,
  path: string
): string[][] {
  const flags: string[][] = []
  if (format === 'svg' || format === 'png') {
    if (options.widthPx !== DEFAULTS.widthPx) flags.push(['--width', `${options.widthPx}px`])
    if (format === 'png' && options.scale !== DEFAULTS.scale) {
      flags.push(['--scale', String(options.scale)])
    }
    if (options.theme !== DEFAULTS.theme) flags.push(['--theme', options.theme])
    if (options.colors !== DEFAULTS.colors) flags.push(['--palette', options.colors])
    if (options.title !== undefined) flags.push(['--title', options.title])
    if (options.caption !== undefined) flags.push(['--caption', options.caption])
    if (options.legend !== DEFAULTS.legend) flags.push(['--legend', options.legend])
    if (position !== undefined) flags.push(['--position', String(position)])
  }
  if (options.noPrompt) flags.push(['--no-prompt'])
  return [...flags, ['--out', path]]
}
