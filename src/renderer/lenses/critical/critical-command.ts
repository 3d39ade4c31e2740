import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import {
  type CriticalRequest,
  type CriticalResult,
  criticalRequestSchema,
} from '../../../shared/lenses/critical.ts'
import type {CriticalDatasetResult} from '../../../shared/lenses/critical-dataset.ts'
import {
  commandLines,
  isArgument,
  type Shell,
  shellOfPath,
  withInput,
} from '../../sharing/shell-text.ts'

/** What is drawn, and the file that it is to be. */
export interface CriticalFile {
  readonly result: CriticalResult
  /** Absent: it is printed, and no file is written. */
  readonly format?: FigureFormat
  readonly options?: CommonFigureOptions
}

const DEFAULTS = commonFigureOptionsSchema.parse({})

/** The command that writes the same file, for the shell of the engine's machine. */
export function criticalCommand(
  file: CriticalFile,
  shell: Shell = shellOfPath(file.result.model.path)
): string {
  const {request} = file.result
  const {prompt, answer, checker} = request
  const flags = fileFlags(file)
  const words = [['tokenscope', 'critical']]
  const checkerText = checkerFlag(checker)
  const isPlain =
    prompt !== undefined &&
    prompt !== '' &&
    request.messages === undefined &&
    checkerText !== null &&
    [prompt, answer, checkerText].every((text) => isArgument(text, shell))
  if (!isPlain) {
    const {command: _, ...said} = request
    const short = commandLines([...words, ['--config', '-'], ...flags], shell)
    return withInput(short, {command: 'critical', ...said}, shell)
  }
  return commandLines([...words, ...requestFlags(request, prompt, checkerText), ...flags], shell)
}

/** A checker as the flag has it; null for a script, whose source is no flag, and '' where there is none. */
function checkerFlag(checker: CriticalRequest['checker']): string | null {
  switch (checker?.kind) {
    case undefined:
      return ''
    case 'number':
      return `number:${checker.marker}`
    case 'text':
      return 'text'
    case 'one-of':
      return checker.options.some((option) => option.includes(','))
        ? null
        : `one-of:${checker.options.join(',')}`
    case 'regex':
      return `regex:${checker.pattern}`
    case 'script':
      return null
  }
}

const PLAIN = criticalRequestSchema.parse({model: 'any'})

function requestFlags(request: CriticalRequest, prompt: string, checker: string): string[][] {
  const flags: string[][] = [['--model', request.model]]
  if (request.file) flags.push(['--file', request.file])
  flags.push(['--prompt', prompt])
  if (request.chat) flags.push(['--chat'])
  if (request.noSpecialTokens) flags.push(['--no-special-tokens'])
  if (request.parseSpecial) flags.push(['--parse-special'])
  if (request.truncate) flags.push(['--truncate', request.truncate])
  if (request.responseIds) flags.push(['--response-ids', request.responseIds.join(',')])
  else if (request.response !== undefined) flags.push(['--response', request.response])
  if (request.answer !== '') flags.push(['--answer', request.answer])
  if (checker !== '') flags.push(['--checker', checker])
  const names = [
    ...(['method', 'rollouts', 'tolerance', 'temperature', 'topP', 'maxNewTokens'] as const),
    ...(['mode', 'positive', 'negative', 'beta', 'seed'] as const),
  ]
  for (const name of names) {
    const value = request[name]
    if (value === undefined || value === PLAIN[name]) continue
    flags.push([`--${name.replace(/[A-Z]/gu, (one) => `-${one.toLowerCase()}`)}`, String(value)])
  }
  if (request.counterfactual) flags.push(['--counterfactual'])
  return flags
}

/** The command that runs a data set anew and writes the same file; the file of items is named as it was opened. */
export function datasetCommand(
  {
    result,
    ...file
  }: {
    readonly result: CriticalDatasetResult
    readonly format: FigureFormat
    readonly options: CommonFigureOptions
  },
  shell: Shell = shellOfPath(result.model?.path ?? '')
): string {
  const {dataset = 'items.jsonl', ...shared} = result.request
  const flags = [['--dataset', dataset], ...fileFlags(file)]
  const short = commandLines([['tokenscope', 'critical'], ['--config', '-'], ...flags], shell)
  return withInput(short, {command: 'critical', ...shared}, shell)
}

function fileFlags({format, options = DEFAULTS}: Omit<CriticalFile, 'result'>): string[][] {
  if (!format) return []
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
  }
  if (options.noPrompt) flags.push(['--no-prompt'])
  return [...flags, ['--out', `critical.${format}`]]
}
