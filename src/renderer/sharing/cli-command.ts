import type {FigureFormat, FigureOptions} from '../../shared/figures/request.ts'
import {figureOptionsSchema} from '../../shared/figures/request.ts'
import type {TokensRequest, TokensResult} from '../../shared/lenses/tokens.ts'
import {TOKEN_UNIT, type UnitChoice} from '../../shared/units/unit-choice.ts'
import {formatUnitFlag} from '../../shared/units/unit-flag.ts'
import {commandLines, isArgument, type Shell, shellOfPath, withInput} from './shell-text.ts'

/** What is on the screen, as far as a command can say it. */
export interface ShownTokens {
  readonly result: TokensResult
  /** What the run was asked for, before table and followed tokens were chosen. */
  readonly asked: TokensRequest
  readonly unit: UnitChoice
  readonly tracks: FigureOptions['tracks']
  /** A file to be written, where it is about one; otherwise the result is printed as JSON. */
  readonly file?: {readonly format: FigureFormat; readonly options: FigureOptions}
}

/** What one argument may take on Linux is 128 KiB; other systems take less for all together. */
const MAX_COMMAND_LENGTH = 24_000

type Values = Record<string, unknown>
const FIGURE_DEFAULTS = figureOptionsSchema.parse({})

/** The command that gives what is on the screen, for the shell of the engine's machine. */
export function cliCommand(
  shown: ShownTokens,
  shell = shellOfPath(shown.result.model.path)
): string {
  const request = requestOf(shown)
  const figure = figureFlags(shown)
  const {prompt, messages} = request
  const flags = [...requestFlags(request), ...figure]
  const command = commandLines([['tokenscope', 'tokens'], ...flags], shell)
  const isPlain =
    messages === undefined &&
    command.length <= MAX_COMMAND_LENGTH &&
    [prompt ?? '', ...flags.flat()].every((text) => isArgument(text, shell))
  if (isPlain && prompt !== undefined && prompt !== '') return command
  const short = commandLines([['tokenscope', 'tokens'], ['--config', '-'], ...figure], shell)
  return withInput(short, {command: 'tokens', ...withoutDefaults(request)}, shell)
}

/** The request of the very numbers that are shown. */
function requestOf({result, asked}: ShownTokens): TokensRequest {
  const {request} = result
  const isSampledAlike =
    !asked.sample || (asked.temperature === request.temperature && asked.topP === request.topP)
  if (result.status === 'completed' && isSampledAlike) {
    return {...request, generate: asked.generate, seed: asked.seed, sample: asked.sample}
  }
  // Generated with other settings than the table is shown with: the tokens go along as they are.
  const {completionIds} = result
  return {...request, generate: 0, sample: false, seed: 0, completionIds: [...completionIds]}
}

const DEFAULTS: Values = {
  command: 'tokens',
  topK: 10,
  temperature: 1,
  topP: 1,
  position: 'last',
  generate: 0,
  sample: false,
  seed: 0,
}

function withoutDefaults(request: TokensRequest): Values {
  const isSaid = ([name, value]: [string, unknown]) =>
    value !== undefined &&
    value !== DEFAULTS[name] &&
    !(Array.isArray(value) && value.length === 0 && name !== 'messages')
  return Object.fromEntries(Object.entries(request).filter(isSaid))
}

const flagOf = (name: string) =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

function requestFlags(request: TokensRequest): string[][] {
  const {command: _, messages: __, kvCache, ...said} = withoutDefaults(request)
  const flags = Object.entries(said).map(([name, value]) =>
    value === true ? [flagOf(name)] : [flagOf(name), String(value)]
  )
  return kvCache === false ? [...flags, ['--no-kv-cache']] : flags
}

function figureFlags({tracks, unit, file}: ShownTokens): string[][] {
  const flags: string[][] = []
  if (unit.kind !== TOKEN_UNIT.kind) flags.push(['--unit', formatUnitFlag(unit)])
  const drawn = file?.options.tracks ?? tracks
  if (String(drawn) !== String(FIGURE_DEFAULTS.tracks)) flags.push(['--tracks', String(drawn)])
  if (!file) return [...flags, ['--json']]
  const {options, format} = file
  const isPicture = format === 'svg' || format === 'png'
  if (isPicture) {
    if (options.widthPx !== FIGURE_DEFAULTS.widthPx) flags.push(['--width', `${options.widthPx}px`])
    if (format === 'png' && options.scale !== FIGURE_DEFAULTS.scale) {
      flags.push(['--scale', String(options.scale)])
    }
    if (options.theme !== FIGURE_DEFAULTS.theme) flags.push(['--theme', options.theme])
    if (options.colors !== FIGURE_DEFAULTS.colors) flags.push(['--palette', options.colors])
    const pinned = [...options.pins, ...options.pairs.map(({from, to}) => `${from}>${to}`)]
    if (pinned.length > 0) flags.push(['--pin', pinned.join(',')])
    if (options.title !== undefined) flags.push(['--title', options.title])
    if (options.caption !== undefined) flags.push(['--caption', options.caption])
    if (options.legend !== FIGURE_DEFAULTS.legend) flags.push(['--legend', options.legend])
    if (options.next !== FIGURE_DEFAULTS.next) flags.push(['--next', options.next])
    if (options.view !== FIGURE_DEFAULTS.view) flags.push(['--view', options.view])
  }
  if (options.noPrompt) flags.push(['--no-prompt'])
  return [...flags, ['--out', `tokens.${format}`]]
}

export type {Shell}
