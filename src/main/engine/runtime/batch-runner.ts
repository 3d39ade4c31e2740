import {ProblemError} from '../../../shared/domain/problem.ts'
import {prepareCopy} from '../onnx/graph-copy.ts'
import {interventionFeeds} from '../onnx/intervention-feeds.ts'
import type {InterventionGraph} from '../onnx/intervention-graph.ts'
import {keepNeededRows} from '../onnx/needed-rows.ts'
import {encodeOverlay} from '../onnx/overlay.ts'
import type {ModelGraph} from '../onnx/structure.ts'
import type {Instrument, InstrumentedSessions, UseOptions} from './instrumented-sessions.ts'
import type {GraphedModel} from './model-graphs.ts'
import type {BatchedEvent, BatchJob, FedTensors} from './worker-protocol.ts'

/** A graph of a model that takes an intervention, and what feeds it. */
export interface EditedForBatches {
  /** Two edits of a model with the same name are the same graph. */
  readonly name: string
  readonly graph: InterventionGraph
  readonly layers: Parameters<typeof interventionFeeds>[2]
  readonly hiddenSize: number
}

export type BatchWork = Pick<BatchJob, 'positions' | 'wanted' | 'added'> & {
  /** All of the same length. */
  readonly sequences: readonly Int32Array[]
}

/** Sequences of one run at most: more gain nothing, since a run of many tokens costs what they cost. */
const MOST_TOGETHER = 32

/**
 * Runs batches of sequences on one model, with the head computed for the wanted positions alone where its graph lets
 * itself be cut there, else for all.
 */
export class BatchRunner {
  /** Sequences that were run, and their tokens. */
  sequenceCount = 0
  tokenCount = 0
  private readonly isCut: boolean
  private setup: {instrument: Instrument; logits: string; rowsInput: string | null} | null = null

  constructor(
    private readonly sessions: InstrumentedSessions,
    private readonly model: GraphedModel,
    private readonly edited: EditedForBatches | null = null,
    {isCut = true} = {}
  ) {
    this.isCut = isCut
  }

  /** Runs the sequences in order; `onBatched` is given what each run gave. Aborted, it rejects at once. */
  async run(
    {sequences, positions, wanted, added}: BatchWork,
    options: UseOptions & {readonly onBatched: (event: BatchedEvent) => void}
  ): Promise<void> {
    const [first] = sequences
    if (!first) return
    const ids = new Int32Array(sequences.length * first.length)
    for (const [i, sequence] of sequences.entries()) ids.set(sequence, i * first.length)
    const runCount = Math.floor(this.sessions.chunkLengthOf(this.model) / first.length)
    const perform = ({instrument, logits, rowsInput}: NonNullable<typeof this.setup>) =>
      this.sessions.use(
        instrument,
        (session) =>
          session.batch(
            {
              ...{ids, positions, wanted, logits, rowsInput, sequenceCount: sequences.length},
              runCount: Math.min(MOST_TOGETHER, Math.max(1, runCount)),
              ...(added && {added}),
            },
            {
              ...(options.signal ? {signal: options.signal} : {}),
              onBatched: options.onBatched,
            }
          ),
        options
      )
    const {edited, model} = this
    if (!this.setup) await prepareCopy(edited?.graph.graph ?? model.graph, options.signal)
    try {
      this.setup ??= this.setupFor(this.isCut)
      await perform(this.setup)
    } catch (error) {
      // A head that counts positions by itself cannot be cut, which shows when it is tried.
      if (this.setup?.rowsInput === null || !isRefusal(error)) throw error
      this.setup = this.setupFor(false)
      await perform(this.setup)
    }
    this.sequenceCount += sequences.length
    this.tokenCount += ids.length
  }

  private setupFor(isCut: boolean): NonNullable<typeof this.setup> {
    const {model, edited} = this
    const whole: ModelGraph = edited?.graph.graph ?? model.graph
    const cut = isCut ? keepNeededRows(whole, model.structure) : null
    const graph = cut?.graph ?? whole
    // The file itself serves where nothing was changed, and its graph is the one that is wanted.
    const isPlain = !cut && !edited && !model.isMerged
    return {
      rowsInput: cut?.rows ?? null,
      logits: cut?.logits ?? model.structure.head?.logits ?? 'logits',
      instrument: {
        model,
        name: `batches ${cut ? 'cut' : 'whole'} ${edited?.name ?? ''}`,
        overlay: () => (isPlain ? null : encodeOverlay(graph)),
        checkFeeds: {
          ...(edited ? checkFeedsOf(edited) : {}),
          ...(cut ? {[cut.rows]: LAST_OF_TWO} : {}),
        },
      },
    }
  }
}

/** The check runs two tokens. */
const LAST_OF_TWO = {type: 'int64', data: BigInt64Array.of(1n), dimensions: [1]} as const

function checkFeedsOf({graph, layers, hiddenSize}: EditedForBatches): FedTensors {
  return interventionFeeds({}, graph.inputs, layers, {pastCount: 0, length: 2}, hiddenSize)
}

function isRefusal(error: unknown): boolean {
  return error instanceof ProblemError && error.problem.code === 'runtime-refused-model'
}
