import {ProblemError} from '../../../shared/domain/problem.ts'
import {tooDeep} from './check-graph.ts'
import {MAX_GRAPH_DEPTH, walkModel} from './model-file.ts'
import {elementTypeNumber, encodeMessage} from './schema.ts'
import {rawBytesOfVarints} from './tensor-bytes.ts'
import {WIRE_TYPE, type WireField, type WireReader} from './wire.ts'
import {fieldHead, MessageBytes, varintField} from './wire-writer.ts'

/** Contents below this stay in the graph: shapes, axes and scales, which the finders look at. */
export const MIN_WEIGHT_BYTES = 1024
/**
 * What may stay once the weights are out: the graph itself, and numbers that are not stored as they lie
 * in memory. The graph of a model with 100,000 nodes has about 20 MB.
 */
const MAX_GRAPH_BYTES = 2 ** 28

/** Stands for the model's own file as the location of external data; no safe location can be this. */
export const OWN_FILE = '\0'

type MessageKind = 'graph' | 'node' | 'attribute' | 'tensor' | 'sparse-tensor'

/** Fields that hold, at any depth, what may be a weight. Functions are left as they are. */
const CHILDREN: Readonly<Record<MessageKind, Readonly<Record<number, MessageKind>>>> = {
  graph: {1: 'node', 5: 'tensor', 15: 'sparse-tensor'},
  node: {5: 'attribute'},
  attribute: {5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph'},
  tensor: {},
  // onnxruntime takes the parts of a sparse tensor only from the graph itself.
  'sparse-tensor': {},
}

const TENSOR_FIELD = {
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  int64Data: 7,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14,
} as const
/** Packed fields whose bytes are what `raw_data` would hold, by the element type they belong to. */
const RAW_LIKE: ReadonlyMap<number, number> = new Map([
  [TENSOR_FIELD.floatData, elementTypeNumber('float32')],
  [TENSOR_FIELD.doubleData, elementTypeNumber('float64')],
])
const VARINT_FIELDS: ReadonlySet<number> = new Set([
  TENSOR_FIELD.int32Data,
  TENSOR_FIELD.int64Data,
  TENSOR_FIELD.uint64Data,
])

/**
 * A model as a smaller one: every weight is replaced by a reference to external data in `OWN_FILE`, and
 * all else is copied byte for byte. Weights are not read, so a file of gigabytes costs what its graph
 * costs. Throws a Problem on a file that is no ONNX model, that is damaged, or whose graph is too large.
 */
export async function skimWeights(path: string, reader: WireReader): Promise<Uint8Array> {
  const model = new MessageBytes()
  const skimmer = new Skimmer(path, reader)
  const graphCount = await walkModel(path, reader, async (field) => {
    // The fields of a second graph are added to the first when the small model is decoded, as
    // protobuf has it.
    if (field.number === 7) model.addMessage(7, await skimmer.skim('graph', field, 0))
    else await skimmer.copy(model, field.tagStart, field.end)
  })
  if (graphCount === 0) return new Uint8Array(0)
  return model.join()
}

class Skimmer {
  private copiedBytes = 0

  constructor(
    private readonly path: string,
    private readonly reader: WireReader
  ) {}

  async copy(into: MessageBytes, start: number, end: number): Promise<void> {
    if (end <= start) return
    this.copiedBytes += end - start
    if (this.copiedBytes > MAX_GRAPH_BYTES) {
      throw new ProblemError({
        code: 'graph-too-large',
        message: 'The graph of the model is too large without its weights.',
        file: this.path,
        found: `more than ${MAX_GRAPH_BYTES} bytes that are not weights in raw_data`,
        expected: `at most ${MAX_GRAPH_BYTES} bytes`,
        advice: 'Save the model again with its weights as raw data or external data.',
      })
    }
    into.add(Uint8Array.from(await this.reader.bytes(start, end)))
  }

  /** A message with the weights in it replaced. Small ones are copied without a look into them. */
  async skim(kind: MessageKind, message: WireField, depth: number): Promise<MessageBytes> {
    if (depth > MAX_GRAPH_DEPTH) throw tooDeep(this.path)
    const skimmed = new MessageBytes()
    if (message.end - message.start < MIN_WEIGHT_BYTES) {
      await this.copy(skimmed, message.start, message.end)
      return skimmed
    }
    if (kind === 'tensor') return this.skimTensor(message)
    let copyStart = message.start
    for await (const field of this.reader.fields(message.start, message.end)) {
      const child = CHILDREN[kind][field.number]
      if (child === undefined || field.wireType !== WIRE_TYPE.bytes) continue
      if (field.end - field.start < MIN_WEIGHT_BYTES) continue
      await this.copy(skimmed, copyStart, field.tagStart)
      copyStart = field.end
      const childDepth = child === 'graph' ? depth + 1 : depth
      skimmed.addMessage(field.number, await this.skim(child, field, childDepth))
    }
    await this.copy(skimmed, copyStart, message.end)
    return skimmed
  }

  private async skimTensor(tensor: WireField): Promise<MessageBytes> {
    const skimmed = new MessageBytes()
    const data: WireField[] = []
    let dataType = 0
    let isExternal = false
    for await (const field of this.reader.fields(tensor.start, tensor.end)) {
      if (field.number === TENSOR_FIELD.dataType) dataType = field.value
      if (field.number === TENSOR_FIELD.dataLocation) isExternal = field.value === 1
      const isData =
        field.number === TENSOR_FIELD.rawData ||
        RAW_LIKE.has(field.number) ||
        VARINT_FIELDS.has(field.number)
      if (isData) data.push(field)
      else await this.copy(skimmed, field.tagStart, field.end)
    }
    const weight = data.at(-1)
    // What else there may be beside external data is not looked at by anyone.
    if (isExternal || !weight) return skimmed
    const isRaw =
      weight.number === TENSOR_FIELD.rawData ||
      (data.length === 1 && RAW_LIKE.get(weight.number) === dataType)
    if (isRaw && weight.wireType === WIRE_TYPE.bytes) {
      if (weight.end - weight.start < MIN_WEIGHT_BYTES) {
        await this.copy(skimmed, weight.tagStart, weight.end)
      } else {
        skimmed.add(...externalReference(weight.start, weight.end - weight.start))
      }
      return skimmed
    }
    if (data.length === 1 && VARINT_FIELDS.has(weight.number) && weight.wireType === 2) {
      const packed = new MessageBytes()
      await this.copy(packed, weight.start, weight.end)
      const raw = rawBytesOfVarints(packed.join(), dataType)
      if (raw) {
        skimmed.add(fieldHead(TENSOR_FIELD.rawData, raw.length), raw)
        return skimmed
      }
    }
    for (const field of data) await this.copy(skimmed, field.tagStart, field.end)
    return skimmed
  }
}

function externalReference(offset: number, length: number): Uint8Array[] {
  const entries = {location: OWN_FILE, offset: String(offset), length: String(length)}
  const pieces = Object.entries(entries).flatMap(([key, value]) => {
    const pair = encodeMessage('StringPair', {key, value})
    return [fieldHead(TENSOR_FIELD.externalData, pair.length), pair]
  })
  return [...pieces, varintField(TENSOR_FIELD.dataLocation, 1)]
}
