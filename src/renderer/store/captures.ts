import type {TokenizerEntry} from '../../shared/contract/contract.ts'
import type {CriticalRun} from '../../shared/lenses/assemble-critical.ts'
import type {TokensRun} from '../../shared/lenses/assemble-tokens.ts'
import type {CapturedLayerFacts} from '../../shared/lenses/attention.ts'
import type {AttentionGraph} from '../../shared/lenses/attention-graph.ts'
import type {HeadStatistics, Importance, ProbedHead} from '../../shared/lenses/attention-maps.ts'
import type {BytesResult} from '../../shared/lenses/bytes.ts'
import type {InterveneResult} from '../../shared/lenses/intervene.ts'
import type {LogitLens} from '../../shared/lenses/logit-lens.ts'
import type {TokenizeMetrics} from '../../shared/lenses/tokenize.ts'
import type {NextTokens, TrackedColumns} from '../../shared/lenses/tokens.ts'
import {graphWeight} from './attention-graph.ts'
import {edgesWeight, type PlacedEdges} from './attention-lines.ts'
import {type HeadThumbnails, thumbnailsWeight} from './attention-overview.ts'
import {type MatrixTiles, tilesWeight} from './attention-pictures.ts'
import type {Pruned} from './attention-prune.ts'
import type {SimilarHead} from './attention-similar.ts'
import type {AttributionCapture} from './attribution-captures.ts'
import type {BestHead} from './best-head.ts'
import {ListOutcomes} from './list-outcomes.ts'
import type {RunId} from './state.ts'
import type {ComparedText} from './tokenizers-state.ts'
import type {PageTree} from './tree.ts'

/** A map that forgets what was used longest ago once it holds more than it may. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #weigh: (value: Value) => number
  #weight = 0

  constructor(
    readonly maxWeight: number,
    weigh: (value: Value) => number = () => 1
  ) {
    this.#weigh = weigh
  }

  get size(): number {
    return this.#entries.size
  }

  /** The entry, which thereby counts as just used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key)
    if (value === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, value)
    return value
  }

  /** The entry, without counting as a use. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  set(key: Key, value: Value): void {
    this.delete(key)
    this.#entries.set(key, value)
    this.#weight += this.#weigh(value)
    for (const oldest of this.#entries.keys()) {
      // The newest entry stays even where it alone is over the limit: it is on the screen.
      if (this.#weight <= this.maxWeight || this.#entries.size === 1) break
      this.delete(oldest)
    }
  }

  delete(key: Key): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#entries.delete(key)
    this.#weight -= this.#weigh(value)
  }
}

/** What is known of a vocabulary entry: enough to draw it. */
export interface VocabularyEntry {
  readonly id: number
  readonly bytesHex: string
  readonly isSpecial: boolean
}

/**
 * The page's arrays, kept out of reactive state: the store holds ids and revisions, selectors read
 * here. Tokens weigh 1 each in `runs`, so that a hundred thousand of them are kept.
 */
export interface Captures {
  readonly runs: BoundedMap<RunId, TokensRun>
  /** By {@link nextKey}. */
  readonly nextTables: BoundedMap<string, NextTokens>
  /** By key of next-bytes.ts. */
  readonly nextBytes: BoundedMap<string, BytesResult>
  /** By {@link trackedKey}. */
  readonly tracked: BoundedMap<string, readonly TrackedColumns[]>
  /** By `lensKey` of logit-lens.ts. */
  readonly lenses: BoundedMap<string, LogitLens>
  /** Layers of a run whose attention the engine has captured, by run. */
  readonly attentionFacts: BoundedMap<RunId, readonly CapturedLayerFacts[]>
  /** By `pictureKey` of attention-pictures.ts. */
  readonly attentionTiles: BoundedMap<string, MatrixTiles>
  /** The heaviest edges of matrices, newest first, by `pictureKey`. */
  readonly attentionEdges: BoundedMap<string, readonly PlacedEdges[]>
  /** Heads in small, by `selectOverviewKey` of attention-overview.ts. */
  readonly attentionThumbnails: BoundedMap<string, HeadThumbnails>
  /** Statistics of every head, by `headsKey` of attention-heads.ts. */
  readonly attentionHeads: BoundedMap<string, readonly HeadStatistics[]>
  /** The head that a run is opened on, once its heads are scored, by run; `none` where none stands out. */
  readonly bestHeads: BoundedMap<RunId, BestHead | 'none'>
  /** Statistics of every head on the random-repeat probe, by `probeKey`. */
  readonly attentionProbes: BoundedMap<string, readonly ProbedHead[]>
  /** Exact weights of a token's row or column, by `lineKey`. */
  readonly attentionLines: BoundedMap<string, Float32Array>
  /** By `graphKey` of attention-graph.ts. */
  readonly attentionGraphs: BoundedMap<string, AttentionGraph>
  /** By `pruneKey` of attention-prune.ts: what stays, and the model run without the rest. */
  readonly prunings: BoundedMap<string, Pruned>
  readonly prunedRuns: BoundedMap<string, InterveneResult>
  /** By run, length and head. */
  readonly similarHeads: BoundedMap<string, readonly SimilarHead[]>
  /** By `importanceKey` of attention-importance.ts. */
  readonly attentionImportances: BoundedMap<string, Importance>
  /** By key of attribution-requests.ts. */
  readonly attributions: BoundedMap<string, AttributionCapture>
  /** By key of critical-requests.ts. */
  readonly criticals: BoundedMap<string, CriticalRun>
  /** A text as tokenizers cut it, by `comparedKeyOf` of tokenizers.ts. */
  readonly compared: BoundedMap<string, ComparedText>
  /** Entries of tokenizers, by `entryKey` of tokenizers-details.ts. */
  readonly tokenizerEntries: BoundedMap<string, TokenizerEntry>
  /** Premiums over languages, by `parityKeyOf`. */
  readonly parity: BoundedMap<string, TokenizeMetrics>
  /** By `slotOf` of tree.ts; nodes weigh 1 each. */
  readonly trees: BoundedMap<string, PageTree>
  /** By model and id. */
  readonly vocabulary: BoundedMap<string, VocabularyEntry>
  /** What came of the rows of the prompt list. */
  readonly list: ListOutcomes
}

export function createCaptures(): Captures {
  return {
    runs: new BoundedMap(100_000, (run) => run.tokens.length + 1),
    nextTables: new BoundedMap(500),
    nextBytes: new BoundedMap(60),
    tracked: new BoundedMap(40),
    // Rows and what is listed in each: some hundred kilobytes where layers and candidates are many.
    lenses: new BoundedMap(120),
    attentionFacts: new BoundedMap(400),
    attentionTiles: new BoundedMap(96 * 2 ** 20, tilesWeight),
    attentionEdges: new BoundedMap(24 * 2 ** 20, edgesWeight),
    attentionThumbnails: new BoundedMap(48 * 2 ** 20, thumbnailsWeight),
    attentionHeads: new BoundedMap(40),
    bestHeads: new BoundedMap(400),
    attentionProbes: new BoundedMap(40),
    attentionLines: new BoundedMap(8 * 2 ** 20, (line) => line.byteLength),
    attentionGraphs: new BoundedMap(16 * 2 ** 20, graphWeight),
    prunings: new BoundedMap(2 ** 20, ({kept}) => kept.byteLength + 256),
    prunedRuns: new BoundedMap(60),
    similarHeads: new BoundedMap(40),
    attentionImportances: new BoundedMap(8 * 2 ** 20, ({values}) => values.byteLength + 256),
    attributions: new BoundedMap(80),
    criticals: new BoundedMap(60),
    compared: new BoundedMap(64 * 2 ** 20, comparedWeight),
    tokenizerEntries: new BoundedMap(2000),
    parity: new BoundedMap(40),
    trees: new BoundedMap(400_000, ({result}) => result.nodes.length + 1),
    vocabulary: new BoundedMap(5000),
    list: new ListOutcomes(),
  }
}

/** Bytes of the tables, about. */
function comparedWeight({rows, bytes}: ComparedText): number {
  return rows.reduce(
    (sum, {tokens}) => sum + 18 * tokens.ids.length + tokens.pool.length,
    bytes.length
  )
}

export interface NextSpec {
  readonly runId: RunId
  readonly position: number
  readonly temperature: number
  readonly topP: number
  readonly topK: number
}

export function nextKey(spec: NextSpec): string {
  return `${spec.runId}:${spec.position}:${spec.temperature}:${spec.topP}:${spec.topK}`
}

export function trackedKey(runId: RunId, ids: readonly number[]): string {
  return `${runId}:${ids.join(',')}`
}

export function vocabularyKey(model: string, id: number): string {
  return `${model}:${id}`
}
