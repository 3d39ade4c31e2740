import type {Tensor} from 'onnxruntime-node'
import type {Decoder} from './decoder.ts'
import {feedable} from './tensors.ts'
import type {CapturedData, CapturedEvent, CapturedTensor, CaptureJob} from './worker-protocol.ts'

/** What a capture runs on. */
export interface CaptureContext {
  readonly decoder: Pick<Decoder, 'canChunk' | 'reset' | 'appendFetching' | 'cacheOutputNames'>
  /** Positions of one run, where the model can be chunked. */
  readonly chunkLength: number
  readonly isCancelled: () => boolean
  readonly emit: (event: CapturedEvent) => void
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
    for (let first = 0, run = 0; first < ids.length; first += length, run++) {
      if (isCancelled()) return 'cancelled'
      const end = Math.min(ids.length, first + length)
      const isLast = end === ids.length
      const startedMs = performance.now()
      const outputs = await decoder.appendFetching(ids.subarray(first, end), job.outputs, {
        isLast,
        added: job.feeds?.[run] ?? {},
      })
      const elapsedMs = performance.now() - startedMs
      emit({
        kind: 'captured',
        firstPosition: first,
        positionCount: end - first,
        // What goes on as the KV cache must not be given away.
        tensors: job.outputs.map((name) =>
          capturedTensor(name, outputs[name]!, !isLast && decoder.cacheOutputNames.has(name))
        ),
        elapsedMs,
      })
    }
    return 'completed'
  } finally {
    decoder.reset(true)
  }
}

function capturedTensor(name: string, tensor: Tensor, isShared: boolean): CapturedTensor {
  const data = feedable(tensor).data as CapturedData
  const isOwn = !isShared && data.byteLength === data.buffer.byteLength
  return {name, type: tensor.type, dims: tensor.dims, data: isOwn ? data : data.slice()}
}
