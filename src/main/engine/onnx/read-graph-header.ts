import type {GraphHeader, GraphValue} from '../model-folder/model-folder.ts'
import {externalNumber} from './external-data.ts'
import {
  checkFirstBytes,
  DOWNLOAD_ADVICE,
  MAX_GRAPH_DEPTH,
  modelFileProblem,
  notOnnx,
  openModelFile,
  walkModel,
} from './model-file.ts'
import {decodeMessage, elementTypeName, numberOfInt64, type OnnxValueInfo} from './schema.ts'
import {packedVarints, WIRE_TYPE, WireError, type WireField, WireReader} from './wire.ts'

/** Names and type descriptions are a few hundred bytes; anything larger is not one. */
const MAX_SMALL_BYTES = 1 << 20
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

/** What one tensor of the graph says about itself. */
interface TensorHeader {
  name: string
  dimensions: number[]
  dtype: string
  /** As they are written. */
  external: {location: string; offset: string; length: string} | null
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

  constructor(
    private readonly path: string,
    private readonly reader: WireReader
  ) {}

  async read(): Promise<GraphHeader> {
    const graphCount = await walkModel(this.path, this.reader, (field) =>
      this.readModelField(field)
    )
    if (graphCount === 0 || this.outputs.length === 0) {
      throw notOnnx(this.path, graphCount === 0 ? 'no graph' : 'a graph without outputs')
    }
    // Exporters write the operator sets after the graph: without them the end is missing.
    if (Object.keys(this.opsets).length === 0) {
      throw modelFileProblem(
        this.path,
        'model-truncated',
        'The model file is cut short or damaged.',
        {
          found: `${this.reader.byteLength} bytes, with a graph but no operator sets`,
          expected: 'the operator sets of the graph',
          advice: DOWNLOAD_ADVICE,
        }
      )
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

  private async readModelField(field: WireField): Promise<void> {
    if (field.number === 7) {
      await this.readGraph(field, 0)
    } else if (field.number === 8) {
      const opset = await this.decodeSmall('OperatorSet', field)
      this.opsets[opset.domain ?? ''] = numberOfInt64(opset.version)
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
        header.external ??= {location: '', offset: '0', length: '0'}
        if (key === 'location' || key === 'offset' || key === 'length') {
          header.external[key] = value
        }
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
      const {location} = tensor.external
      const number = (key: 'offset' | 'length') =>
        externalNumber(this.path, tensor.name, key, tensor.external![key])
      const known = this.externalByteLengths.get(location) ?? 0
      this.externalByteLengths.set(location, Math.max(known, number('offset') + number('length')))
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
