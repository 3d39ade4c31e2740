import type {Problem} from '../../shared/domain/problem.ts'
import type {PromptListRequest, PromptRowResult} from '../../shared/lenses/prompt-list.ts'
import type {ListRow} from './state.ts'

const MOST_OUTCOMES = 6

/** What a row's numbers depend on beside the row. */
export type ListOptions = Omit<PromptListRequest, 'rows'>

/** What came of a row, and under which options. */
export type ListOutcome =
  | {readonly kind: 'done'; readonly options: ListOptions; readonly result: PromptRowResult}
  | {readonly kind: 'failed'; readonly options: ListOptions; readonly problem: Problem}

/**
 * What came of rows, by options; rows never change, so that a row that is edited and given back by Undo
 * has its numbers back too. It is forgotten with the row.
 */
export class ListOutcomes {
  readonly #ofRow = new WeakMap<ListRow, Map<string, ListOutcome>>()

  set(row: ListRow, key: string, outcome: ListOutcome): void {
    const known = this.#ofRow.get(row) ?? new Map<string, ListOutcome>()
    // The one that was told last is the last of the map.
    known.delete(key)
    known.set(key, outcome)
    const [oldest] = known.keys()
    if (known.size > MOST_OUTCOMES && oldest !== undefined) known.delete(oldest)
    this.#ofRow.set(row, known)
  }

  get(row: ListRow, key: string): ListOutcome | null {
    return this.#ofRow.get(row)?.get(key) ?? null
  }

  /** Under whichever options it was computed last. */
  latest(row: ListRow): ListOutcome | null {
    const known = this.#ofRow.get(row)
    return known ? ([...known.values()].at(-1) ?? null) : null
  }
}
