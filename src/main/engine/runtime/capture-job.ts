import type {Tensor} from 'onnxruntime-node'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {interventionFeeds} from '../onnx/intervention-feeds.ts'
import type {Decoder} from './decoder.ts'
import {feedable} from './tensors.ts'
import type {
  CapturedData,
  CapturedEvent,
  CapturedTensor,
  CaptureJob,
  FedTensors,
} from './worker-protocol.ts'

/** What a capture runs on. */
export interface CaptureContext {
  readonly decoder: Pick<Decoder, 'canChunk' | 'reset' | 'appendFetching' | 'cacheOutputNames'>
  /** Positions of one run, where the model can be chunked. */
  readonly chunkLength: number
  readonly isCancelled: () => boolean
  readonly emit: (event: CapturedEvent) => void
}

/** Positions [first, end) of a text that one run takes. */
interface Piece {
  readonly first: number
  readonly end: number
}

/**
 * Runs a sequence for what its graph hands out: in chunks through the KV cache where there is one, cut
 * where a plain run is cut, else in one piece. What a run gave is handed over before the next begins, so
 * that no more than one run's outputs are held here.
 */
export async function runCapture(
  job: CaptureJob,
  {decoder, chunkLength, isCancelled, emit}: CaptureContext
): Promise<'completed' | 'cancelled'> {
  const {ids} = job
  const length = decoder.canChunk ? (job.chunkLength ?? chunkLength) : ids.length
  decoder.reset(true)
  try {
    for (let first = 0; first < ids.length; first += length) {
      if (isCancelled()) return 'cancelled'
      const end = Math.min(ids.length, first + length)
      const isLast = end === ids.length
      const wanted = outputsOf(job, {first, end}, isLast)
      const startedMs = performance.now()
      const outputs = await decoder.appendFetching(ids.subarray(first, end), wanted, {
        isLast,
        added: feedsOf(job, first, end - first),
      })
      const elapsedMs = performance.now() - startedMs
      emit({
        kind: 'captured',
        firstPosition: first,
        positionCount: end - first,
        tensors: wanted.flatMap((name) => {
          const tensor = outputs[name]!
          if (name === job.single?.output) return rowOf(job.single, tensor, {first, end})
          // What goes on as the KV cache must not be given away.
          const isShared = !isLast && decoder.cacheOutputNames.has(name)
          return [capturedTensor(name, tensor, isShared)]
        }),
        elapsedMs,
      })
    }
    return 'completed'
  } finally {
    decoder.reset(true)
  }
}

/** A cached run need not hand out what none of its positions is wanted of; the last one has to hand out something. */
function outputsOf(
  {outputs, single}: CaptureJob,
  {first, end}: Piece,
  isLast: boolean
): readonly string[] {
  if (!single || isLast || (single.position >= first && single.position < end)) return outputs
  return outputs.filter((name) => name !== single.output)
}

/** What a run of `length` positions behind `pastCount` is fed besides the text. */
function feedsOf({feeding}: CaptureJob, pastCount: number, length: number): FedTensors {
  if (!feeding) return {}
  const {intervention, inputs, layers, hiddenSize} = feeding
  return interventionFeeds(intervention, inputs, layers, {pastCount, length}, hiddenSize)
}

function capturedTensor(name: string, tensor: Tensor, isShared: boolean): CapturedTensor {
  const data = feedable(tensor).data as CapturedData
  const isOwn = !isShared && data.byteLength === data.buffer.byteLength
  return {name, type: tensor.type, dims: tensor.dims, data: isOwn ? data : data.slice()}
}

/** [1, 1, …] of the position that is wanted, copied out of the run that has it; nothing of any other run. */
function rowOf(
  {output, position}: NonNullable<CaptureJob['single']>,
  tensor: Tensor,
  {first, end}: Piece
): CapturedTensor[] {
  if (position < first || position >= end) return []
  const {dims, type} = tensor
  const data = feedable(tensor).data as CapturedData
  const width = dims.at(-1)!
  const rowCount = data.length / width
  // Some graphs give the last row alone.
  const at = rowCount === 1 && position === end - 1 ? 0 : position - first
  if (rowCount !== end - first && at !== 0) {
    throw new ProblemError({
      code: 'logits-shape',
      message: 'The graph does not give a row for every position.',
      field: output,
      found: `[${dims.join(', ')}] for ${end - first} tokens`,
      expected: 'a row for every token',
      advice: 'Export the model again with the logits of all positions.',
    })
  }
  const row = data.slice(at * width, (at + 1) * width)
  return [{name: output, type, dims: [1, 1, width], data: row}]
}
