import type {CommonFigureOptions, FigureFormat} from '../../../shared/figures/request.ts'
import type {AttentionResult} from '../../../shared/lenses/attention.ts'
import type {GraphPicture} from '../../../shared/lenses/attention-graph-picture.ts'
import {type Shell, shellOfPath} from '../../sharing/shell-text.ts'
import {commandOf, figureFlags} from './attention-command.ts'
import {filterFlags} from './map-flags.ts'

export interface ShownGraphFile {
  readonly result: AttentionResult
  readonly picture: GraphPicture
  readonly format: FigureFormat
  readonly options: CommonFigureOptions
}

/** The command that writes the graph, for the shell of the engine's machine. */
export function graphCommand(
  {result, picture, format, options}: ShownGraphFile,
  shell: Shell = shellOfPath(result.model.path)
): string {
  const {graph, filters, into, window, edgesPerLayer, importances} = picture
  const flags: string[][] = [['--view', 'graph']]
  if (graph.layers.length < result.layers.length) {
    flags.push(['--layers', graph.layers.join(',')])
  }
  flags.push(['--edges', String(edgesPerLayer)])
  const [main] = importances
  if (main && main.method !== 'wpr') flags.push(['--importance', main.method])
  else if (main?.variant && main.variant !== 'position-corrected') {
    flags.push(['--variant', main.variant])
  }
  if (window.span < result.tokens.length) {
    const end = Math.ceil(window.start + window.span)
    flags.push(['--queries', `${Math.floor(window.start)}:${end}`])
  }
  flags.push(...filterFlags(filters))
  flags.push(...figureFlags({format, options}, into ?? undefined, `attention-graph.${format}`))
  return commandOf(result, flags, shell)
}
