import {ProblemError} from '../../../shared/domain/problem.ts'
import {NonFiniteLogitError} from '../../../shared/math/distribution.ts'
import {selectTopIds} from '../../../shared/math/partial-selection.ts'
import type {Decoder} from './decoder.ts'
import {scoreTarget} from './target-score.ts'
import {float32Of} from './tensors.ts'
import type {BatchedEvent, BatchJob} from './worker-protocol.ts'

/** What a batch runs on. */
export interface BatchContext {
  readonly decoder: Pick<Decoder, 'canBatch' | 'runTogether'>
  readonly modelId: string
  readonly isCancelled: () => boolean
  readonly emit: (event: BatchedEvent) => void
}

/** Runs sequences of the same length, as many together as may be, and hands over what each run gave. */
export async function runBatch(
  job: BatchJob,
  {decoder, modelId, isCancelled, emit}: BatchContext
): Promise<'completed' | 'cancelled'> {
  const {ids, sequenceCount, logits, rowsInput, positions, added} = job
  const length = ids.length / sequenceCount
  const runCount = added || !decoder.canBatch ? 1 : job.runCount
  const rows = BigInt64Array.from(positions, BigInt)
  const fixed = rowsInput
    ? {[rowsInput]: {type: 'int64' as const, data: rows, dimensions: [rows.length]}}
    : {}
  for (let first = 0; first < sequenceCount; first += runCount) {
    if (isCancelled()) return 'cancelled'
    const end = Math.min(sequenceCount, first + runCount)
    const startedMs = performance.now()
    const outputs = await decoder.runTogether(
      ids.subarray(first * length, end * length),
      end - first,
      [logits],
      {...fixed, ...added?.[first]}
    )
    const elapsedMs = performance.now() - startedMs
    const tensor = outputs[logits]!
    const given = {
      values: float32Of(tensor),
      vocabularySize: tensor.dims.at(-1)!,
      // The graph gives the wanted rows alone, or all of them.
      places: rowsInput ? positions.map((_, i) => i) : positions,
      rowCount: rowsInput ? positions.length : length,
    }
    emit({
      ...{kind: 'batched', firstSequence: first, sequenceCount: end - first, elapsedMs},
      ...readRows(job, given, end - first, modelId),
    })
  }
  return 'completed'
}

interface GivenRows {
  /** [sequence, row, vocabulary]. */
  readonly values: Float32Array
  readonly vocabularySize: number
  readonly rowCount: number
  /** Which rows are the wanted ones. */
  readonly places: readonly number[]
}

function readRows(
  {wanted, positions}: BatchJob,
  {values, vocabularySize, rowCount, places}: GivenRows,
  sequenceCount: number,
  modelId: string
): Pick<BatchedEvent, 'prob' | 'otherProb' | 'margin' | 'logits' | 'tokenIds'> {
  const isScored = wanted.kind === 'targets'
  const score = () => new Float64Array(isScored ? sequenceCount : 0)
  const width =
    wanted.kind === 'rows'
      ? vocabularySize
      : wanted.kind === 'likeliest'
        ? Math.min(wanted.count, vocabularySize)
        : 0
  const logits = new Float32Array(sequenceCount * positions.length * width)
  const tokenIds = new Int32Array(wanted.kind === 'likeliest' ? logits.length : 0)
  const result = {prob: score(), otherProb: score(), margin: score(), logits, tokenIds}
  if (isScored) result.margin.fill(Number.POSITIVE_INFINITY)
  for (let sequence = 0; sequence < sequenceCount; sequence++) {
    places.forEach((place, i) => {
      const start = (sequence * rowCount + place) * vocabularySize
      const row = values.subarray(start, start + vocabularySize)
      const at = (sequence * positions.length + i) * width
      if (wanted.kind === 'targets') {
        const {contrastId, stopK} = wanted
        const target = {tokenId: wanted.tokenIds[i]!, contrastId, stopK}
        const one = finite(modelId, positions[i]!, () => scoreTarget(row, 0, row.length, target))
        result.prob[sequence]! += one.prob / places.length
        result.otherProb[sequence]! += one.otherProb / places.length
        result.margin[sequence] = Math.min(result.margin[sequence]!, one.margin)
      } else if (wanted.kind === 'rows') {
        logits.set(row, at)
      } else {
        const best = selectTopIds(row, width)
        tokenIds.set(best, at)
        best.forEach((id, rank) => {
          logits[at + rank] = row[id]!
        })
      }
    })
  }
  return result
}

function finite<Result>(modelId: string, position: number, compute: () => Result): Result {
  try {
    return compute()
  } catch (error) {
    if (!(error instanceof NonFiniteLogitError)) throw error
    throw new ProblemError({
      code: 'non-finite-logits',
      message: `The model ${modelId} gave a logit that is not a finite number.`,
      field: `position ${position}, token ${error.tokenId}`,
      found: String(error.value),
      expected: 'finite logits',
      advice: 'Try another file of the model: half-precision and quantized ones overflow first.',
    })
  }
}
