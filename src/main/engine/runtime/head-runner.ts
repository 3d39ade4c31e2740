import {type InferenceSession, Tensor} from 'onnxruntime-node'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {openSession} from './open-session.ts'
import {
  float32Of,
  type InputMetadata,
  wholeNumberArray,
  wholeNumberTensor,
  writeWholeNumbers,
} from './tensors.ts'
import type {HeadJob, HeadSpec, SessionSpec} from './worker-protocol.ts'

/** A model's final norm and output head by themselves: states of the residual stream to logits. */
export class HeadRunner {
  private constructor(
    private readonly session: InferenceSession,
    private readonly head: HeadSpec,
    private readonly others: readonly InputMetadata[]
  ) {}

  /** Throws whatever the runtime throws for a graph that it refuses. */
  static async create(spec: SessionSpec, head: HeadSpec): Promise<HeadRunner> {
    const session = await openSession(spec)
    const others = session.inputMetadata.flatMap((input): InputMetadata[] => {
      if (!input.isTensor) throw new Error(`input ${input.name} is no tensor`)
      return input.name === head.residual ? [] : [input]
    })
    return new HeadRunner(session, head, others)
  }

  /**
   * Logits of states, `rowCount` × vocabulary. They go through the head together unless the head makes
   * rows depend on one another, or gives the logits of the last one alone.
   */
  async run({states, rowCount}: HeadJob): Promise<Float32Array> {
    const hiddenSize = states.length / rowCount
    if (!this.head.isRowByRow) {
      const {logits, givenCount} = await this.runRows(states, rowCount)
      if (givenCount === rowCount) return logits
    }
    const rows: Float32Array[] = []
    for (let row = 0; row < rowCount; row++) {
      const state = states.subarray(row * hiddenSize, (row + 1) * hiddenSize)
      rows.push((await this.runRows(state, 1)).logits)
    }
    const vocabularySize = rows[0]?.length ?? 0
    const joined = new Float32Array(rowCount * vocabularySize)
    for (const [row, logits] of rows.entries()) joined.set(logits, row * vocabularySize)
    return joined
  }

  async release(): Promise<void> {
    await this.session.release()
  }

  private async runRows(
    states: Float32Array,
    rowCount: number
  ): Promise<{logits: Float32Array; givenCount: number}> {
    const {head} = this
    const hiddenSize = states.length / rowCount
    const dims = head.layout === 'flat-hidden' ? [rowCount, hiddenSize] : [1, rowCount, hiddenSize]
    const feeds: Record<string, Tensor> = {[head.residual]: new Tensor('float32', states, dims)}
    for (const input of this.others) feeds[input.name] = otherFeed(input, rowCount)
    const outputs = await this.session.run(feeds, [head.logits])
    const tensor = outputs[head.logits]!
    const logits = float32Of(tensor)
    return {logits, givenCount: logits.length / (tensor.dims.at(-1) ?? 1)}
  }
}

/** What a head may read besides states: how many positions there are, and of how many logits are wanted. */
function otherFeed({name, type, shape}: InputMetadata, rowCount: number): Tensor {
  if (shape.length > 2 || !['int64', 'int32', 'bool'].includes(type)) throw unknownInput(name)
  // Without an axis of positions it is a number or a switch, and 0 is all logits, or no cache.
  if (shape.length === 0 || /num_logits|use_cache/.test(name)) {
    return wholeNumberTensor(type, wholeNumberArray(type, 1), shape.length === 0 ? [] : [1])
  }
  const array = wholeNumberArray(type, rowCount)
  if (/mask/.test(name)) writeWholeNumbers(array, new Uint8Array(rowCount).fill(1))
  return wholeNumberTensor(type, array, shape.length === 1 ? [rowCount] : [1, rowCount])
}

function unknownInput(name: string): ProblemError {
  return new ProblemError({
    code: 'unsupported-input',
    message: 'The output head of this graph wants an input that is not known here.',
    field: name,
    found: name,
    expected: 'states of the residual stream, token ids and a mask',
    advice: 'Use the other views: they do not need the head by itself.',
  })
}
