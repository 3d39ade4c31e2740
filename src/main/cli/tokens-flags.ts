import {type Command, Option} from 'commander'
import {LIMITS, limitsInBrief} from './flag-limits.ts'

/** Flags as commander gives them: text as typed, or true. Names are the flags' in camelCase. */
export interface TokensFlags {
  model?: string
  file?: string
  prompt?: string
  promptFile?: string
  messages?: string
  chat?: boolean
  noSpecialTokens?: boolean
  parseSpecial?: boolean
  noPrompt?: boolean
  completionIds?: string
  truncate?: string
  topK?: string
  topP?: string
  temperature?: string
  position?: string
  generate?: string
  sample?: boolean
  noKvCache?: boolean
  track?: string
  seed?: string
  json?: boolean
  out?: string[]
  threads?: string
  provider?: string
  maxMemory?: string
  progress?: string
  config?: string
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

/**
 * A switch that begins with `--no-` and is not the opposite of another flag: commander would make
 * `--no-prompt` set the value of `--prompt` to false.
 */
function plainSwitch(flag: string, name: string, description: string): Option {
  const option = new Option(flag, description)
  option.negate = false
  option.attributeName = () => name
  return option
}

const collect = (value: string, earlier: string[] = []) => [...earlier, value]

/** Adds every flag of `tokens` to its command, in the groups that help shows. */
export function addTokensFlags(command: Command): Command {
  const add = (group: string, ...options: Option[]) => {
    command.optionsGroup(group)
    for (const option of options) command.addOption(option)
  }
  add(
    'Model:',
    new Option('--model <model>', 'built-in id, folder, or org/name in the local hub cache'),
    new Option('--file <file>', "one of the folder's model files, such as onnx/model_q4.onnx"),
    new Option(
      '--threads <n>',
      `threads of one model run: ${limitsInBrief(LIMITS.threads)} (as set in the workbench, else the physical cores)`
    ),
    new Option('--provider <name>', 'where the model runs: cpu'),
    new Option(
      '--max-memory <size>',
      'what kept results may take, such as 2GB (as set in the workbench, else a quarter of the memory)'
    )
  )
  add(
    'Prompt:',
    new Option('--prompt <text>', 'the text as typed'),
    new Option(
      '--prompt-file <file>',
      'a file with the text, bytes as they are; - is standard input'
    ),
    new Option('--messages <file>', 'a chat as JSON: [{"role", "content"}, …]'),
    new Option('--chat', "the prompt is one user turn in the model's chat template"),
    plainSwitch('--no-special-tokens', 'noSpecialTokens', 'insert no begin or end token'),
    new Option('--parse-special', 'text that looks like a special token is that token'),
    new Option('--completion-ids <ids>', 'ids that follow the prompt, such as 412,37'),
    new Option('--truncate <side>', 'cut a prompt that is too long: left or right')
  )
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
    plainSwitch(
      '--no-kv-cache',
      'noKvCache',
      'run the whole sequence again at every step: slower, for comparison'
    )
  )
  add(
    'Output:',
    new Option('--json', 'print the result as JSON'),
    new Option(
      '--out <file>',
      'write a figure or data: .svg .png .json .csv; repeatable'
    ).argParser(collect),
    plainSwitch('--no-prompt', 'noPrompt', 'leave text, ids and labels out of what is written'),
    new Option(
      '--progress <kind>',
      'json writes progress to standard error as JSON; none is silent'
    ),
    new Option('--config <file>', 'a request as JSON or YAML; flags override it')
  )
  add(
    'Figure:',
    new Option('--width <length>', 'such as 85mm, 6in or 720px: 120px to 10000px (720px)'),
    new Option('--scale <n>', `pixels a CSS pixel, for PNG: ${limitsInBrief(LIMITS.scale)} (2)`),
    new Option('--theme <name>', 'light, dark, print or grey'),
    new Option('--tracks <names>', 'surprisal,entropy,rank,max-logprob,top-p-mass,p-end'),
    new Option('--next <on|off>', 'the next-token table and tracked tokens (on)'),
    new Option('--title <text>', 'a line above the figure'),
    new Option('--caption <text>', 'in place of the caption that is written from the result'),
    new Option('--legend <on|off>', 'the scales under the text (on)'),
    new Option('--view <name>', 'lines'),
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
