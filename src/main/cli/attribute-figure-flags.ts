import {type Command, Option} from 'commander'
import {type CommonFigureFlags, commonFigureFlags} from './common-figure.ts'
import {addGroup} from './flag-groups.ts'

/** Flags of the figure as commander gives them. */
export interface AttributeFigureFlags extends CommonFigureFlags {
  view?: string
  scores?: string
  unit?: string
  row?: string
  rows?: string
  beside?: string
  position?: string
}

/** Adds the flags of the figure to the command. */
export function addAttributeFigureFlags(command: Command): void {
  addGroup(command, 'Figure (.svg .png, and .json .csv with --view):', [
    new Option('--view <name>', 'bars, or heat-map of every target (by how many there are)'),
    new Option('--scores <name>', 'of ReAGent: per-step or released (per-step)'),
    new Option('--unit <unit>', 'text unit to sum over: token, word, sentence … as of tokens'),
    new Option('--row <n>', 'which target the bars are of, from 0 (0)'),
    new Option('--rows <n>', 'smaller values are folded until so many rows are left (60)'),
    new Option(
      '--beside <methods>',
      'other methods in columns of their own, such as shapley,random'
    ),
    new Option('--position <n>', 'a context token that is marked'),
    ...commonFigureFlags('what the signs mean, under it (on)'),
  ])
}
