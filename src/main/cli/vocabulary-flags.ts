import {type Command, Option} from 'commander'
import {addGroup, type OutputFlags, outputOptions} from './flag-groups.ts'

/** Flags of `vocabulary` as commander gives them. */
export interface VocabularyFlags extends OutputFlags {
  tokenizers?: string
  search?: string
  limit?: string
  reach?: boolean
}

/** Adds every flag of `vocabulary` to its command, in the groups that help shows. */
export function addVocabularyFlags(command: Command): Command {
  addGroup(command, 'Tokenizers:', [
    new Option(
      '--tokenizers <list>',
      'gpt2, cl100k, o200k, llama2, llama3, mistral, models, or paths of a tokenizer.json (those six)'
    ),
  ])
  addGroup(command, 'Entries:', [
    new Option('--search <text>', 'entries that hold a text, or bytes as hex:e28099, or id:412'),
    new Option('--limit <n>', 'entries that a list names (100)'),
    new Option('--reach', 'encode the text of every entry, to tell which no text gives'),
  ])
  addGroup(command, 'Output:', outputOptions('the result', '.json'))
  return command
}
