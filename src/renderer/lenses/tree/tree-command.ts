import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import type {TreeRequest, TreeResult} from '../../../shared/lenses/tree.ts'
import type {TreePicture} from '../../../shared/lenses/tree-picture.ts'
import {
  commandLines,
  isArgument,
  type Shell,
  shellOfPath,
  withInput,
} from '../../sharing/shell-text.ts'

/** A tree that is shown, and the file that it is to be. */
export interface ShownTreeFile {
  readonly result: TreeResult
  /** Whether its request alone gives it; else it is opened from a file. */
  readonly isAsGrown: boolean
  readonly picture: TreePicture
  readonly file: {readonly format: FigureFormat; readonly options: CommonFigureOptions}
}

const DEFAULTS = commonFigureOptionsSchema.parse({})
const NUMBERS = [
  ...([
    'strategy',
    'draft',
    'nodes',
    'depth',
    'width',
    'maxChildren',
    'beams',
    'lengthPenalty',
  ] as const),
  ...([
    'samples',
    'paths',
    'draftLength',
    'branchLength',
    'jointThreshold',
    'draftThreshold',
  ] as const),
  ...(['topK', 'topP', 'minP', 'draftTemperature', 'draftTopP', 'steps', 'maxNewTokens'] as const),
  ...(['distribution', 'seed'] as const),
] as const

/** The command that writes the same file, for the shell of the engine's machine. */
export function treeCommand(
  {result, isAsGrown, picture, file}: ShownTreeFile,
  shell: Shell = shellOfPath(result.model.path)
): string {
  const {request} = result
  const words = [['tokenscope', 'tree']]
  const drawn = [...pictureFlags(picture), ...fileFlags(file)]
  if (!isAsGrown) return commandLines([...words, ['--open', 'tree.json'], ...drawn], shell)
  const {prompt} = request
  const flags = [...requestFlags(request), ...drawn]
  const isPlain =
    prompt !== undefined &&
    prompt !== '' &&
    request.messages === undefined &&
    isArgument(prompt, shell)
  if (!isPlain) {
    const short = commandLines([...words, ['--config', '-'], ...drawn], shell)
    return withInput(short, request, shell)
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

function requestFlags(request: TreeRequest): string[][] {
  const flags: string[][] = []
  for (const name of NUMBERS) {
    const value = request[name]
    if (value !== undefined) flags.push([flagOf(name), String(value)])
  }
  if (request.branching) flags.push(['--branching', request.branching.join(',')])
  flags.push(['--temperature', String(request.temperature)])
  return flags
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`
}

function pictureFlags(picture: TreePicture): string[][] {
  const flags: string[][] = []
  if (picture.view !== 'tree') flags.push(['--view', picture.view])
  if (picture.distribution) flags.push(['--show', picture.distribution])
  if (picture.step > 0) flags.push(['--step', String(picture.step)])
  for (const name of ['collapsed', 'pruned', 'pinned'] as const) {
    if (picture[name].length > 0) flags.push([`--${name}`, picture[name].join(',')])
  }
  if (picture.selected !== null) flags.push(['--selected', String(picture.selected)])
  return flags
}

function fileFlags({format, options}: ShownTreeFile['file']): string[][] {
  const flags: string[][] = []
  if (format === 'svg' || format === 'png') {
    if (options.widthPx !== DEFAULTS.widthPx) flags.push(['--figure-width', `${options.widthPx}px`])
    if (format === 'png' && options.scale !== DEFAULTS.scale)
      flags.push(['--scale', String(options.scale)])
    if (options.theme !== DEFAULTS.theme) flags.push(['--theme', options.theme])
    if (options.colors !== DEFAULTS.colors) flags.push(['--palette', options.colors])
    if (options.title !== undefined) flags.push(['--title', options.title])
    if (options.caption !== undefined) flags.push(['--caption', options.caption])
  }
  if (options.noPrompt) flags.push(['--no-prompt'])
  return [...flags, ['--out', `tree.${format}`]]
}
