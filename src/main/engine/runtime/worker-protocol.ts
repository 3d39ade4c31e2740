import type {Problem} from '../../../shared/domain/problem.ts'
import type {Sampling, StatisticsColumns, StopReason} from '../../../shared/lenses/tokens.ts'
import type {GraphRoles} from '../model-folder/model-folder.ts'
import type {InterventionFeeding} from '../onnx/intervention-feeds.ts'

/** What a session worker needs to hold one model. */
export interface SessionSpec {
  readonly modelId: string
  readonly filePath: string
  /** What the graph's inputs and outputs are for; absent, their names have to say it. */
  readonly roles?: GraphRoles
  readonly keyValueHeadCount: number
  readonly headSize: number
  readonly contextLength: number
  readonly threads: number
  /** Positions of one prefill run; see `chunkLengthFor`. */
  readonly chunkLength: number
  /** Two ids that the model is tried on once it is there. */
  readonly checkIds: readonly number[]
  /**
   * An edited graph that is run in place of the file's own, its weights in files under `folder`; absent
   * runs the file.
   */
  readonly overlay?: {readonly bytes: Uint8Array; readonly folder: string}
  /**
   * How far the runtime rewrites the graph, `all` unless stated: `basic` is what keeps the logits of an
   * instrumented run those of a plain one.
   */
  readonly optimization?: 'basic' | 'all'
  /**
   * Inputs that were added to the graph, with what the check of two ids is to feed them; every capture then
   * feeds its own.
   */
  readonly checkFeeds?: FedTensors
  /** Off: a graph without logits is welcome, since only captures are wanted of it. */
  readonly needsLogits?: boolean
  /** The graph is a model's output head by itself: it runs states of the residual stream, not tokens. */
  readonly head?: HeadSpec
  /** The session runs many texts at once; see `BranchJob`. */
  readonly branch?: BranchSpec
}

/** How a graph runs many texts that begin alike. */
export interface BranchSpec {
  /** Inputs that were added for a tree mask; null where each text is a row of a batch instead. */
  readonly sharedBias: string | null
  readonly positionShift: string | null
  /** By an input of the cache, the output that gives what a run adds to it and no more; where there is none, all of it is given. */
  readonly newRows: Readonly<Record<string, string>>
  /** What the cached rows of all branches may take; those that nobody asks for give way. */
  readonly maxCacheBytes: number
  /** Rows of one sequence under a tree mask: as many places as the model has. */
  readonly maxRowCount: number
}

/** Texts whose next-token logits are wanted. */
export interface BranchJob {
  /** What they all begin with. */
  readonly prefix: Int32Array
  /** What follows it in each. */
  readonly paths: readonly Int32Array[]
  /** Only what these paths need is kept of the cache, before anything is run. */
  readonly retain?: readonly Int32Array[]
}

/** The logits after each text, paths × vocabulary, and what they took. */
export interface BranchAnswer {
  readonly logits: Float32Array
  /** Runs of the model, and tokens that they took together. */
  readonly runCount: number
  readonly rowCount: number
  readonly elapsedMs: number
}

/** How the graph of an output head is fed. */
export interface HeadSpec {
  /** The input that takes the states. */
  readonly residual: string
  readonly layout: 'batch-position-hidden' | 'flat-hidden'
  readonly logits: string
  /** States that are run together would change one another's rounding, so each is run alone. */
  readonly isRowByRow: boolean
}

/** States of the residual stream whose logits are wanted. */
export interface HeadJob {
  /** rowCount × hidden. */
  readonly states: Float32Array
  readonly rowCount: number
}

/** Numbers for an input that was added to a graph. */
export interface FedTensor {
  readonly type: 'float32' | 'int64'
  readonly data: Float32Array | BigInt64Array
  readonly dimensions: readonly number[]
}
/** By the names of the inputs. */
export type FedTensors = Readonly<Record<string, FedTensor>>

/** What the session says about itself once it is there. */
export interface SessionFacts {
  readonly hasKvCache: boolean
  /** Positions of one prefill run; the whole sequence where the model cannot be chunked. */
  readonly chunkLength: number
  /** Width of the logits, as a run on two tokens gave it; 0 where there are none. */
  readonly vocabularySize: number
}

/** A sequence to be run, scored and continued. Position i's row is what the model predicts after i. */
export interface RunJob {
  readonly ids: Int32Array
  /**
   * Rows before this position are known to who asks. The worker begins there or earlier, wherever it
   * can when the job's turn comes, and says where: see `StartedEvent`.
   */
  readonly knownCount: number
  /** Off: every run takes the whole sequence. */
  readonly useKvCache: boolean
  /** Rows are handed over, not only what is computed from them. */
  readonly keepLogits: boolean
  /** Ids whose total probability is `endProb`. */
  readonly endIds: readonly number[]
  readonly trackIds: readonly number[]
  /** Where rows are not kept: the position whose row is wanted besides the last one. */
  readonly rowPosition: number | null
  /** Each a list of ids whose probability after the prompt is wanted, apart from what is generated. */
  readonly answers: readonly Int32Array[]
  readonly generation: GenerationSpec | null
}

/** A sequence to be run for what its graph hands out besides logits. */
export interface CaptureJob {
  readonly ids: Int32Array
  /** Graph outputs that every run hands over. */
  readonly outputs: readonly string[]
  /** Positions of one run, where another cut than a plain run's is wanted. */
  readonly chunkLength?: number
  /** What is fed to inputs that were added to the graph: made run by run, so that one run's are there at once. */
  readonly feeding?: InterventionFeeding
  /** What inputs are fed instead of what they are fed otherwise, at every run. */
  readonly fed?: FedTensors
  /** An output [batch, position, …] of which one position is wanted: no other run hands over any of it. */
  readonly single?: {readonly output: string; readonly position: number}
  /**
   * Positions that who asks has what was handed over of. The worker begins after exactly these where it holds
   * the cache of them, else at 0: the first event says where.
   */
  readonly knownCount?: number
  /** The KV cache is held afterwards, for a capture of the same text that goes on. */
  readonly keepsCache?: boolean
}

/** Sequences of the same length, to be run from their start for what follows some of their positions. */
export interface BatchJob {
  /** One sequence after another. */
  readonly ids: Int32Array
  readonly sequenceCount: number
  /** Sequences of one run at most; a model without an axis for them runs one at a time. */
  readonly runCount: number
  /** The output that holds logits [sequence, position, vocabulary]. */
  readonly logits: string
  /** An input that was added to say of which positions the graph computes logits; null gives all. */
  readonly rowsInput: string | null
  /** Positions whose rows are wanted, the same ones of every sequence. */
  readonly positions: readonly number[]
  readonly wanted: BatchWish
  /** What each sequence feeds to inputs that were added to the graph; each then runs by itself. */
  readonly added?: readonly FedTensors[]
}
export type BatchWish =
  /** How likely a target is, one token a position: see `TargetScores` of the attribution. */
  | {
      readonly kind: 'targets'
      readonly tokenIds: readonly number[]
      readonly contrastId: number | null
      readonly stopK: number
    }
  /** The rows themselves. */
  | {readonly kind: 'rows'}
  /** The likeliest tokens after each position. */
  | {readonly kind: 'likeliest'; readonly count: number}

/** What one run of a batch gave, of `sequenceCount` sequences from the `firstSequence`th on. */
export interface BatchedEvent {
  readonly kind: 'batched'
  readonly firstSequence: number
  readonly sequenceCount: number
  /** One entry a sequence; empty where no targets are wanted. */
  readonly prob: Float64Array
  readonly otherProb: Float64Array
  readonly margin: Float64Array
  /** [sequence, position, vocabulary], of `rows`; [sequence, position, count], of `likeliest`; else empty. */
  readonly logits: Float32Array
  /** Whose logits those are; empty of `rows`. */
  readonly tokenIds: Int32Array
  readonly elapsedMs: number
}

/** One output of one run. Its buffer is its own. */
export interface CapturedTensor {
  readonly name: string
  /** Element type as the runtime names it; float16 is given as its bits. */
  readonly type: string
  readonly dims: readonly number[]
  readonly data: CapturedData
}
export type CapturedData =
  | Float32Array
  | Float64Array
  | Uint16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Int8Array

/** What one run of a capture handed over. */
export interface CapturedEvent {
  readonly kind: 'captured'
  /** The positions of this run, from this one on. */
  readonly firstPosition: number
  readonly positionCount: number
  readonly tensors: readonly CapturedTensor[]
  /** Time that the run took. */
  readonly elapsedMs: number
}

export interface GenerationSpec {
  readonly count: number
  readonly stopIds: readonly number[]
  /** Null takes the likeliest token. */
  readonly sampling: Sampling | null
  readonly seed: number
}

/** One token followed through some rows. */
export interface TrackedRows {
  readonly prob: Float64Array<ArrayBuffer>
  readonly rank: Int32Array<ArrayBuffer>
  readonly logit: Float32Array<ArrayBuffer>
}

/** A job's first event: rows are run and handed over from this position on, 0 to `knownCount`. */
export interface StartedEvent {
  readonly kind: 'started'
  readonly startAt: number
}

/** Consecutive positions that were run: each with its statistics and with its row. */
export interface RowsEvent {
  readonly kind: 'rows'
  readonly phase: 'prompt' | 'generating'
  readonly firstPosition: number
  readonly rowCount: number
  /** The ids at these positions, where generation chose them; empty in the prompt. */
  readonly generatedIds: Int32Array
  readonly columns: StatisticsColumns
  /** One entry a row. */
  readonly logSumExps: Float64Array
  /** One entry an id of `trackIds`. */
  readonly tracked: readonly TrackedRows[]
  /** rowCount × vocabularySize, or null where rows are not kept. */
  readonly logits: Float32Array | null
  /** Time that the runs of these rows took. */
  readonly elapsedMs: number
}

/** A single row, where rows are not kept. */
export interface RowEvent {
  readonly kind: 'row'
  readonly position: number
  readonly logits: Float32Array
}

/** Of one answer: ln of the probability of each of its ids, given the prompt and those before it. */
export interface AnswerEvent {
  readonly kind: 'answer'
  /** Its place in `answers`. */
  readonly index: number
  readonly logprobs: Float64Array
}

export type RunEvent = StartedEvent | RowsEvent | RowEvent | AnswerEvent

export interface RunOutcome {
  readonly status: 'completed' | 'cancelled'
  readonly stopReason: StopReason | null
}

export type WorkerCommand =
  | {readonly kind: 'create'; readonly spec: SessionSpec}
  | {
      readonly kind: 'run'
      readonly job: RunJob
      /** One Int32; not 0 asks the job to end after the run under way. */
      readonly cancelFlag: SharedArrayBuffer
    }
  | {
      readonly kind: 'capture'
      readonly job: CaptureJob
      readonly cancelFlag: SharedArrayBuffer
    }
  | {
      readonly kind: 'batch'
      readonly job: BatchJob
      readonly cancelFlag: SharedArrayBuffer
    }
  | {readonly kind: 'head'; readonly job: HeadJob}
  /** Lets go of the cache that a capture left. */
  | {readonly kind: 'forget-cache'}
  | {readonly kind: 'branch'; readonly job: BranchJob; readonly cancelFlag: SharedArrayBuffer}
  | {readonly kind: 'release'}

export type WorkerMessage =
  /** The model is in memory and about to be tried. */
  | {readonly kind: 'checking'}
  | {readonly kind: 'created'; readonly facts: SessionFacts}
  | RunEvent
  | CapturedEvent
  | BatchedEvent
  /** rowCount × vocabulary. */
  | {readonly kind: 'head-logits'; readonly logits: Float32Array}
  /** Tokens of a branch job that were run so far. */
  | {readonly kind: 'branch-progress'; readonly done: number; readonly total: number}
  | {readonly kind: 'branched'; readonly answer: BranchAnswer}
  | {readonly kind: 'finished'; readonly outcome: RunOutcome}
  | {readonly kind: 'failed'; readonly problem: Problem | null; readonly stack: string}
  | {readonly kind: 'cache-forgotten'}
  | {readonly kind: 'released'}
