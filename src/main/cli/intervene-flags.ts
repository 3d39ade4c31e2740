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

/** Flags of `intervene` as commander gives them. */
export interface InterveneFlags extends ModelFlags, PromptFlags, OutputFlags {
  maskKeys?: string
  deleteTokens?: string
  cutEdges?: string
  headsOff?: string
  headValue?: string
  scaleEmbeddings?: string
  exitLayer?: string
  position?: string
  topK?: string
}

/** Adds every flag of `intervene` to its command, in the groups that help shows. */
export function addInterveneFlags(command: Command): Command {
  addGroup(command, 'Model:', modelOptions())
  addGroup(command, 'Prompt:', promptOptions())
  addGroup(command, 'Intervention:', [
    new Option('--mask-keys <positions>', 'tokens that no other token sees, such as 3,7'),
    new Option(
      '--delete-tokens <positions>',
      'tokens taken out; the positions behind them close up'
    ),
    new Option(
      '--cut-edges <edges>',
      'LAYER.HEAD:QUERY>KEY, such as 2.0:9>3,2.*:9>4; * is every head'
    ),
    new Option('--heads-off <heads>', 'LAYER.HEAD, such as 2.0,3.1'),
    new Option('--head-value <what>', 'what stands for the output of a head that is off: zero'),
    new Option('--scale-embeddings <factor>', "factor of every token's embedding"),
    new Option('--exit-layer <n>', 'the last layer that is computed'),
  ])
  addGroup(command, 'Table:', [
    new Option('--position <n|last>', 'the tables stand after this position (last)'),
    new Option('--top-k <n>', `rows of each table: ${limitsInBrief(LIMITS.topK)} (10)`),
  ])
  addGroup(command, 'Output:', outputOptions('the result', '.json'))
  return command
}
