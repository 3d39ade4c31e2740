import {writeFile} from 'node:fs/promises'
import {type Command, Option} from 'commander'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {
  type CommonFigureOptions,
  colorScaleSchema,
  commonFigureOptionsSchema,
  type FigureFormat,
  themeSchema,
} from '../../shared/figures/request.ts'
import {distributionSchema} from '../../shared/lenses/next-tokens.ts'
import type {TreeResult} from '../../shared/lenses/tree.ts'
import {
  type TreePicture,
  treePictureSchema,
  treeViewSchema,
} from '../../shared/lenses/tree-picture.ts'
import {checked} from './checked-values.ts'
import {addGroup} from './flag-groups.ts'
import {LIMITS, limitsInBrief, parseLimited} from './flag-limits.ts'
import {parseChoice, parseLengthPx, parseWholeList} from './flag-values.ts'
import type {Terminal} from './terminal.ts'

/** Flags of the figure as commander gives them. */
export interface TreeFigureFlags {
  view?: string
  show?: string
  collapsed?: string
  pruned?: string
  pinned?: string
  selected?: string
  step?: string
  figureWidth?: string
  scale?: string
  theme?: string
  palette?: string
  title?: string
  caption?: string
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
    new Option('--figure-width <length>', 'such as 85mm, 6in or 720px: 120px to 10000px (720px)'),
    new Option('--scale <n>', `pixels a CSS pixel, for PNG: ${limitsInBrief(LIMITS.scale)} (2)`),
    new Option('--theme <name>', 'light, dark, print or grey'),
    new Option('--palette <name>', 'ember, ocean or grey (ember)'),
    new Option('--title <text>', 'a line above the figure'),
    new Option('--caption <text>', 'in place of the caption that is written from the result'),
  ])
}

/** What is to be drawn and how. */
export interface TreeFigureCall {
  readonly picture: TreePicture
  readonly options: CommonFigureOptions
}

/** Reads the flags of the figure. Throws a UsageError. */
export function readTreeFigure(flags: TreeFigureFlags): TreeFigureCall {
  const values: Record<string, unknown> = {noPrompt: flags.noPrompt ?? false}
  if (flags.figureWidth !== undefined)
    values.widthPx = parseLengthPx(flags.figureWidth, '--figure-width')
  if (flags.scale !== undefined) values.scale = parseLimited(flags.scale, '--scale', LIMITS.scale)
  if (flags.theme !== undefined) {
    values.theme = parseChoice(flags.theme, '--theme', themeSchema.options)
  }
  if (flags.palette !== undefined) {
    values.colors = parseChoice(flags.palette, '--palette', colorScaleSchema.options)
  }
  for (const name of ['title', 'caption'] as const) {
    if (flags[name] !== undefined) values[name] = flags[name]
  }
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
    options: checked(commonFigureOptionsSchema, values),
  }
}

/** Writes the figure by the engine's exporter, so that the page's bytes and these are the same. */
export async function writeTreeFigure(
  {path, format}: {readonly path: string; readonly format: FigureFormat},
  result: TreeResult,
  {picture, options}: TreeFigureCall,
  {client, terminal}: {client: EngineClient; terminal: Terminal}
): Promise<void> {
  const exported = await client.figures.export({figure: 'tree', format, result, picture, options})
  const {content} = exported
  const bytes =
    'bytes' in content ? content.bytes : await client.blobs.read({blobId: content.blobId})
  await writeFile(path, bytes)
  for (const {code, message} of exported.warnings) {
    terminal.printError(`warning (${code}): ${message}\n`)
  }
}
