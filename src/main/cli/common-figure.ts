import {writeFile} from 'node:fs/promises'
import {Option} from 'commander'
import type {Warning} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {
  type CommonFigureOptions,
  colorScaleSchema,
  commonFigureOptionsSchema,
  type FigureRequest,
  themeSchema,
} from '../../shared/figures/request.ts'
import {checked} from './checked-values.ts'
import {LIMITS, limitsInBrief, parseLimited} from './flag-limits.ts'
import {parseChoice, parseLengthPx} from './flag-values.ts'

/** Flags that every figure takes, as commander gives them. */
export interface CommonFigureFlags {
  width?: string
  scale?: string
  theme?: string
  palette?: string
  title?: string
  caption?: string
  legend?: string
}

/**
 * The same as options, to be added to a group of help; without words about a legend there is none to switch off.
 * `width` is the flag of a command to which --width means something else.
 */
export function commonFigureFlags(legend: string | null, width = '--width'): Option[] {
  return [
    new Option(`${width} <length>`, 'such as 85mm, 6in or 720px: 120px to 10000px (720px)'),
    new Option('--scale <n>', `pixels a CSS pixel, for PNG: ${limitsInBrief(LIMITS.scale)} (2)`),
    new Option('--theme <name>', 'light, dark, print or grey'),
    new Option('--palette <name>', 'ember, ocean or grey (ember)'),
    new Option('--title <text>', 'a line above the figure'),
    new Option('--caption <text>', 'in place of the caption that is written from the result'),
    ...(legend === null ? [] : [new Option('--legend <on|off>', legend)]),
  ]
}

/** Reads them. Throws a UsageError. */
export function readCommonFigure(
  flags: CommonFigureFlags & {noPrompt?: boolean},
  width = '--width'
): CommonFigureOptions {
  const values: Record<string, unknown> = {noPrompt: flags.noPrompt ?? false}
  if (flags.width !== undefined) values.widthPx = parseLengthPx(flags.width, width)
  if (flags.scale !== undefined) values.scale = parseLimited(flags.scale, '--scale', LIMITS.scale)
  if (flags.theme !== undefined) {
    values.theme = parseChoice(flags.theme, '--theme', themeSchema.options)
  }
  if (flags.palette !== undefined) {
    values.colors = parseChoice(flags.palette, '--palette', colorScaleSchema.options)
  }
  if (flags.legend !== undefined) {
    values.legend = parseChoice(flags.legend, '--legend', ['on', 'off'])
  }
  for (const name of ['title', 'caption'] as const) {
    if (flags[name] !== undefined) values[name] = flags[name]
  }
  return checked(commonFigureOptionsSchema, values)
}

/** Writes a figure by the engine's exporter, so that the page's bytes and these are the same. */
export async function writeFigure(
  path: string,
  request: FigureRequest,
  client: EngineClient
): Promise<readonly Warning[]> {
  const {content, warnings} = await client.figures.export(request)
  const bytes =
    'bytes' in content ? content.bytes : await client.blobs.read({blobId: content.blobId})
  await writeFile(path, bytes)
  return warnings
}
