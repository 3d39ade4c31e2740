import {
  colorScaleSchema,
  type FigureFormat,
  type FigureOptions,
  figureFormatSchema,
  figureOptionsSchema,
  themeSchema,
} from '../../shared/figures/request.ts'
import {type TokensRequest, tokensRequestSchema} from '../../shared/lenses/tokens.ts'
import {TOKEN_UNIT, type UnitChoice} from '../../shared/units/unit-choice.ts'
import {parseUnitFlag, UNIT_FLAG_FORMS} from '../../shared/units/unit-flag.ts'
import {checkConfig} from './check-config.ts'
import {checked} from './checked-values.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {flagOf, parseChoice, parseLengthPx, parseSizeBytes, parseWholeList} from './flag-values.ts'
import {type OutFile, outFileOf} from './out-file.ts'
import {applyPromptFlags} from './prompt-values.ts'
import {readConfigFile} from './read-input.ts'
import type {TokensFlags} from './tokens-flags.ts'
import {UsageError} from './usage-error.ts'

/** Everything that a call of `tokens` asks for. */
export interface TokensCall {
  readonly request: TokensRequest
  readonly figure: FigureOptions
  /** The unit of the figures; the matches of an expression are found when there is a text. */
  readonly unit: UnitChoice
  readonly outFiles: readonly OutFile<FigureFormat>[]
  readonly isJson: boolean
  readonly progress: 'json' | 'none' | 'line'
  readonly threads: number | null
  readonly maxMemoryBytes: number | undefined
}

const DEFAULT_MODEL = 'micro-base'
/** Choices that have one value so far; a figure that knows more lists them here. */
const SINGLE_CHOICES = {
  font: ['inter'],
  provider: ['cpu'],
} as const

type Values = Record<string, unknown>

/** The names a config file may use. */
const FIGURE_NAMES = [
  'width',
  'scale',
  'theme',
  'title',
  'caption',
  'legend',
  'tracks',
  'next',
  'unit',
  'pin',
  'palette',
  'view',
]
const HOST_NAMES = ['threads', 'maxMemory', 'progress', 'out', 'json', 'noPrompt']
const CONFIG_NAMES = [
  ...Object.keys(tokensRequestSchema.shape),
  ...FIGURE_NAMES,
  ...HOST_NAMES,
  ...Object.keys(SINGLE_CHOICES),
]

/** Flags and config file to a checked call. Throws a UsageError, or a Problem about a file. */
export async function readTokensCall(flags: TokensFlags): Promise<TokensCall> {
  const config =
    flags.config === undefined
      ? {}
      : checkConfig(await readConfigFile(flags.config), 'tokens', CONFIG_NAMES)
  for (const [name, choices] of Object.entries(SINGLE_CHOICES)) {
    const value = flags[name as keyof typeof SINGLE_CHOICES] ?? config[name]
    if (value !== undefined) parseChoice(String(value), flagOf(name), choices)
  }
  const request = readRequest(flags, config)
  const text = (name: keyof TokensFlags & string) => {
    const value = flags[name] ?? config[name]
    return value === undefined ? undefined : String(value)
  }
  const threads = text('threads')
  const maxMemory = text('maxMemory')
  const progress = text('progress')
  const out = flags.out ?? (config.out === undefined ? [] : [config.out].flat().map(String))
  return {
    request,
    figure: readFigure(flags, config, text),
    unit: readUnit(text('unit')),
    outFiles: out.map((path) => outFileOf(path, figureFormatSchema.options)),
    isJson: flags.json ?? config.json === true,
    progress:
      progress === undefined ? 'line' : parseChoice(progress, '--progress', ['json', 'none']),
    threads: threads === undefined ? null : parseLimited(threads, '--threads', LIMITS.threads),
    maxMemoryBytes: maxMemory === undefined ? undefined : parseSizeBytes(maxMemory, '--max-memory'),
  }
}

function readRequest(flags: TokensFlags, config: Values): TokensRequest {
  const values: Values = {}
  for (const name of Object.keys(tokensRequestSchema.shape)) {
    if (config[name] !== undefined && config[name] !== null) values[name] = config[name]
  }
  values.model = flags.model ?? values.model ?? DEFAULT_MODEL
  if (flags.file !== undefined) values.file = flags.file
  applyPromptFlags(values, flags)
  if (flags.sample) values.sample = true
  if (flags.noKvCache) values.kvCache = false
  // A figure of it needs it.
  if (flags.logitLens || (flags.view ?? config.view) === 'logit-lens') values.logitLens = true
  for (const name of ['topK', 'generate', 'seed', 'topP', 'temperature'] as const) {
    const value = flags[name]
    if (value !== undefined) values[name] = parseLimited(value, flagOf(name), LIMITS[name])
  }
  if (flags.track !== undefined) values.track = parseWholeList(flags.track, '--track')
  if (flags.position !== undefined) {
    const isWhole = /^\d+$/.test(flags.position)
    values.position = isWhole ? Number(flags.position) : flags.position
  }
  return checked(tokensRequestSchema, values)
}

function readFigure(
  flags: TokensFlags,
  config: Values,
  text: (name: keyof TokensFlags & string) => string | undefined
): FigureOptions {
  const values: Values = {noPrompt: flags.noPrompt ?? config.noPrompt ?? false}
  const width = text('width')
  if (width !== undefined) values.widthPx = parseLengthPx(width, '--width')
  const scale = text('scale')
  if (scale !== undefined) values.scale = parseLimited(scale, '--scale', LIMITS.scale)
  const theme = text('theme')
  if (theme !== undefined) values.theme = parseChoice(theme, '--theme', themeSchema.options)
  for (const name of ['legend', 'next'] as const) {
    const value = text(name)
    if (value !== undefined) values[name] = parseChoice(value, flagOf(name), ['on', 'off'])
  }
  for (const name of ['title', 'caption'] as const) {
    const value = text(name)
    if (value !== undefined) values[name] = value
  }
  const view = text('view')
  if (view !== undefined) {
    const choices = figureOptionsSchema.shape.view.unwrap().options
    values.view = parseChoice(view, '--view', choices)
  }
  const palette = text('palette')
  if (palette !== undefined) {
    values.colors = parseChoice(palette, '--palette', colorScaleSchema.options)
  }
  const pin = flags.pin ?? (Array.isArray(config.pin) ? config.pin.join(',') : text('pin'))
  if (pin !== undefined) Object.assign(values, parsePins(pin))
  const tracks = flags.tracks?.split(',') ?? config.tracks
  if (tracks !== undefined) {
    const choices = figureOptionsSchema.shape.tracks.unwrap().element.options
    values.tracks = [tracks].flat().map((name) => parseChoice(String(name), '--tracks', choices))
  }
  return checked(figureOptionsSchema, values)
}

/** `3,14,3>14`: positions, and pairs of them. */
function parsePins(text: string): Pick<FigureOptions, 'pins' | 'pairs'> {
  const parts = text.split(',')
  const pairs = parts.filter((part) => part.includes('>'))
  const pins = parts.filter((part) => !part.includes('>'))
  return {
    pins: pins.length > 0 ? parseWholeList(pins.join(','), '--pin') : [],
    pairs: pairs.map((pair) => {
      const ends = parseWholeList(pair.replace('>', ','), '--pin')
      if (ends.length !== 2) throw new UsageError(`--pin takes pairs such as 3>14, not “${pair}”`)
      return {from: ends[0]!, to: ends[1]!}
    }),
  }
}

function readUnit(flag: string | undefined): UnitChoice {
  if (flag === undefined) return TOKEN_UNIT
  const unit = parseUnitFlag(flag)
  if (!unit) throw new UsageError(`--unit takes ${UNIT_FLAG_FORMS}, not “${flag}”`)
  return unit
}
