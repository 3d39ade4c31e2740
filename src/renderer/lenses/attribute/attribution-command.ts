import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import type {AttributeResult} from '../../../shared/lenses/attribute.ts'
import type {AttributionPicture} from '../../../shared/lenses/attribution-picture.ts'
import {ATTRIBUTION_PRESETS} from '../../../shared/lenses/attribution-presets.ts'
import {formatUnitFlag} from '../../../shared/units/unit-flag.ts'
import {
  commandLines,
  isArgument,
  type Shell,
  shellOfPath,
  withInput,
} from '../../sharing/shell-text.ts'

/** What is drawn, and the file that it is to be. */
export interface AttributionFile extends ShownAttribution {
  readonly picture: AttributionPicture
  readonly format: FigureFormat
  readonly options: CommonFigureOptions
}

/** A result alone: its command prints it as JSON. */
interface ShownAttribution {
  readonly result: AttributeResult
}

const DEFAULTS = commonFigureOptionsSchema.parse({})

/** The command that writes the same file, or prints the same result, for the shell of the engine's machine. */
export function attributionCommand(
  file: AttributionFile | ShownAttribution,
  shell: Shell = shellOfPath(file.result.model.path)
): string {
  const {request} = file.result
  const {prompt} = request
  const flags = 'format' in file ? [...pictureFlags(file), ...fileFlags(file)] : [['--json']]
  const isPlain =
    prompt !== undefined &&
    prompt !== '' &&
    request.messages === undefined &&
    isArgument(prompt, shell)
  const words = [['tokenscope', 'attribute']]
  if (!isPlain) {
    const {command: _, ...said} = request
    const short = commandLines([...words, ['--config', '-'], ...flags], shell)
    return withInput(short, {command: 'attribute', ...said}, shell)
  }
  return commandLines([...words, ...requestFlags(request, prompt), ...flags], shell)
}

function requestFlags(request: AttributeResult['request'], prompt: string): string[][] {
  const flags: string[][] = [['--model', request.model]]
  const add = (flag: string, value: string | number | undefined) => {
    if (value !== undefined) flags.push([flag, String(value)])
  }
  add('--file', request.file)
  flags.push(['--prompt', prompt])
  if (request.chat) flags.push(['--chat'])
  if (request.noSpecialTokens) flags.push(['--no-special-tokens'])
  if (request.parseSpecial) flags.push(['--parse-special'])
  add('--truncate', request.truncate)
  const {completionIds = []} = request
  if (completionIds.length > 0) add('--completion-ids', completionIds.join(','))
  if (request.generate > 0) add('--generate', request.generate)
  if (request.method !== 'reagent') add('--method', request.method)
  add('--target-position', request.targetPosition)
  add('--target-token', request.targetToken)
  add('--target-span', request.targetSpan?.join(':'))
  add('--contrast', request.contrast?.join(','))
  if (request.allGenerated) flags.push(['--all-generated'])
  add('--sampler', request.sampler)
  add('--mlm', request.mlm)
  if (request.preset !== 'ours') add('--preset', request.preset)
  const preset = ATTRIBUTION_PRESETS[request.preset]
  const stated = ['ratio', 'keep', 'overlap', 'stopK', 'maxSteps', 'probes'] as const
  for (const name of stated) {
    const value = request[name]
    if (value !== undefined && value !== preset[name]) {
      add(`--${name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`, value)
    }
  }
  if (request.testEvery !== 1) add('--test-every', request.testEvery)
  if (request.compareExact) flags.push(['--compare-exact'])
  if (request.seed !== 0) add('--seed', request.seed)
  if (request.faithfulness) flags.push(['--faithfulness'])
  if (request.draws !== 16) add('--draws', request.draws)
  if (request.curves) flags.push(['--curves'])
  return flags
}

/** What of it is drawn. */
function pictureFlags({picture}: AttributionFile): string[][] {
  const flags: string[][] = [['--view', picture.view]]
  if (picture.scores === 'released') flags.push(['--scores', 'released'])
  if (picture.view === 'heat-map') return flags
  if (picture.row > 0) flags.push(['--row', String(picture.row)])
  if (picture.rowLimit !== 60) flags.push(['--rows', String(picture.rowLimit)])
  if (picture.beside.length > 0) {
    flags.push(['--beside', picture.beside.map(({method}) => method).join(',')])
  }
  const {unit, selected} = picture
  if (unit.kind !== 'token') flags.push(['--unit', formatUnitFlag(unit)])
  if (selected !== null) flags.push(['--position', String(selected)])
  return flags
}

function fileFlags({format, options}: AttributionFile): string[][] {
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
  return [...flags, ['--out', `attribute.${format}`]]
}
