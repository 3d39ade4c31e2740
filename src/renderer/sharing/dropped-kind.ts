import type {Problem} from '../../shared/domain/problem.ts'

/** Longest file that is read as prompts, in bytes; the desktop's host has the same bound. */
export const MAX_PROMPT_FILE_BYTES = 16 * 2 ** 20
const CAN_BE_OPENED =
  'a model folder, or prompts in a file (.txt, .md for one; .csv, .jsonl, .json for many)'

/** What a file is opened as, by its name. */
export type FileKind = 'prompt' | 'prompt-list' | 'model-part' | 'other-weights' | 'unknown'

const KINDS = new Map<string, FileKind>(
  Object.entries({
    txt: 'prompt',
    text: 'prompt',
    md: 'prompt',
    csv: 'prompt-list',
    tsv: 'prompt-list',
    json: 'prompt-list',
    jsonl: 'prompt-list',
    ndjson: 'prompt-list',
    onnx: 'model-part',
    onnx_data: 'model-part',
    safetensors: 'other-weights',
    gguf: 'other-weights',
    ggml: 'other-weights',
    pt: 'other-weights',
    pth: 'other-weights',
    bin: 'other-weights',
  } as const)
)
const MODEL_FILES = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  'special_tokens_map.json',
  'vocab.json',
]

export function kindOfFile(name: string): FileKind {
  if (MODEL_FILES.includes(name.toLowerCase())) return 'model-part'
  const [, extension] = /\.([^.]+)$/.exec(name.toLowerCase()) ?? []
  return KINDS.get(extension ?? '') ?? 'unknown'
}

/** Why a file cannot be opened by itself; null where it can be tried. */
export function problemOfName(name: string): Problem | null {
  switch (kindOfFile(name)) {
    case 'model-part':
      return {
        code: 'file-of-a-model',
        message: 'One file of a model is not enough to open it.',
        file: name,
        found: 'a file alone, without the others of its folder',
        expected: 'the folder with config.json, tokenizer.json and the ONNX file',
        advice: 'Drop the folder that it lies in, or open it by “Open a model folder”.',
      }
    case 'other-weights':
      return {
        code: 'weights-not-onnx',
        message: 'These weights are not in the ONNX format.',
        file: name,
        found: 'weights of another format',
        expected: 'a folder with config.json, tokenizer.json and an ONNX file',
        advice: 'Export the model to ONNX, or get a copy of it that has an ONNX file.',
      }
    case 'unknown':
      return {
        code: 'unknown-kind-of-file',
        message: 'Tokenscope does not know this kind of file.',
        file: name,
        found: kindInWords(name),
        expected: CAN_BE_OPENED,
        advice: 'Drop one of those. A text under another name can be pasted into the prompt.',
      }
    default:
      return null
  }
}

function kindInWords(name: string): string {
  const [, extension] = /\.([^.]+)$/.exec(name) ?? []
  return extension === undefined ? 'a name without an ending' : `a file that ends in .${extension}`
}

/** Why a dropped number of things cannot be opened; null where it is one. */
export function problemOfCount(names: readonly string[]): Problem | null {
  if (names.length === 1) return null
  if (names.length === 0) {
    return {
      code: 'nothing-dropped',
      message: 'Nothing arrived that could be opened.',
      found: 'no file and no folder',
      expected: CAN_BE_OPENED,
      advice: 'Drop it from a file manager, or choose it by “Open a prompt file…”.',
    }
  }
  const isModel = names.some((name) => kindOfFile(name) === 'model-part')
  const shown = names.slice(0, 3).join(', ')
  return {
    code: 'several-dropped',
    message: isModel
      ? 'Files of a model are opened as their folder.'
      : 'Only one thing can be opened at a time.',
    found: `${names.length} things: ${shown}${names.length > 3 ? ' and more' : ''}`,
    expected: isModel ? 'the folder that they lie in' : 'one folder or one file',
    advice: isModel
      ? 'Drop the folder itself.'
      : 'Drop them one after another; many prompts fit into one CSV or JSONL file.',
  }
}

/** Reads a file as text in UTF-8; a Problem where it is none, empty, or too long. */
export function readPromptText(name: string, bytes: Uint8Array): string | Problem {
  const zeroAt = bytes.indexOf(0)
  const isUtf16 =
    (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (isUtf16 || zeroAt >= 0) {
    return notText(name, isUtf16 ? 'text in UTF-16' : `a zero byte at byte ${zeroAt}`)
  }
  try {
    const text = new TextDecoder('utf-8', {fatal: true}).decode(bytes)
    return text.trim() === '' ? emptyProblem(name) : text
  } catch {
    return notText(name, 'bytes that are not UTF-8')
  }
}

export function problemOfSize(name: string, byteCount: number): Problem | null {
  if (byteCount <= MAX_PROMPT_FILE_BYTES) return byteCount === 0 ? emptyProblem(name) : null
  return {
    code: 'file-too-long',
    message: 'The file is too long to be opened as prompts.',
    file: name,
    found: `${(byteCount / 2 ** 20).toFixed(1)} MiB`,
    expected: `at most ${MAX_PROMPT_FILE_BYTES / 2 ** 20} MiB`,
    advice: 'Split it and open the parts one after another.',
  }
}

const emptyProblem = (name: string): Problem => ({
  code: 'file-empty',
  message: 'There is nothing in the file.',
  file: name,
  found: 'no text',
  expected: 'text in UTF-8',
  advice: 'Open another file.',
})

const notText = (name: string, found: string): Problem => ({
  code: 'file-not-text',
  message: 'The file is not a text in UTF-8.',
  file: name,
  found,
  expected: 'text in UTF-8',
  advice: 'Save it as UTF-8 and open it again.',
})
