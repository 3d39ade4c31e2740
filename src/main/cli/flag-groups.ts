import {type Command, Option} from 'commander'
import {LIMITS, limitsInBrief} from './flag-limits.ts'

/** Flags that say which model is run and how, as commander gives them. */
export interface ModelFlags {
  model?: string
  file?: string
  threads?: string
  provider?: string
  maxMemory?: string
}

/** Flags that give the prompt. */
export interface PromptFlags {
  prompt?: string
  promptFile?: string
  messages?: string
  chat?: boolean
  noSpecialTokens?: boolean
  parseSpecial?: boolean
  completionIds?: string
  truncate?: string
}

/** Flags that say where the result goes. */
export interface OutputFlags {
  json?: boolean
  out?: string[]
  noPrompt?: boolean
  progress?: string
  config?: string
}

/**
 * A switch that begins with `--no-` and is not the opposite of another flag: commander would make
 * `--no-prompt` set the value of `--prompt` to false.
 */
export function plainSwitch(flag: string, name: string, description: string): Option {
  const option = new Option(flag, description)
  option.negate = false
  option.attributeName = () => name
  return option
}

const collect = (value: string, earlier: string[] = []) => [...earlier, value]

/** Adds options under a heading of the help. */
export function addGroup(command: Command, heading: string, options: readonly Option[]): void {
  command.optionsGroup(heading)
  for (const option of options) command.addOption(option)
}

export function modelOptions(): Option[] {
  return [
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
    ),
  ]
}

export function promptOptions(): Option[] {
  return [
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
    new Option('--truncate <side>', 'cut a prompt that is too long: left or right'),
  ]
}

/** `formats` as help lists them, such as `.svg .png`. */
export function outputOptions(what: string, formats: string): Option[] {
  return [
    new Option('--json', 'print the result as JSON'),
    new Option('--out <file>', `write ${what}: ${formats}; repeatable`).argParser(collect),
    plainSwitch('--no-prompt', 'noPrompt', 'leave text, ids and labels out of what is written'),
    new Option(
      '--progress <kind>',
      'json writes progress to standard error as JSON; none is silent'
    ),
    new Option('--config <file>', 'a request as JSON or YAML; flags override it'),
  ]
}
