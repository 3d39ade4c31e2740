import {type Command, Option} from 'commander'
import {type CommonFigureFlags, commonFigureFlags} from './common-figure.ts'
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

/** Flags of `critical` as commander gives them. */
export interface CriticalFlags extends ModelFlags, PromptFlags, OutputFlags, CommonFigureFlags {
  response?: string
  responseIds?: string
  sampleResponse?: boolean
  answer?: string
  checker?: string
  method?: string
  rollouts?: string
  tolerance?: string
  temperature?: string
  topP?: string
  maxNewTokens?: string
  mode?: string
  positive?: string
  negative?: string
  beta?: string
  counterfactual?: boolean
  seed?: string
  dataset?: string
  resume?: boolean
  weights?: string
}

/** Adds every flag of `critical` to its command, in the groups that help shows. */
export function addCriticalFlags(command: Command): Command {
  addGroup(command, 'Model:', modelOptions())
  addGroup(command, 'Prompt:', promptOptions())
  addGroup(command, 'Response (one of the three) and its checker:', [
    new Option('--response <text>', 'the wrong response that followed the prompt'),
    new Option('--response-ids <ids>', 'the same as token ids, with commas between'),
    new Option('--sample-response', 'a wrong response is sampled, in at most 64 tries'),
    new Option('--answer <text>', 'the right answer'),
    new Option(
      '--checker <kind>',
      'number:MARK, text, one-of:A,B, regex:PATTERN or script:FILE, a file whose value is a function of (response, answer)'
    ),
  ])
  addGroup(command, 'Method:', [
    new Option('--method <name>', 'rollout, contrastive or both (rollout)'),
    new Option(
      '--rollouts <n>',
      `completions of each prefix: ${limitsInBrief(LIMITS.rollouts)} (64)`
    ),
    new Option('--tolerance <n>', 'successes of 64 that still count as none (3)'),
    new Option(
      '--mode <name>',
      'adaptive, where it is decided, or exhaustive, every prefix (adaptive)'
    ),
    new Option('--temperature <t>', `of completions: ${limitsInBrief(LIMITS.temperature)} (1)`),
    new Option('--top-p <p>', `of completions: ${limitsInBrief(LIMITS.topP)} (0.95)`),
    new Option(
      '--max-new-tokens <n>',
      `tokens of a completion: ${limitsInBrief(LIMITS.maxNewTokens)} (128)`
    ),
    new Option('--positive <model>', 'the model of right responses (micro-positive)'),
    new Option('--negative <model>', 'the model of wrong responses (micro-negative)'),
    new Option('--beta <b>', `weight of the contrast: ${limitsInBrief(LIMITS.beta)} (1)`),
    new Option('--counterfactual', 'forbid the critical token, and sample what follows instead'),
    new Option('--seed <n>', `seed of all draws: ${limitsInBrief(LIMITS.seed)} (0)`),
  ])
  addGroup(command, 'Many items:', [
    new Option(
      '--dataset <file>',
      'JSONL, CSV or plain text with prompt, response (else one is sampled) and answer; --out F.jsonl has a record an item'
    ),
    new Option('--resume', 'go on with the file that --out names, where a run was cut off'),
    new Option(
      '--weights <form>',
      'write weights for a token-weighted DPO loss to --out F.jsonl, as released or as in the paper'
    ),
  ])
  addGroup(command, 'Figure (.svg .png):', commonFigureFlags('what the signs mean, under it (on)'))
  addGroup(
    command,
    'Output:',
    outputOptions('the result or a figure', '.json .csv .svg .png .jsonl')
  )
  return command
}
