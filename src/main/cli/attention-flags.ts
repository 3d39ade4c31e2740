import {type Command, Option} from 'commander'
import {type AttentionFigureFlags, addAttentionFigureFlags} from './attention-figure-flags.ts'
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
export interface AttentionFlags extends ModelFlags, PromptFlags, OutputFlags, AttentionFigureFlags {
  layers?: string
  heads?: string
  queries?: string
  capture?: string
  generate?: string
  aggregate?: string
  importance?: string
  variant?: string
  query?: string
  repeatProbe?: string
  mass?: string
  threshold?: string
  topK?: string
  dropSink?: boolean
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
    new Option(
      '--repeat-probe <length,repeats,seeds>',
      'score the heads on random repeated tokens as well, which alone names them, such as 50,2,5'
    ),
  ])
  addGroup(command, 'Importance of tokens:', [
    new Option(
      '--importance <method>',
      'wpr (Weighted PageRank), attention-rollout or attention-flow, over all layers (wpr, where all layers are chosen)'
    ),
    new Option(
      '--variant <form>',
      'of wpr: position-corrected, plain, drop-sink or damped (position-corrected)'
    ),
    new Option('--query <n>', 'of rollout and flow: whose importance, a position (the last)'),
  ])
  addGroup(command, 'What of the weights is written and counted:', [
    new Option(
      '--aggregate <how>',
      'one matrix a layer: mean, max or value-weighted of its heads, or attention-rollout up to it (each head)'
    ),
    new Option('--drop-sink', 'take key 0 out and renormalise the rows'),
    new Option('--threshold <x>', 'smaller weights are 0'),
    new Option('--top-k <n>', `so many keys a query at most: ${limitsInBrief(LIMITS.topK)}`),
    new Option(
      '--mass <share>',
      'the fewest keys a query that reach this share of it, such as 0.7; says what is hidden'
    ),
  ])
  addGroup(
    command,
    'Output:',
    outputOptions('the weights, the result or a figure', '.npz .json .svg .png .csv')
  )
  addAttentionFigureFlags(command)
  return command
}
