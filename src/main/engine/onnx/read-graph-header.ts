import {type FileHandle, open, stat} from 'node:fs/promises'
import {type Problem, ProblemError} from '../../../shared/domain/problem.ts'
import type {GraphHeader, GraphValue} from '../model-folder/model-folder.ts'
import {decodeMessage, elementTypeName, numberOfInt64, type OnnxValueInfo} from './schema.ts'
import {packedVarints, WIRE_TYPE, WireError, type WireField, WireReader} from './wire.ts'

const MAX_MODEL_BYTES = 2 ** 31
/** Names and type descriptions are a few hundred bytes; anything larger is not one. */
const MAX_SMALL_BYTES = 1 << 20
const MAX_GRAPH_DEPTH = 16

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

const DOWNLOAD_ADVICE = 'Download the file again, then open the folder once more.'

/**
 * The graph's inputs, outputs, operator sets and sizes, read without its weights: a file of gigabytes
 * costs a few small reads. Throws a Problem on a file that is missing, cut short or not ONNX.
 */
export async function readGraphHeader(path: string): Promise<GraphHeader> {
  const handle = await openModelFile(path)
  try {
    const {size} = await handle.stat()
    await checkFirstBytes(path, handle, size)
    const reader = new WireReader(handle, size)
    return await new HeaderReader(path, reader).read()
  } finally {
    await handle.close()
  }
}

function problemOf(
  file: string,
  code: string,
  message: string,
  parts: Pick<Problem, 'found' | 'expected' | 'advice'>
): ProblemError {
  return new ProblemError({code, message, file, ...parts})
}

async function openModelFile(path: string): Promise<FileHandle> {
  try {
    // Opening a named pipe would wait for ever, so it is not opened at all.
    if ((await stat(path)).isFile()) return await open(path, 'r')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw problemOf(path, 'model-file-unreadable', 'The model file cannot be opened.', {
      found: code === 'ENOENT' ? 'no such file' : code,
      expected: 'a file that can be read',
      advice: 'Check that the file exists and that you may read it.',
    })
  }
  throw problemOf(path, 'not-onnx', 'The model file is not a file.', {
    found: 'a folder or a device',
    expected: 'an ONNX file',
    advice: 'Choose one of the .onnx files of the folder.',
  })
}

/** Refuses what people have instead of a model: empty files, git-LFS pointers, web pages, JSON. */
async function checkFirstBytes(path: string, handle: FileHandle, size: number): Promise<void> {
  if (size === 0) {
    throw problemOf(path, 'model-truncated', 'The model file is empty.', {
      found: '0 bytes',
      expected: 'an ONNX graph',
      advice: DOWNLOAD_ADVICE,
    })
  }
  if (size >= MAX_MODEL_BYTES) {
    throw problemOf(path, 'model-too-large', 'The model file is larger than ONNX allows.', {
      found: `${size} bytes`,
      expected: 'less than 2 GiB in one file, with the weights in files beside it',
      advice: 'Export the model with external data.',
    })
  }
  const {buffer, bytesRead} = await handle.read(Buffer.alloc(256), 0, 256, 0)
  const start = buffer.subarray(0, bytesRead).toString('latin1').trimStart()
  if (start.startsWith('version https://git-lfs')) {
    throw problemOf(
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

function notOnnx(path: string, found: string): ProblemError {
  return problemOf(path, 'not-onnx', 'The model file is not an ONNX model.', {
    found,
    expected: 'an ONNX graph',
    advice: 'Choose an .onnx file; if this was one, download it again.',
  })
}

/** What one tensor of the graph says about itself. */
interface TensorHeader {
  name: string
  dimensions: number[]
  dtype: string
  external: {location: string; offset: number; length: number} | null
}

class HeaderReader {
  private readonly inputs: GraphValue[] = []
  private readonly outputs: GraphValue[] = []
  private readonly opsets: Record<string, number> = {}
  private readonly initializerNames = new Set<string>()
  private readonly externalByteLengths = new Map<string, number>()
  private readonly matrixLengths = new Set<number>()
  private nodeCount = 0
  private parameterCount = 0
  private graphCount = 0

  constructor(
    private readonly path: string,
    private readonly reader: WireReader
  ) {}

  async read(): Promise<GraphHeader> {
    try {
      await this.readModel()
    } catch (error) {
      if (error instanceof WireError) throw this.problemOfWire(error)
      throw error
    }
    if (this.graphCount === 0 || this.outputs.length === 0) {
      throw notOnnx(this.path, this.graphCount === 0 ? 'no graph' : 'a graph without outputs')
    }
    // Exporters write the operator sets after the graph: without them the end is missing.
    if (Object.keys(this.opsets).length === 0) {
      throw problemOf(this.path, 'model-truncated', 'The model file is cut short or damaged.', {
        found: `${this.reader.byteLength} bytes, with a graph but no operator sets`,
        expected: 'the operator sets of the graph',
        advice: DOWNLOAD_ADVICE,
      })
    }
    return {
      // Before IR 4 every initializer was listed as an input as well.
      inputs: this.inputs.filter((input) => !this.initializerNames.has(input.name)),
      outputs: this.outputs,
      opsets: this.opsets,
      nodeCount: this.nodeCount,
      parameterCount: this.parameterCount,
      matrixLengths: [...this.matrixLengths].sort((a, b) => a - b),
      externalLocations: [...this.externalByteLengths.keys()].sort(),
      externalByteLengths: Object.fromEntries(this.externalByteLengths),
    }
  }

  private problemOfWire(error: WireError): ProblemError {
    // Once the graph has been reached the file was ONNX, so what fails after it is damage.
    if (error.kind === 'overrun' && this.graphCount > 0) {
      const isTop = error.message.startsWith('field 7 ')
      return problemOf(this.path, 'model-truncated', 'The model file is cut short or damaged.', {
        found: `${this.reader.byteLength} bytes; ${error.message}`,
        expected: isTop ? 'the whole graph' : 'lengths that fit into what holds them',
        advice: DOWNLOAD_ADVICE,
      })
    }
    if (this.graphCount > 0) {
      return problemOf(this.path, 'model-damaged', 'The model file is damaged.', {
        found: error.message,
        expected: 'an ONNX graph',
        advice: DOWNLOAD_ADVICE,
      })
    }
    return notOnnx(this.path, `bytes that are no ONNX graph (${error.message})`)
  }

  private async readModel(): Promise<void> {
    const {reader} = this
    for (let position = 0; position < reader.byteLength; ) {
      const field = await this.modelField(position)
      const expectedType = MODEL_WIRE_TYPES[field.number]
      if (expectedType !== undefined && expectedType !== field.wireType) {
        throw new WireError('bad-tag', position, `field ${field.number} has the wrong type`)
      }
      if (field.number === 7) {
        this.graphCount++
        await this.readGraph(field, 0)
      } else if (field.number === 8) {
        const opset = await this.decodeSmall('OperatorSet', field)
        this.opsets[opset.domain ?? ''] = numberOfInt64(opset.version)
      }
      position = field.end
    }
  }

  /** A field of the model itself; a graph that reaches beyond the file counts as one that was met. */
  private async modelField(position: number): Promise<WireField> {
    try {
      return await this.reader.fieldAt(position, this.reader.byteLength)
    } catch (error) {
      const isGraph = error instanceof WireError && error.message.startsWith('field 7 ')
      // An ONNX model says its version before its graph.
      if (isGraph && position > 0) this.graphCount++
      throw error
    }
  }

  private async readGraph(graph: WireField, depth: number): Promise<void> {
    if (depth > MAX_GRAPH_DEPTH) {
      throw new WireError('bad-tag', graph.start, `graphs nested more than ${MAX_GRAPH_DEPTH} deep`)
    }
    for await (const field of this.reader.fields(graph.start, graph.end)) {
      if (field.wireType !== WIRE_TYPE.bytes) continue
      if (field.number === 1) await this.readNode(field, depth)
      else if (field.number === 5) this.countTensor(await this.readTensor(field), depth)
      else if (depth === 0 && field.number === 11) this.inputs.push(await this.readValue(field))
      else if (depth === 0 && field.number === 12) this.outputs.push(await this.readValue(field))
    }
  }

  /** Looks into a node only for tensors and graphs among its attributes. */
  private async readNode(node: WireField, depth: number): Promise<void> {
    this.nodeCount++
    for await (const field of this.reader.fields(node.start, node.end)) {
      if (field.number !== 5 || field.wireType !== WIRE_TYPE.bytes) continue
      for await (const part of this.reader.fields(field.start, field.end)) {
        if (part.wireType !== WIRE_TYPE.bytes) continue
        if (part.number === 5) this.countTensor(await this.readTensor(part), depth + 1)
        else if (part.number === 6) await this.readGraph(part, depth + 1)
      }
    }
  }

  private async readTensor(tensor: WireField): Promise<TensorHeader> {
    const header: TensorHeader = {name: '', dimensions: [], dtype: 'unknown', external: null}
    for await (const field of this.reader.fields(tensor.start, tensor.end)) {
      if (field.number === 1 && field.wireType === WIRE_TYPE.varint) {
        header.dimensions.push(field.value)
      } else if (field.number === 1 && field.wireType === WIRE_TYPE.bytes) {
        header.dimensions.push(...packedVarints(await this.smallBytes(field)))
      } else if (field.number === 2) {
        header.dtype = elementTypeName(field.value)
      } else if (field.number === 8) {
        header.name = new TextDecoder().decode(await this.smallBytes(field))
      } else if (field.number === 13) {
        const {key, value = ''} = await this.decodeSmall('StringPair', field)
        header.external ??= {location: '', offset: 0, length: 0}
        if (key === 'location') header.external.location = value
        else if (key === 'offset') header.external.offset = Number(value)
        else if (key === 'length') header.external.length = Number(value)
      }
    }
    return header
  }

  private countTensor(tensor: TensorHeader, depth: number): void {
    if (depth === 0) this.initializerNames.add(tensor.name)
    if (tensor.dimensions.length >= 2 && isWeightType(tensor.dtype)) {
      this.parameterCount += tensor.dimensions.reduce((product, length) => product * length, 1)
      for (const length of tensor.dimensions) this.matrixLengths.add(length)
    }
    if (tensor.external) {
      const {location, offset, length} = tensor.external
      const known = this.externalByteLengths.get(location) ?? 0
      const end = Number.isFinite(offset + length) ? offset + length : 0
      this.externalByteLengths.set(location, Math.max(known, end))
    }
  }

  private async readValue(field: WireField): Promise<GraphValue> {
    const info: OnnxValueInfo = await this.decodeSmall('ValueInfo', field)
    const tensorType = info.type?.tensorType
    return {
      name: info.name,
      dtype: elementTypeName(tensorType?.elemType ?? 0),
      dimensions: (tensorType?.shape?.dim ?? []).map((dimension) => {
        if (dimension.dimParam) return dimension.dimParam
        const hasValue = Object.hasOwn(dimension, 'dimValue')
        return hasValue ? numberOfInt64(dimension.dimValue) : null
      }),
    }
  }

  private async smallBytes(field: WireField): Promise<Uint8Array> {
    if (field.end - field.start > MAX_SMALL_BYTES) {
      throw new WireError('bad-tag', field.start, `a name of ${field.end - field.start} bytes`)
    }
    return this.reader.bytes(field.start, field.end)
  }

  private async decodeSmall<Name extends Parameters<typeof decodeMessage>[0]>(
    name: Name,
    field: WireField
  ): Promise<ReturnType<typeof decodeMessage<Name>>> {
    const bytes = await this.smallBytes(field)
    try {
      return decodeMessage(name, bytes)
    } catch (error) {
      throw new WireError('bad-tag', field.start, `${name} at byte ${field.start}: ${error}`)
    }
  }
}

function isWeightType(dtype: string): boolean {
  return /^(float|bfloat|u?int(2|4|8)$)/.test(dtype)
}
