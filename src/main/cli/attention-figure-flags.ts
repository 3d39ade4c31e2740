import {type Command, Option} from 'commander'
import {type CommonFigureFlags, commonFigureFlags} from './common-figure.ts'
import {addGroup} from './flag-groups.ts'

/** Flags of the figure as commander gives them. */
export interface AttentionFigureFlags extends CommonFigureFlags {
  view?: string
  minus?: string
  other?: string
  mark?: string
  keep?: string
  edges?: string
  keys?: string
  range?: string
  steps?: string
  position?: string
}

/** Adds the flags of the figure to the command. */
export function addAttentionFigureFlags(command: Command): void {
  addGroup(command, 'Figure (.svg .png .csv, and .json with --view):', [
    new Option(
      '--view <name>',
      'matrix: of one head, or of an aggregate; lines: of up to 8 heads, or of an aggregate; overview: all heads in small; two-heads: one beside --other; graph: what --position reads, followed down through the layers, with importances; pruning: which tokens Zero-TPrune keeps; importance: the text tinted by --importance (matrix)'
    ),
    new Option('--edges <n>', 'of a graph: lines of each layer, 1 to 60 (6)'),
    new Option('--minus <layer.head>', 'the difference to another head, such as 4.0'),
    new Option('--other <layer.head>', 'of two heads: the second, such as 4.0'),
    new Option('--mark <layer.head>', 'of the overview: the head that is marked'),
    new Option('--keep <n>', 'of a pruning: tokens that stay (two thirds)'),
    new Option('--keys <a:b>', 'key positions from a up to b, which is left out (all)'),
    new Option('--range <x>', 'end of the range of colours (of the picture’s own weights)'),
    new Option('--steps <name>', 'how the range is cut: square-root or linear (square-root)'),
    new Option('--position <n>', 'the query whose row is marked (the last of the prompt)'),
    ...commonFigureFlags('the scale under the matrix (on)'),
  ])
}
