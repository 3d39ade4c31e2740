import {InferenceSession} from 'onnxruntime-node'
import type {SessionSpec} from './worker-protocol.ts'

/** Opens a file, or an edited graph over its weights, on the CPU. */
export function openSession(spec: SessionSpec): Promise<InferenceSession> {
  const {overlay} = spec
  const options: InferenceSession.SessionOptions = {
    graphOptimizationLevel: spec.optimization ?? 'all',
    intraOpNumThreads: spec.threads,
    interOpNumThreads: 1,
    extra: {
      session: {
        // Threads that spin between runs take a core from the coordinator and the page.
        intra_op: {allow_spinning: '0'},
        ...(overlay ? {model_external_initializers_file_folder_path: overlay.folder} : {}),
      },
    },
    logSeverityLevel: 3,
  }
  return overlay
    ? InferenceSession.create(overlay.bytes, options)
    : InferenceSession.create(spec.filePath, options)
}
