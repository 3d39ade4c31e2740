import {float32OfFloat16Bits} from '../../../shared/math/float16.ts'
import type {InstrumentedSessions} from '../runtime/instrumented-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'
import type {CapturedTensor} from '../runtime/worker-protocol.ts'

/** What the file as it is gives for a text in one run. */
export async function plainOutput(
  sessions: InstrumentedSessions,
  model: GraphedModel,
  ids: Int32Array,
  signal?: AbortSignal
): Promise<Float32Array> {
  let output: Float32Array = new Float32Array()
  const job = {ids, outputs: [mainOutput(model)], chunkLength: ids.length}
  await sessions.use(
    {model, name: 'plain', overlay: () => null},
    (session) =>
      session.capture(job, {
        ...(signal ? {signal} : {}),
        onCaptured({tensors}) {
          output = joined(output, numbersOf(tensors[0]!))
        },
      }),
    {signal}
  )
  return output
}

/** The logits, or what the graph gives instead. */
export function mainOutput({structure, files}: GraphedModel): string {
  const {outputs} = files.header
  return (
    structure.head?.logits ?? outputs.find(({name}) => name === 'logits')?.name ?? outputs[0]!.name
  )
}

export function numbersOf({type, data}: CapturedTensor): Float32Array {
  if (data instanceof Float32Array) return data
  if (type === 'float16' && data instanceof Uint16Array) return float32OfFloat16Bits(data)
  return Float32Array.from(data as ArrayLike<number | bigint>, Number)
}

/** What several runs gave, one after another; a vocabulary's rows are too many for a list of numbers. */
export function joined(first: Float32Array, second: Float32Array): Float32Array {
  if (first.length === 0) return second
  const all = new Float32Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return all
}
