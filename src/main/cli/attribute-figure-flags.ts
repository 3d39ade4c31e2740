import {type Command, Option} from 'commander'
import {addGroup} from './flag-groups.ts'
import {LIMITS, limitsInBrief} from './flag-limits.ts'

/** Flags of the figure as commander gives them. */
export interface AttributeFigureFlags {
  view?: string
  scores?: string
  unit?: string
  row?: string
  rows?: string
  beside?: string
  position?: string
  width?: string
  scale?: string
  theme?: string
  palette?: string
  title?: string
  caption?: string
  legend?: string
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
    new Option('--width <length>', 'such as 85mm, 6in or 720px: 120px to 10000px (720px)'),
    new Option('--scale <n>', `pixels a CSS pixel, for PNG: ${limitsInBrief(LIMITS.scale)} (2)`),
    new Option('--theme <name>', 'light, dark, print or grey'),
    new Option('--palette <name>', 'ember, ocean or grey (ember)'),
    new Option('--title <text>', 'a line above the figure'),
    new Option('--caption <text>', 'in place of the caption that is written from the result'),
    new Option('--legend <on|off>', 'what the signs mean, under it (on)'),
  ])
}
