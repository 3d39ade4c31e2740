import {openBranching} from '../generation/branching-model.ts'
import type {BranchSessions} from '../runtime/branch-sessions.ts'
import type {GraphedModel} from '../runtime/model-graphs.ts'

/** Rows that are asked for together. */
const ROWS_AT_ONCE = 64
/** What the rows that are kept may take. */
const MOST_BYTES = 128 * 1024 * 1024

/** What a model predicts before each token of a response, [response, vocabulary]. */
export interface ResponseRows {
  readonly rows: readonly Float32Array[]
}

/**
 * Rows of models before the tokens of responses. The latest are kept, so that another β needs no run.
 */
export class ContrastRows {
  /** Least recently used first. */
  private readonly kept = new Map<string, ResponseRows>()

  constructor(private readonly sessions: BranchSessions) {}

  async of(
    model: GraphedModel,
    {
      promptIds,
      responseIds,
    }: {readonly promptIds: Int32Array; readonly responseIds: readonly number[]},
    signal?: AbortSignal
  ): Promise<readonly Float32Array[]> {
    const key = `${model.key}\n${promptIds.join()}\n${responseIds.join()}`
    const found = this.kept.get(key)
    if (found) {
      this.kept.delete(key)
      this.kept.set(key, found)
      return found.rows
    }
    const branches = openBranching(this.sessions, model, promptIds, {}, signal)
    const rows: Float32Array[] = []
    for (let first = 0; first < responseIds.length; first += ROWS_AT_ONCE) {
      const ends = responseIds.slice(first, first + ROWS_AT_ONCE).map((_, i) => first + i)
      rows.push(...(await branches.logitsAfter(ends.map((end) => responseIds.slice(0, end)))))
    }
    this.keep(key, {rows})
    return rows
  }

  private keep(key: string, rows: ResponseRows): void {
    this.kept.set(key, rows)
    const bytesOf = ({rows: all}: ResponseRows) => all.reduce((sum, row) => sum + row.byteLength, 0)
    let bytes = [...this.kept.values()].reduce((sum, one) => sum + bytesOf(one), 0)
    for (const [oldest, one] of [...this.kept]) {
      if (bytes <= MOST_BYTES) break
      this.kept.delete(oldest)
      bytes -= bytesOf(one)
    }
  }
}
