import {spawnSync} from 'node:child_process'
import {mkdtemp, open, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {buildTinyDecoder} from '../fixtures/tiny-decoder.ts'
import {TINY_DECODER_SHAPE} from '../fixtures/tiny-models.ts'
import {decodeMessage, encodeMessage, type OnnxModel} from '../src/main/engine/onnx/schema.ts'
import {fieldHead} from '../src/main/engine/onnx/wire-writer.ts'
import type {GraphCost} from './graph-probe.ts'
import {median, type Ratio} from './measure.ts'

const MIB = 2 ** 20
const TURNS = 3
const GOAL_SECONDS = 2
const GOAL_MIB = 200

/**
 * Reading, editing and encoding the graph of models as large as one file may be, and larger, against
 * protobufjs decoding a whole file and encoding it again, which it can do of a smaller one (most of that
 * time goes into encoding, which copies a weight once for each message around it). Weights are holes in
 * sparse files: ours does not read them.
 */
export async function benchGraph(): Promise<Ratio[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tokenscope-bench-'))
  try {
    const small = join(folder, 'small.onnx')
    const single = join(folder, 'single.onnx')
    const external = join(folder, 'external.onnx')
    await writeSingleFile(small, 256 * MIB)
    await writeSingleFile(single, 2040 * MIB)
    await writeExternal(external, 4096 * MIB)
    const files = [
      ['256 MB in one file', small],
      ['2 GB in one file; bare 256 MB', single],
      ['4 GB of external data; bare 256 MB', external],
    ] as const
    const bare: GraphCost[] = []
    const ours: GraphCost[][] = files.map(() => [])
    for (let turn = 0; turn < TURNS; turn++) {
      bare.push(costOf(small, 'bare'))
      for (const [index, [, path]] of files.entries()) ours[index]?.push(costOf(path, 'ours'))
    }
    return files.flatMap(([what], index) => ratiosOf(what, ours[index] as GraphCost[], bare))
  } finally {
    await rm(folder, {recursive: true})
  }
}

function ratiosOf(
  what: string,
  oursCosts: readonly GraphCost[],
  bareCosts: readonly GraphCost[]
): Ratio[] {
  const seconds = (costs: readonly GraphCost[]) => median(costs.map(({ms}) => ms / 1000))
  const mebibytes = (costs: readonly GraphCost[]) =>
    median(costs.map(({residentBytes}) => residentBytes / MIB))
  const row = (name: string, unit: string, ours: number, bare: number, limit: number): Ratio => ({
    bench: 'graph',
    what: `${name}: ${what}`,
    ours,
    bare,
    unit,
    ratio: ours / bare,
    goal: `under ${limit} ${unit}`,
    isMet: ours < limit,
  })
  return [
    row('read, edit, encode', 's', seconds(oursCosts), seconds(bareCosts), GOAL_SECONDS),
    row('memory for it', 'MiB', mebibytes(oursCosts), mebibytes(bareCosts), GOAL_MIB),
  ]
}

function costOf(path: string, way: 'ours' | 'bare'): GraphCost {
  const root = join(import.meta.dirname, '..')
  const {status, stdout} = spawnSync(
    process.execPath,
    ['--expose-gc', 'scripts/run-ts.mjs', 'bench/graph-probe.ts', path, way],
    {cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']}
  )
  if (status !== 0) throw new Error(`the probe of ${way} failed`)
  return JSON.parse(stdout)
}

/** The graph of a decoder of 32 layers, its matrices grown until they have that many bytes. */
function largeModel(weightBytes: number): OnnxModel {
  const bytes = buildTinyDecoder(
    {...TINY_DECODER_SHAPE, layerCount: 32},
    {hasKvCache: true, seed: 1}
  )
  const model = decodeMessage('Model', bytes)
  const matrices = model.graph.initializer.filter((tensor) => (tensor.rawData?.length ?? 0) >= 1024)
  const rowCount = Math.floor(weightBytes / matrices.length / 4096)
  for (const tensor of matrices) {
    tensor.dims = [rowCount, 1024]
    delete tensor.rawData
  }
  return model
}
const isMatrix = (tensor: OnnxModel['graph']['initializer'][number]) =>
  tensor.dims?.[1] === 1024 && !tensor.rawData?.length
const byteLengthOf = (tensor: OnnxModel['graph']['initializer'][number]) =>
  Number(tensor.dims?.[0]) * 4096

async function writeExternal(path: string, weightBytes: number): Promise<void> {
  const model = largeModel(weightBytes)
  let offset = 0
  for (const tensor of model.graph.initializer.filter(isMatrix)) {
    const length = byteLengthOf(tensor)
    tensor.externalData = [
      {key: 'location', value: 'weights.bin'},
      {key: 'offset', value: String(offset)},
      {key: 'length', value: String(length)},
    ]
    tensor.dataLocation = 1
    offset += length
  }
  await writeFile(path, encodeMessage('Model', model))
  const handle = await open(join(path, '../weights.bin'), 'w')
  await handle.truncate(offset)
  await handle.close()
}

/** Bytes to write, or a hole of so many. */
type Piece = Uint8Array | number
const lengthOf = (piece: Piece) => (typeof piece === 'number' ? piece : piece.length)

async function writeSingleFile(path: string, weightBytes: number): Promise<void> {
  const model = largeModel(weightBytes)
  const matrices = model.graph.initializer.filter(isMatrix)
  model.graph.initializer = model.graph.initializer.filter((tensor) => !isMatrix(tensor))
  const pieces: Piece[] = [encodeMessage('Graph', model.graph)]
  for (const tensor of matrices) {
    const length = byteLengthOf(tensor)
    const head = encodeMessage('Tensor', tensor)
    const rawHead = fieldHead(9, length)
    pieces.push(fieldHead(5, head.length + rawHead.length + length), head, rawHead, length)
  }
  const graphLength = pieces.reduce<number>((sum, piece) => sum + lengthOf(piece), 0)
  const version = Uint8Array.of(8, 8)
  const opset = encodeMessage('OperatorSet', {domain: '', version: 17})
  pieces.unshift(version, fieldHead(7, graphLength))
  pieces.push(fieldHead(8, opset.length), opset)
  const handle = await open(path, 'w')
  let position = 0
  for (const piece of pieces) {
    if (typeof piece !== 'number') await handle.write(piece, 0, piece.length, position)
    position += lengthOf(piece)
  }
  await handle.close()
}
