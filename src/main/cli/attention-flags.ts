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

/** Flags of `attention` as commander gives them. */
export interface AttentionFlags extends ModelFlags, PromptFlags, OutputFlags {
  layers?: string
  heads?: string
  queries?: string
  capture?: string
  generate?: string
}

/** Adds every flag of `attention` to its command, in the groups that help shows. */
export function addAttentionFlags(command: Command): Command {
  addGroup(command, 'Model:', modelOptions())
  addGroup(command, 'Prompt:', promptOptions())
  addGroup(command, 'Attention:', [
    new Option('--layers <list>', 'such as 0-3,5, both ends included (all)'),
    new Option('--heads <list>', 'such as 0-3,5, of every layer (all)'),
    new Option('--queries <a:b>', 'query positions from a up to b, which is left out (all)'),
    new Option(
      '--capture <what>',
      'qk: queries and keys, from which weights are recomputed; weights: what the graph gave (qk)'
    ),
    new Option(
      '--generate <n>',
      `likeliest tokens to append to the prompt first: ${limitsInBrief(LIMITS.generate)} (0)`
    ),
  ])
  addGroup(command, 'Output:', outputOptions('the weights or the result', '.npz .json'))
  return command
}
