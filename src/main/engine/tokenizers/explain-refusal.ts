import {Tokenizer as NativeTokenizer} from 'tokenizers'
import {ProblemError} from '../../../shared/domain/problem.ts'

type Json = Readonly<Record<string, unknown>>

/** What the native library 0.23 knows, by the part of tokenizer.json in which it may stand. */
const KNOWN_TYPES = {
  model: ['BPE', 'WordPiece', 'WordLevel', 'Unigram'],
  normalizer: [
    ...['BertNormalizer', 'Strip', 'StripAccents', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Sequence'],
    ...['Lowercase', 'Nmt', 'Precompiled', 'Replace', 'Prepend', 'ByteLevel'],
  ],
  pre_tokenizer: [
    ...['BertPreTokenizer', 'ByteLevel', 'CharDelimiterSplit', 'Metaspace', 'Whitespace'],
    ...['Sequence', 'Split', 'Punctuation', 'WhitespaceSplit', 'Digits', 'UnicodeScripts'],
    'FixedLength',
  ],
  post_processor: [
    ...['RobertaProcessing', 'BertProcessing', 'ByteLevel', 'TemplateProcessing', 'Sequence'],
  ],
  decoder: [
    ...['BPEDecoder', 'ByteLevel', 'WordPiece', 'Metaspace', 'CTC', 'Sequence', 'Replace'],
    ...['Fuse', 'Strip', 'ByteFallback'],
  ],
} as const satisfies Record<string, readonly string[]>
type PartName = keyof typeof KNOWN_TYPES

/** Lists inside a `Sequence`, one name a part. */
const SEQUENCES = ['normalizers', 'pretokenizers', 'processors', 'decoders'] as const

/** A component with the path of its place in the file. */
interface Component {
  readonly part: PartName
  readonly path: string
  readonly json: Json
}

/**
 * Why the native library refuses a tokenizer.json: it says little more than that it does, so the parts
 * are looked at one by one for a type that it does not know, a regular expression that it cannot run,
 * or else the first part that it refuses alone.
 */
export function explainRefusal(json: Json, path: string, error: unknown): ProblemError {
  const said = error instanceof Error ? error.message : String(error)
  const components = componentsOf(json)
  for (const {part, path: field, json: component} of components) {
    const known: readonly string[] = KNOWN_TYPES[part]
    // A model without a type is one of old files, and told by its fields.
    if (component.type === undefined && part === 'model') continue
    if (typeof component.type === 'string' && known.includes(component.type)) continue
    return new ProblemError({
      code: 'tokenizer-type-unknown',
      message: `The ${part.replace('_', '-')} of tokenizer.json is of a type that is not known.`,
      file: path,
      field: `${field}.type`,
      found: JSON.stringify(component.type) ?? 'nothing',
      expected: `one of ${known.join(', ')}`,
      advice: 'Save the tokenizer with a current version of the tokenizers library.',
    })
  }
  for (const {path: field, json: component} of components) {
    const regex = (component.pattern as Json | undefined)?.Regex
    if (typeof regex !== 'string' || runs(regex)) continue
    return new ProblemError({
      code: 'tokenizer-regex-unusable',
      message: 'tokenizer.json has a regular expression that cannot be run.',
      file: path,
      field: `${field}.pattern.Regex`,
      found: regex.length > 200 ? `${regex.slice(0, 200)}…` : regex,
      expected: 'a regular expression in the syntax of Oniguruma',
      advice: 'Correct the expression, or download tokenizer.json again.',
    })
  }
  const refused = components.find(({part, path: field, json: component}) => {
    return part !== 'model' && field === part && !isTaken(part, component)
  })
  return new ProblemError({
    code: 'tokenizer-invalid',
    message: 'tokenizer.json is not a tokenizer that can be read.',
    file: path,
    ...(refused ? {field: refused.path} : {}),
    found: said,
    expected: 'a tokenizer.json of the tokenizers library',
    advice: 'Download tokenizer.json again, or save the tokenizer again as a fast one.',
  })
}

function componentsOf(json: Json): Component[] {
  return (Object.keys(KNOWN_TYPES) as PartName[]).flatMap((part) => flatten(part, part, json[part]))
}

function flatten(part: PartName, path: string, value: unknown): Component[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const json = value as Json
  const inner = SEQUENCES.flatMap((name) => {
    const list = json[name]
    return Array.isArray(list)
      ? list.flatMap((one, i) => flatten(part, `${path}.${name}[${i}]`, one))
      : []
  })
  return [{part, path, json}, ...inner]
}

function runs(regex: string): boolean {
  return isTaken('pre_tokenizer', {
    type: 'Split',
    pattern: {Regex: regex},
    behavior: 'Isolated',
    invert: false,
  })
}

/** Whether the library takes a part beside the smallest model there is. */
function isTaken(part: PartName, component: Json): boolean {
  const smallest = {
    ...{version: '1.0', truncation: null, padding: null, added_tokens: []},
    ...{normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null},
    model: {type: 'WordLevel', vocab: {a: 0}, unk_token: 'a'},
  }
  try {
    NativeTokenizer.fromString(JSON.stringify({...smallest, [part]: component}))
    return true
  } catch {
    return false
  }
}
