import type {EngineClient} from '../../shared/engine-client/connect.ts'
import type {CommonFigureOptions, FigureFormat} from '../../shared/figures/request.ts'
import type {TokenizeResult} from '../../shared/lenses/tokenize.ts'
import {readCommonFigure, writeFigure} from './common-figure.ts'
import type {Terminal} from './terminal.ts'
import type {TokenizeFlags} from './tokenize-flags.ts'

/** How the figure is drawn. Throws a UsageError. */
export function readTokenizeFigure(flags: TokenizeFlags, noPrompt: boolean): CommonFigureOptions {
  return readCommonFigure({...flags, noPrompt})
}

/** Writes the figure by the engine's exporter, so that the page's bytes and these are the same. */
export async function writeTokenizeFigure(
  {path, format}: {readonly path: string; readonly format: FigureFormat},
  result: TokenizeResult,
  options: CommonFigureOptions,
  {client, terminal}: {client: EngineClient; terminal: Terminal}
): Promise<void> {
  const warnings = await writeFigure(path, {figure: 'tokenize', format, result, options}, client)
  for (const {code, message} of warnings) {
    terminal.printError(`warning (${code}): ${message}\n`)
  }
}
