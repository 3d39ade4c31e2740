import {type Command, Option} from 'commander'
import {type AttributeFigureFlags, addAttributeFigureFlags} from './attribute-figure-flags.ts'
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

/** Flags of `attribute` as commander gives them. */
export interface AttributeFlags extends ModelFlags, PromptFlags, OutputFlags, AttributeFigureFlags {
  method?: string
  targetPosition?: string
  targetToken?: string
  targetSpan?: string
  contrast?: string
  allGenerated?: boolean
  generate?: string
  sampler?: string
  mlm?: string
  preset?: string
  ratio?: string
  keep?: string
  overlap?: string
  stopK?: string
  maxSteps?: string
  probes?: string
  testEvery?: string
  compareExact?: boolean
  faithfulness?: boolean
  draws?: string
  curves?: boolean
  seed?: string
}

/** Adds every flag of `attribute` to its command, in the groups that help shows. */
export function addAttributeFlags(command: Command): Command {
  addGroup(command, 'Model:', modelOptions())
  addGroup(command, 'Prompt:', promptOptions())
  addGroup(command, 'Target (the likeliest next token, unless one is given):', [
    new Option('--target-position <n>', 'the token at this position, given those before it'),
    new Option('--target-token <id>', 'this token, put after the text'),
    new Option('--target-span <a:b>', 'tokens from a up to b, which is left out: their mean'),
    new Option('--contrast <a,b>', 'why token a follows rather than token b'),
    new Option('--all-generated', 'every token after the prompt, a row each'),
    new Option(
      '--generate <n>',
      `likeliest tokens to append to the prompt first: ${limitsInBrief(LIMITS.generate)} (0)`
    ),
  ])
  addGroup(command, 'Method:', [
    new Option(
      '--method <name>',
      'reagent, occlusion-mask, occlusion-delete, occlusion-replace, attention-rollout, last-attention, shapley or random (reagent)'
    ),
    new Option(
      '--sampler <name>',
      'where replacements come from: mlm, mlm-prefix, pos (English only), uniform or self (mlm where one shares the tokenizer)'
    ),
    new Option('--mlm <model>', 'the masked model (micro-mlm)'),
    new Option('--preset <name>', 'ours, paper, inseq or token (ours)'),
    new Option('--ratio <share>', 'of the context that a step replaces: between 0 and 1'),
    new Option('--keep <n>', 'whole tokens that the stopping test keeps; below 1 a share of them'),
    new Option('--overlap <n>', 'lists that a position of the rationale stands in at least'),
    new Option('--stop-k <n>', `the target is among so many: ${limitsInBrief(LIMITS.stopK)}`),
    new Option('--max-steps <n>', `steps of a probe at most: ${limitsInBrief(LIMITS.maxSteps)}`),
    new Option('--probes <n>', `probes, permutations or draws: ${limitsInBrief(LIMITS.probes)}`),
    new Option(
      '--test-every <m>',
      'the stopping test at every m-th step alone, which changes the result (1)'
    ),
    new Option('--compare-exact', 'with it: run the exact mode too, and say what was changed'),
    new Option('--seed <n>', `seed of all draws: ${limitsInBrief(LIMITS.seed)} (0)`),
  ])
  addGroup(command, 'Checks:', [
    new Option('--faithfulness', 'Soft-NS and Soft-NC in both forms, beside chance'),
    new Option('--draws <n>', `perturbations for each: ${limitsInBrief(LIMITS.draws)} (16)`),
    new Option('--curves', 'deletion and insertion curves'),
  ])
  addGroup(command, 'Output:', outputOptions('the result', '.json .csv .svg .png'))
  addAttributeFigureFlags(command)
  return command
}
