import {type Command, Option} from 'commander'
import {
  addGroup,
  type ModelFlags,
  modelOptions,
  type OutputFlags,
  outputOptions,
  type PromptFlags,
  promptOptions,
} from './flag-groups.ts'
import {LIMITS, limitsInBrief} from './flag-limits.ts'
import {addTreeFigureFlags, type TreeFigureFlags} from './tree-figure.ts'

/** Flags of `tree` as commander gives them. */
export interface TreeFlags extends ModelFlags, PromptFlags, OutputFlags, TreeFigureFlags {
  noPrompt?: boolean
  strategy?: string
  draft?: string
  nodes?: string
  depth?: string
  width?: string
  maxChildren?: string
  beams?: string
  lengthPenalty?: string
  branching?: string
  paths?: string
  samples?: string
  draftLength?: string
  branchLength?: string
  jointThreshold?: string
  draftThreshold?: string
  topK?: string
  topP?: string
  minP?: string
  temperature?: string
  draftTemperature?: string
  draftTopP?: string
  steps?: string
  maxNewTokens?: string
  distribution?: string
  seed?: string
  open?: string
}

/** Adds every flag of `tree` to its command, in the groups that help shows. */
export function addTreeFlags(command: Command): Command {
  const brief = (name: keyof typeof LIMITS) => limitsInBrief(LIMITS[name])
  addGroup(command, 'Model:', modelOptions())
  addGroup(command, 'Prompt:', promptOptions())
  addGroup(command, 'Tree:', [
    new Option(
      '--strategy <name>',
      'continuations: best-first, top-k, top-p, min-p, beam, sbs (draws without replacement), sample; drafts: chain, specinfer, dyspec, dyspec-threshold, rsd-c, rsd-s, spectr, token-recycling, lookahead (best-first)'
    ),
    new Option('--nodes <n>', `most nodes, of a draft in one step: ${brief('nodes')}`),
    new Option('--depth <n>', `deepest level: ${brief('depth')}`),
    new Option('--width <n>', `nodes run together, or beams of rsd-s: ${brief('width')}`),
    new Option('--max-children <n>', `children of a node: ${brief('maxChildren')}`),
    new Option('--joint-threshold <p>', 'leave out paths below this probability'),
    new Option('--beams <n>', `of beam and sbs: ${brief('beams')} (4)`),
    new Option('--length-penalty <x>', 'exponent of the length of a finished beam (1)'),
    new Option('--samples <n>', `runs that are laid over one another: ${brief('samples')} (16)`),
    new Option('--seed <n>', `seed of all draws: ${brief('seed')} (0)`),
    new Option('--open <file>', 'open a saved tree instead: one of this program, or of logitloom'),
  ])
  addGroup(command, 'Law:', [
    new Option('--temperature <t>', '0 is greedy (1)'),
    new Option('--top-k <n>', 'keep so many of the likeliest tokens'),
    new Option('--top-p <p>', 'keep the likeliest tokens of this mass'),
    new Option('--min-p <p>', 'keep tokens of this share of the likeliest one'),
    new Option('--distribution <name>', 'what is shown and joined: raw, temperature or truncated'),
  ])
  addGroup(command, 'Draft:', [
    new Option('--draft <model>', 'a model with the same vocabulary, or self:LAYER'),
    new Option('--draft-length <n>', `tokens of a chain or path: ${brief('draftLength')}`),
    new Option('--branching <list>', 'children by level, such as 3,2,1'),
    new Option('--paths <n>', `of spectr: ${brief('paths')} (4)`),
    new Option('--branch-length <n>', `of lookahead: ${brief('branchLength')} (12)`),
    new Option('--draft-threshold <p>', 'of dyspec-threshold (0.06)'),
    new Option(
      '--draft-temperature <t>',
      'of the draft’s law (the model’s, or 0.6 where that is 0)'
    ),
    new Option('--draft-top-p <p>', 'of the draft’s law (1)'),
    new Option('--steps <n>', `most steps: ${brief('steps')}`),
    new Option('--max-new-tokens <n>', `most tokens to commit: ${brief('maxNewTokens')} (32)`),
  ])
  addGroup(command, 'Output:', outputOptions('the tree or a figure', '.json .svg .png .csv'))
  addTreeFigureFlags(command)
  return command
}
