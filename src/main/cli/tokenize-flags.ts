import {type Command, Option} from 'commander'
import {addGroup, type OutputFlags, outputOptions, plainSwitch} from './flag-groups.ts'
import {LIMITS, limitsInBrief} from './flag-limits.ts'

/** Flags of `tokenize` as commander gives them. */
export interface TokenizeFlags extends OutputFlags {
  tokenizers?: string
  baselines?: string
  text?: string
  textFile?: string
  wordRule?: string
  reference?: string
  parallel?: string
  referenceLanguage?: string
  noSpecialTokens?: boolean
  parseSpecial?: boolean
  checkEngines?: boolean
  price?: string
  contextLength?: string
  maxTokens?: string
  width?: string
  scale?: string
  theme?: string
  palette?: string
  title?: string
  caption?: string
  legend?: string
}

/** Adds every flag of `tokenize` to its command, in the groups that help shows. */
export function addTokenizeFlags(command: Command): Command {
  addGroup(command, 'Tokenizers:', [
    new Option(
      '--tokenizers <list>',
      'gpt2, cl100k, o200k, llama2, llama3, mistral, models, or paths of a tokenizer.json (those six)'
    ),
    new Option('--baselines <list>', 'bytes, characters, graphemes, words (none)'),
    new Option('--check-engines', 'encode with a second implementation as well, and compare'),
  ])
  addGroup(command, 'Text:', [
    new Option('--text <text>', 'the text as typed'),
    new Option(
      '--text-file <file>',
      'a file with the text, of any size; what is no UTF-8 is shown as bytes; - is standard input'
    ),
    plainSwitch('--no-special-tokens', 'noSpecialTokens', 'insert no begin or end token'),
    new Option('--parse-special', 'text that looks like a special token is that token'),
  ])
  addGroup(command, 'Comparison:', [
    new Option('--word-rule <rule>', 'what a word is: whitespace or uax29 (whitespace)'),
    new Option('--reference <tokenizer>', 'what lengths are relative to'),
    new Option(
      '--parallel <file>',
      'aligned sentences as JSON {language: [sentences]}; builtin takes those that come along'
    ),
    new Option('--reference-language <l>', 'the language that others are compared with (en)'),
    new Option('--price <amount>', 'of a million tokens, to tell what the text costs'),
    new Option(
      '--context-length <n>',
      'tokens of a context window, to tell the share that is used'
    ),
    new Option('--max-tokens <n>', 'tokens of each tokenizer that are listed (100000)'),
  ])
  addGroup(command, 'Figure (.svg .png):', [
    new Option('--width <length>', 'such as 85mm, 6in or 720px: 120px to 10000px (720px)'),
    new Option('--scale <n>', `pixels a CSS pixel, for PNG: ${limitsInBrief(LIMITS.scale)} (2)`),
    new Option('--theme <name>', 'light, dark, print or grey'),
    new Option('--palette <name>', 'ember, ocean or grey (ember)'),
    new Option('--title <text>', 'a line above the figure'),
    new Option('--caption <text>', 'in place of the caption that is written from the result'),
    new Option('--legend <on|off>', 'what colours mean, above the text (on)'),
  ])
  addGroup(command, 'Output:', outputOptions('the result', '.json .csv .svg .png'))
  return command
}
