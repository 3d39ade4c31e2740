import {realpath} from 'node:fs/promises'
import {setImmediate as nextTurn} from 'node:timers/promises'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {requireSoundGraph, tooDeep} from './check-graph.ts'
import {externalNumber, locateExternalFile} from './external-data.ts'
import {
  checkFirstBytes,
  DOWNLOAD_ADVICE,
  modelFileProblem,
  notOnnx,
  openModelFile,
} from './model-file.ts'
import {decodeMessage, numberOfInt64, type OnnxModel, type OnnxTensor} from './schema.ts'
import {OWN_FILE, skimWeights} from './skim-weights.ts'
import type {ModelGraph} from './structure.ts'
import {tensorByteLength} from './tensor-bytes.ts'
import {externalRangeOf, setExternalRange, tensorsOf} from './walk-graph.ts'
import {WireReader} from './wire.ts'

/**
 * A model's graph with its weights as file ranges, whatever their size: see {@link ModelGraph}.
 * Unknown fields, functions and metadata are kept, so that what is not edited comes out as it was.
 * Throws a Problem on a file that is missing, cut short, damaged or no ONNX; on data files that are
 * missing, too short or outside the model's folder; and on a graph that cannot be right (a cycle, a name
 * produced twice or never, graphs nested too deeply, an operator set that is unknown).
 */
export async function readModelGraph(path: string): Promise<ModelGraph> {
  const handle = await openModelFile(path)
  try {
    const {size} = await handle.stat()
    await checkFirstBytes(path, handle, size)
    // Each step of a graph of 100,000 nodes has a turn of its own, so that the thread answers between them.
    const bytes = await skimWeights(path, new WireReader(handle, size))
    await nextTurn()
    const graph = {path: await realpath(path), model: decodeModel(path, bytes)}
    await nextTurn()
    await locateWeights(path, graph, size)
    await nextTurn()
    requireSoundGraph(graph)
    return graph
  } finally {
    await handle.close()
  }
}

function decodeModel(path: string, bytes: Uint8Array): OnnxModel {
  if (bytes.length === 0) throw notOnnx(path, 'no graph')
  let model: OnnxModel
  try {
    model = decodeMessage('Model', bytes)
  } catch (error) {
    if ((error as Error).message === 'max depth exceeded') throw tooDeep(path)
    // Whatever protobufjs cannot decode: lengths that lie, wire types that are none, too deep a nest.
    throw damaged(path, `a graph that does not decode (${(error as Error).message})`)
  }
  if (!model.graph) throw notOnnx(path, 'no graph')
  return model
}

function damaged(path: string, found: string, field?: string): ProblemError {
  const problem = {
    code: 'model-damaged',
    message: 'The model file is damaged.',
    file: path,
    found,
    expected: 'an ONNX graph',
    advice: DOWNLOAD_ADVICE,
  }
  return new ProblemError(field === undefined ? problem : {...problem, field})
}

/** Gives every external tensor the real path, offset and length of its data, and checks that it is there. */
async function locateWeights(path: string, graph: ModelGraph, size: number): Promise<void> {
  const files = new Map<string, {path: string; byteLength: number}>()
  files.set(OWN_FILE, {path: graph.path, byteLength: size})
  for (const tensor of tensorsOf(graph.model)) {
    const expectedBytes = checkedByteLength(path, tensor)
    const range = externalRangeOf(tensor)
    if (!range) continue
    requireWholeBytes(path, tensor)
    let file = files.get(range.location)
    if (!file) {
      file = await locateExternalFile(path, range.location)
      files.set(range.location, file)
    }
    const byteLength = range.byteLength ?? expectedBytes
    const {offset} = range
    if (byteLength === null) throw unknownLength(path, tensor)
    if (expectedBytes !== null && byteLength !== expectedBytes) {
      throw damaged(
        path,
        `${byteLength} bytes of data where type and dimensions need ${expectedBytes}`,
        tensor.name
      )
    }
    if (offset + byteLength > file.byteLength) {
      throw modelFileProblem(
        file.path,
        'external-data-truncated',
        'A data file of the model is cut short.',
        {
          found: `${file.byteLength} bytes`,
          expected: `at least ${offset + byteLength} bytes, for ${tensor.name ?? 'a tensor'}`,
          advice: 'Download the data file again.',
        }
      )
    }
    setExternalRange(tensor, {location: file.path, offset, byteLength})
  }
}

function unknownLength(path: string, {name, dataType}: OnnxTensor): ProblemError {
  return new ProblemError({
    code: 'external-range-invalid',
    message: 'The model does not say how long one of its weights is.',
    file: path,
    field: `external data of ${name || 'a tensor'}`,
    found: `no length, and element type ${dataType ?? 0}`,
    expected: 'a length in bytes, or an element type of a known size',
    advice: 'Export the model again.',
  })
}

/** Throws a Problem on an offset or a length that is no whole number of bytes. */
function requireWholeBytes(path: string, {name = '', externalData = []}: OnnxTensor): void {
  for (const {key, value = ''} of externalData) {
    if (key === 'offset' || key === 'length') externalNumber(path, name, key, value)
  }
}

/** Bytes that a tensor's type and dimensions ask for; null where they do not tell. */
function checkedByteLength(path: string, tensor: OnnxTensor): number | null {
  let dimensions: number[]
  try {
    dimensions = (tensor.dims ?? []).map(numberOfInt64)
  } catch (error) {
    throw damaged(path, (error as Error).message, tensor.name)
  }
  const negative = dimensions.find((length) => length < 0)
  if (negative !== undefined) throw damaged(path, `a dimension of ${negative}`, tensor.name)
  const expected = tensorByteLength(tensor.dataType, dimensions)
  if (expected !== null && !Number.isSafeInteger(expected)) {
    const shape = dimensions.join(' × ')
    throw damaged(path, `dimensions of ${shape}, more bytes than can be counted`, tensor.name)
  }
  const found = tensor.rawData?.length
  // A tensor without any data field is written by some exporters for one without elements.
  if (expected !== null && found !== undefined && found > 0 && found !== expected) {
    throw damaged(
      path,
      `${found} bytes of data where type and dimensions need ${expected}`,
      tensor.name
    )
  }
  return expected
}
