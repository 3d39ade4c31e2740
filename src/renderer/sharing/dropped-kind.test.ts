import {expect, test} from 'vitest'
import {dropHint} from './drop-hint.ts'
import {
  kindOfFile,
  MAX_PROMPT_FILE_BYTES,
  problemOfCount,
  problemOfName,
  problemOfSize,
  readPromptText,
} from './dropped-kind.ts'

test('files are told apart by their names, whatever their case', () => {
  expect(kindOfFile('a.TXT')).toBe('prompt')
  expect(kindOfFile('rows.jsonl')).toBe('prompt-list')
  expect(kindOfFile('Config.json')).toBe('model-part')
  expect(kindOfFile('model.onnx_data')).toBe('model-part')
  expect(kindOfFile('model.gguf')).toBe('other-weights')
  expect(kindOfFile('noending')).toBe('unknown')
  expect(kindOfFile('constructor')).toBe('unknown')
  expect(kindOfFile('a.constructor')).toBe('unknown')
})

test('what cannot be opened says its four parts', () => {
  const problems = [
    problemOfName('model.onnx'),
    problemOfName('x.safetensors'),
    problemOfName('x.png'),
    problemOfName('x'),
    problemOfCount([]),
    problemOfCount(['config.json', 'model.onnx']),
    problemOfCount(['a.txt', 'b.txt', 'c.txt', 'd.txt']),
    problemOfSize('x.txt', 0),
    problemOfSize('x.txt', MAX_PROMPT_FILE_BYTES + 1),
  ]
  for (const problem of problems) {
    expect(problem?.found).toBeTruthy()
    expect(problem?.expected).toBeTruthy()
    expect(problem?.advice).toMatch(/\.$/)
  }
  expect(problems[5]!.message).toContain('folder')
  expect(problems[6]!.found).toBe('4 things: a.txt, b.txt, c.txt and more')
})

test('text is read as it is; what is none is refused', () => {
  const encode = (text: string) => new TextEncoder().encode(text)
  expect(readPromptText('a', encode('ünï\r\n'))).toBe('ünï\r\n')
  expect(readPromptText('a', encode(' \n'))).toMatchObject({code: 'file-empty'})
  expect(readPromptText('a', new Uint8Array([65, 0]))).toMatchObject({
    found: 'a zero byte at byte 1',
  })
  expect(readPromptText('a', new Uint8Array([0xff, 0xfe, 65, 0]))).toMatchObject({
    found: 'text in UTF-16',
  })
  expect(readPromptText('a', new Uint8Array([0xc3, 0x28]))).toMatchObject({code: 'file-not-text'})
})

test('while something is dragged the note says what will happen', () => {
  const drag = (...types: string[]) =>
    dropHint({items: types.map((type) => ({kind: 'file', type}))} as never)
  expect(drag('')).toContain('model folder')
  expect(drag('text/plain')).toContain('as the prompt')
  expect(drag('application/json')).toContain('prompt list')
  expect(drag('image/png')).toContain('cannot be opened')
  expect(drag('', '')).toContain('only one')
})
