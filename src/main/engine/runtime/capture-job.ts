import type {Tensor} from 'onnxruntime-node'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {interventionFeeds} from '../onnx/intervention-feeds.ts'
import type {CacheMark, Decoder} from './decoder.ts'
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
  readonly decoder: Pick<
    Decoder,
    'canChunk' | 'reset' | 'mark' | 'return' | 'appendFetching' | 'cacheOutputNames'
  >
  /** What an earlier capture left. */
  readonly held: HeldCapture | null
  /** Positions of one run, where the model can be chunked. */
  readonly chunkLength: number
  readonly isCancelled: () => boolean
  readonly emit: (event: CapturedEvent) => void
}

/** A text that was captured, with the KV cache after it. */
export interface HeldCapture {
  readonly ids: Int32Array
  readonly mark: CacheMark
}

/** Positions [first, end) of a text that one run takes. */
interface Piece {
  readonly first: number
  readonly end: number
}

/**
 * Runs a sequence for what its graph hands out: in chunks through the KV cache where there is one, cut
 * where a plain run is cut, else in one piece. What a run gave is handed over before the next begins, so
 * that no more than one run's outputs are held here. It goes on after a capture that left its cache, where
 * who asks has what that gave.
 */
export async function runCapture(
  job: CaptureJob,
  {decoder, chunkLength, held, isCancelled, emit}: CaptureContext
): Promise<{status: 'completed' | 'cancelled'; held: HeldCapture | null}> {
  const {ids} = job
  const length = decoder.canChunk ? (job.chunkLength ?? chunkLength) : ids.length
  const keepsCache = (job.keepsCache ?? false) && decoder.canChunk
  decoder.reset(true)
  const begin = held && goesOn(held, job) ? held.mark.count : 0
  if (begin > 0) decoder.return(held!.mark)
  try {
    for (let first = begin; first < ids.length; first += length) {
      if (isCancelled()) return {status: 'cancelled', held: null}
      const end = Math.min(ids.length, first + length)
      const isLast = end === ids.length && !keepsCache
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
    return {status: 'completed', held: keepsCache ? {ids, mark: decoder.mark()} : null}
  } finally {
    decoder.reset(true)
  }
}

/** Whether a capture is of a longer text, of which who asks has exactly what is held. */
function goesOn({ids, mark}: HeldCapture, job: CaptureJob): boolean {
  if (mark.count !== job.knownCount || mark.count >= job.ids.length) return false
  return ids.every((id, position) => id === job.ids[position])
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
function feedsOf({feeding, fed = {}}: CaptureJob, pastCount: number, length: number): FedTensors {
  if (!feeding) return fed
  const {intervention, inputs, layers, hiddenSize} = feeding
  const extent = {pastCount, length}
  return {...fed, ...interventionFeeds(intervention, inputs, layers, extent, hiddenSize)}
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
