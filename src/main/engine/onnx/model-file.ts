import {type FileHandle, open, stat} from 'node:fs/promises'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import {WIRE_TYPE, WireError, type WireField, type WireReader} from './wire.ts'

/** What every reader of a model file does first: opening it, and telling an ONNX file from what is none. */

const MAX_MODEL_BYTES = 2 ** 31
/** Graphs within graphs: a merged decoder has one level, loops of real exports up to three. */
export const MAX_GRAPH_DEPTH = 16

/** Wire types of ModelProto's fields, to tell an ONNX file from something else. */
const MODEL_WIRE_TYPES: Readonly<Record<number, number>> = {
  1: WIRE_TYPE.varint,
  2: WIRE_TYPE.bytes,
  3: WIRE_TYPE.bytes,
  4: WIRE_TYPE.bytes,
  5: WIRE_TYPE.varint,
  6: WIRE_TYPE.bytes,
  7: WIRE_TYPE.bytes,
  8: WIRE_TYPE.bytes,
  14: WIRE_TYPE.bytes,
  20: WIRE_TYPE.bytes,
  25: WIRE_TYPE.bytes,
}

export const DOWNLOAD_ADVICE = 'Download the file again, then open the folder once more.'

/** A problem of a model file. */
export function modelFileProblem(
  file: string,
  code: string,
  message: string,
  parts: Pick<Problem, 'found' | 'expected' | 'advice'>
): ProblemError {
  return new ProblemError({code, message, file, ...parts})
}

/** Opens a model file for reading. Throws a Problem where it is not a file or cannot be read. */
export async function openModelFile(path: string): Promise<FileHandle> {
  try {
    // Opening a named pipe would wait for ever, so it is not opened at all.
    if ((await stat(path)).isFile()) return await open(path, 'r')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw modelFileProblem(path, 'model-file-unreadable', 'The model file cannot be opened.', {
      found: code === 'ENOENT' ? 'no such file' : code,
      expected: 'a file that can be read',
      advice: 'Check that the file exists and that you may read it.',
    })
  }
  throw modelFileProblem(path, 'not-onnx', 'The model file is not a file.', {
    found: 'a folder or a device',
    expected: 'an ONNX file',
    advice: 'Choose one of the .onnx files of the folder.',
  })
}

/** Refuses what people have instead of a model: empty files, git-LFS pointers, web pages, JSON. */
export async function checkFirstBytes(
  path: string,
  handle: FileHandle,
  size: number
): Promise<void> {
  if (size === 0) {
    throw modelFileProblem(path, 'model-truncated', 'The model file is empty.', {
      found: '0 bytes',
      expected: 'an ONNX graph',
      advice: DOWNLOAD_ADVICE,
    })
  }
  if (size >= MAX_MODEL_BYTES) {
    throw modelFileProblem(path, 'model-too-large', 'The model file is larger than ONNX allows.', {
      found: `${size} bytes`,
      expected: 'less than 2 GiB in one file, with the weights in files beside it',
      advice: 'Export the model with external data.',
    })
  }
  const {buffer, bytesRead} = await handle.read(Buffer.alloc(256), 0, 256, 0)
  const start = buffer.subarray(0, bytesRead).toString('latin1').trimStart()
  if (start.startsWith('version https://git-lfs')) {
    throw modelFileProblem(
      path,
      'git-lfs-pointer',
      'The model file is a git-LFS pointer, not the model.',
      {
        found: `a pointer of ${size} bytes`,
        expected: 'an ONNX graph',
        advice: 'Run `git lfs pull` in the folder, or download the file from the hub.',
      }
    )
  }
  const kind = /^<(!doctype|html|\?xml)/i.test(start)
    ? 'a web page'
    : /^[{[]\s*["{[\]}]/.test(start)
      ? 'JSON text'
      : start.startsWith('PK\x03\x04')
        ? 'a zip archive'
        : null
  if (kind) throw notOnnx(path, kind)
}

export function notOnnx(path: string, found: string): ProblemError {
  return modelFileProblem(path, 'not-onnx', 'The model file is not an ONNX model.', {
    found,
    expected: 'an ONNX graph',
    advice: 'Choose an .onnx file; if this was one, download it again.',
  })
}

/**
 * Every field of the model in order; returns how many of them were graphs. Throws a Problem on bytes
 * that are no ONNX model, and on lengths that lie, also where `visit` meets them deeper down (as a
 * WireError, or as the RangeError of a number that is out of range).
 */
export async function walkModel(
  path: string,
  reader: WireReader,
  visit: (field: WireField) => Promise<void>
): Promise<number> {
  let graphCount = 0
  try {
    for (let position = 0; position < reader.byteLength; ) {
      const field = await reader.fieldAt(position, reader.byteLength)
      const expectedType = MODEL_WIRE_TYPES[field.number]
      if (expectedType !== undefined && expectedType !== field.wireType) {
        throw new WireError('bad-tag', position, `field ${field.number} has the wrong type`)
      }
      if (field.number === 7) graphCount++
      await visit(field)
      position = field.end
    }
  } catch (error) {
    if (error instanceof RangeError) {
      throw problemOfWire(path, reader.byteLength, new WireError('bad-tag', 0, error.message), true)
    }
    if (!(error instanceof WireError)) throw error
    // An ONNX model says its version before its graph, so a graph that reaches beyond the file, and
    // is not the first thing in it, was one.
    const isCutGraph = error.message.startsWith('field 7 at byte ') && error.position > 0
    throw problemOfWire(path, reader.byteLength, error, graphCount > 0 || isCutGraph)
  }
  return graphCount
}

function problemOfWire(
  path: string,
  byteLength: number,
  error: WireError,
  hasGraph: boolean
): ProblemError {
  if (!hasGraph) return notOnnx(path, `bytes that are no ONNX graph (${error.message})`)
  // Once the graph has been reached the file was ONNX, so what fails after it is damage.
  if (error.kind === 'overrun') {
    const isTop = error.message.startsWith('field 7 ')
    return modelFileProblem(path, 'model-truncated', 'The model file is cut short or damaged.', {
      found: `${byteLength} bytes; ${error.message}`,
      expected: isTop ? 'the whole graph' : 'lengths that fit into what holds them',
      advice: DOWNLOAD_ADVICE,
    })
  }
  return modelFileProblem(path, 'model-damaged', 'The model file is damaged.', {
    found: error.message,
    expected: 'an ONNX graph',
    advice: DOWNLOAD_ADVICE,
  })
}
