import {type Command, Option} from 'commander'
import type {CommonFigureOptions} from '../../shared/figures/request.ts'
import {distributionSchema} from '../../shared/lenses/next-tokens.ts'
import {
  type TreePicture,
  treePictureSchema,
  treeViewSchema,
} from '../../shared/lenses/tree-picture.ts'
import {type CommonFigureFlags, commonFigureFlags, readCommonFigure} from './common-figure.ts'
import {addGroup} from './flag-groups.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseChoice, parseWholeList} from './flag-values.ts'

/** A tree's own width is another one: how many nodes are run together. */
const WIDTH_FLAG = '--figure-width'

/** Flags of the figure as commander gives them. */
export interface TreeFigureFlags extends Omit<CommonFigureFlags, 'width' | 'legend'> {
  view?: string
  show?: string
  collapsed?: string
  pruned?: string
  pinned?: string
  selected?: string
  step?: string
  figureWidth?: string
  noPrompt?: boolean
}

/** Adds the flags of the figure to the command. */
export function addTreeFigureFlags(command: Command): void {
  addGroup(command, 'Figure (.svg .png):', [
    new Option('--view <name>', 'tree: tokens and links; icicle: heights are probabilities (tree)'),
    new Option(
      '--show <name>',
      'whose probabilities are drawn: raw, temperature or truncated (as grown)'
    ),
    new Option('--collapsed <ids>', 'nodes whose children are left out, such as 4,17'),
    new Option('--pruned <ids>', 'nodes that are part of the rest beside them'),
    new Option('--pinned <ids>', 'nodes that are marked'),
    new Option('--selected <id>', 'the node whose path is marked'),
    new Option('--step <n>', 'of a draft: the step that is drawn, from 0 (0)'),
    ...commonFigureFlags(null, WIDTH_FLAG),
  ])
}

/** What is to be drawn and how. */
export interface TreeFigureCall {
  readonly picture: TreePicture
  readonly options: CommonFigureOptions
}

/** Reads the flags of the figure. Throws a UsageError. */
export function readTreeFigure(flags: TreeFigureFlags): TreeFigureCall {
  const drawn: Record<string, unknown> = {}
  if (flags.view !== undefined) {
    drawn.view = parseChoice(flags.view, '--view', treeViewSchema.options)
  }
  if (flags.show !== undefined) {
    drawn.distribution = parseChoice(flags.show, '--show', distributionSchema.options)
  }
  for (const name of ['collapsed', 'pruned', 'pinned'] as const) {
    const ids = flags[name]
    if (ids !== undefined) drawn[name] = parseWholeList(ids, `--${name}`)
  }
  if (flags.selected !== undefined) {
    drawn.selected = parseLimited(flags.selected, '--selected', LIMITS.position)
  }
  if (flags.step !== undefined) drawn.step = parseLimited(flags.step, '--step', LIMITS.position)
  return {
    picture: treePictureSchema.parse(drawn),
    options: readCommonFigure({...flags, width: flags.figureWidth}, WIDTH_FLAG),
  }
}
