import {InferenceSession, Tensor} from 'onnxruntime-node'
import {feedable} from './tensors.ts'

/** A model for onnxruntime: a file, or bytes with the folder that external data is under. */
export type TestModel = string | {readonly bytes: Uint8Array; readonly folder: string}
export type TestFeeds = Readonly<
  Record<string, readonly [dtype: Tensor.Type, dims: readonly number[], values: readonly number[]]>
>

/** Opens a model as tests compare it: one thread, and optimized no further than stays bit-equal. */
export async function openSession(model: TestModel): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    graphOptimizationLevel: 'basic',
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  }
  if (typeof model === 'string') return InferenceSession.create(model, options)
  return InferenceSession.create(model.bytes, {
    ...options,
    extra: {'session.model_external_initializers_file_folder_path': model.folder},
  })
}

/** All outputs of one run on plain onnxruntime, through nothing of this project. */
export async function runOnce(
  model: TestModel,
  feeds: TestFeeds
): Promise<Readonly<Record<string, Tensor>>> {
  const session = await openSession(model)
  try {
    const tensors = Object.entries(feeds).map(
      ([name, [dtype, dims, values]]) => [name, tensorOf(dtype, dims, values)] as const
    )
    return await session.run(Object.fromEntries(tensors))
  } finally {
    await session.release()
  }
}

export type TestSession = InferenceSession
export type TestOutputs = Readonly<Record<string, Tensor>>
/** A tensor to be fed, as its bits. */
export interface TestFeed {
  readonly type: string
  readonly data: unknown
  readonly dimensions: readonly number[]
}

/** One run of an open session. float16 is fed and comes back as its bits. */
export async function runFeeds(
  session: InferenceSession,
  feeds: Readonly<Record<string, TestFeed>>
): Promise<TestOutputs> {
  const tensors = Object.entries(feeds).map(
    ([name, {type, data, dimensions}]) =>
      [name, feedable(new Tensor(type as 'float32', data as Float32Array, dimensions))] as const
  )
  const outputs = await session.run(Object.fromEntries(tensors))
  for (const tensor of Object.values(outputs)) feedable(tensor)
  return outputs
}

function tensorOf(dtype: Tensor.Type, dims: readonly number[], values: readonly number[]): Tensor {
  if (dtype === 'int64') return new Tensor(dtype, BigInt64Array.from(values, BigInt), [...dims])
  if (dtype === 'bool') return new Tensor(dtype, Uint8Array.from(values), [...dims])
  if (dtype === 'int32') return new Tensor(dtype, Int32Array.from(values), [...dims])
  if (dtype === 'float32') return new Tensor(dtype, Float32Array.from(values), [...dims])
  throw new RangeError(`no test feeds of type ${dtype}`)
}
