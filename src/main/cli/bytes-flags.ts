import {type Command, Option} from 'commander'
import {
  addGroup,
  type ModelFlags,
  modelOptions,
  type OutputFlags,
  outputOptions,
  plainSwitch,
} from './flag-groups.ts'

/** Flags of `bytes` as commander gives them. */
export interface BytesFlags extends ModelFlags, OutputFlags {
  prompt?: string
  promptFile?: string
  prefixHex?: string
  noSpecialTokens?: boolean
  mode?: string
}

/** Adds every flag of `bytes` to its command, in the groups that help shows. */
export function addBytesFlags(command: Command): Command {
  addGroup(command, 'Model:', modelOptions())
  addGroup(command, 'Text:', [
    new Option('--prompt <text>', 'the text that the byte follows'),
    new Option('--prompt-file <file>', 'a file with the text; - is standard input'),
    new Option(
      '--prefix-hex <hex>',
      'bytes after the text, such as the start of a character: f09f'
    ),
    plainSwitch('--no-special-tokens', 'noSpecialTokens', 'insert no begin token'),
  ])
  addGroup(command, 'Distribution:', [
    new Option(
      '--mode <mode>',
      'exact leaves out what no text encodes to; fast does not look (exact)'
    ),
  ])
  addGroup(command, 'Output:', outputOptions('the result', '.json'))
  return command
}
