import {type Command, Option} from 'commander'
import {TRACK_NAMES} from '../../shared/lenses/token-tracks.ts'
import {
  addGroup,
  type ModelFlags,
  modelOptions,
  type OutputFlags,
  outputOptions,
  type PromptFlags,
  plainSwitch,
  promptOptions,
} from './flag-groups.ts'
import {LIMITS, limitsInBrief} from './flag-limits.ts'

/** Flags as commander gives them: text as typed, or true. Names are the flags' in camelCase. */
export interface TokensFlags extends ModelFlags, PromptFlags, OutputFlags {
  topK?: string
  topP?: string
  temperature?: string
  position?: string
  generate?: string
  sample?: boolean
  noKvCache?: boolean
  track?: string
  logitLens?: boolean
  seed?: string
  width?: string
  scale?: string
  theme?: string
  title?: string
  caption?: string
  legend?: string
  tracks?: string
  next?: string
  view?: string
  unit?: string
  pin?: string
  palette?: string
  font?: string
}

/** Adds every flag of `tokens` to its command, in the groups that help shows. */
export function addTokensFlags(command: Command): Command {
  const add = (group: string, ...options: Option[]) => addGroup(command, group, options)
  add('Model:', ...modelOptions())
  add('Prompt:', ...promptOptions())
  add(
    'Tokens:',
    new Option('--top-k <n>', `rows of the next-token table: ${limitsInBrief(LIMITS.topK)} (10)`),
    new Option(
      '--top-p <p>',
      `keep the likeliest tokens of this mass: ${limitsInBrief(LIMITS.topP)} (1)`
    ),
    new Option(
      '--temperature <t>',
      `of the next-token table and of sampling: ${limitsInBrief(LIMITS.temperature)} (1)`
    ),
    new Option('--position <n|last>', 'the table stands after this position (last)'),
    new Option(
      '--generate <n>',
      `tokens to generate after the prompt: ${limitsInBrief(LIMITS.generate)} (0)`
    ),
    new Option('--sample', 'draw them; otherwise the likeliest is taken'),
    new Option('--seed <n>', `seed of the draws: ${limitsInBrief(LIMITS.seed)} (0)`),
    new Option('--track <ids>', 'follow these token ids, up to 64, through the text'),
    new Option('--logit-lens', 'the next-token table after each layer as well'),
    plainSwitch(
      '--no-kv-cache',
      'noKvCache',
      'run the whole sequence again at every step: slower, for comparison'
    )
  )
  add('Output:', ...outputOptions('a figure or data', '.svg .png .json .csv'))
  add(
    'Figure:',
    new Option('--width <length>', 'such as 85mm, 6in or 720px: 120px to 10000px (720px)'),
    new Option('--scale <n>', `pixels a CSS pixel, for PNG: ${limitsInBrief(LIMITS.scale)} (2)`),
    new Option('--theme <name>', 'light, dark, print or grey'),
    new Option('--tracks <names>', TRACK_NAMES.join(',')),
    new Option('--next <on|off>', 'the next-token table and tracked tokens (on)'),
    new Option('--title <text>', 'a line above the figure'),
    new Option('--caption <text>', 'in place of the caption that is written from the result'),
    new Option('--legend <on|off>', 'the scales under the text (on)'),
    new Option('--view <name>', 'lines or logit-lens (lines)'),
    new Option(
      '--unit <unit>',
      'what scores are shown by: token, byte, word, sentence, line, paragraph, turn, regex:SOURCE, regex/FLAGS:SOURCE, or spans:0-5,9:12 in bytes (token)'
    ),
    new Option(
      '--pin <positions>',
      'mark these tokens with 1, 2, 3 …, and list pairs, such as 3,14,3>14'
    ),
    new Option('--palette <name>', 'ember, ocean or grey (ember)'),
    new Option('--font <name>', 'inter')
  )
  return command
}
