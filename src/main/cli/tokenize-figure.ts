import {writeFile} from 'node:fs/promises'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {
  type CommonFigureOptions,
  colorScaleSchema,
  commonFigureOptionsSchema,
  type FigureFormat,
  themeSchema,
} from '../../shared/figures/request.ts'
import type {TokenizeResult} from '../../shared/lenses/tokenize.ts'
import {checked} from './checked-values.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseChoice, parseLengthPx} from './flag-values.ts'
import type {Terminal} from './terminal.ts'
import type {TokenizeFlags} from './tokenize-flags.ts'

/** How the figure is drawn. Throws a UsageError. */
export function readTokenizeFigure(flags: TokenizeFlags, noPrompt: boolean): CommonFigureOptions {
  const values: Record<string, unknown> = {noPrompt}
  if (flags.width !== undefined) values.widthPx = parseLengthPx(flags.width, '--width')
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

/** Writes the figure by the engine's exporter, so that the page's bytes and these are the same. */
export async function writeTokenizeFigure(
  {path, format}: {readonly path: string; readonly format: FigureFormat},
  result: TokenizeResult,
  options: CommonFigureOptions,
  {client, terminal}: {client: EngineClient; terminal: Terminal}
): Promise<void> {
  const exported = await client.figures.export({figure: 'tokenize', format, result, options})
  const {content} = exported
  const bytes =
    'bytes' in content ? content.bytes : await client.blobs.read({blobId: content.blobId})
  await writeFile(path, bytes)
  for (const {code, message} of exported.warnings) {
    terminal.printError(`warning (${code}): ${message}\n`)
  }
}
