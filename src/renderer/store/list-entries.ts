import {bytesOfHex, displayTextOfBytes} from '../../shared/domain/token.ts'
import type {PromptRowResult} from '../../shared/lenses/prompt-list.ts'
import type {Captures} from './captures.ts'
import type {ListOutcome} from './list-outcomes.ts'
import {keyOfOptions, selectListOptions} from './prompt-list.ts'
import type {ListColumn, ListStatus, ListViewState} from './prompt-list-state.ts'
import {memoizeLast} from './selectors.ts'
import type {ListRow, WorkbenchState} from './state.ts'

/** A row of the list with what is known of it. */
export interface ListEntry {
  readonly row: ListRow
  /** Its place in the list, from 1. */
  readonly number: number
  readonly outcome: ListOutcome | null
  /** The numbers, also where they are stale. */
  readonly result: PromptRowResult | null
  readonly completion: string
  readonly status: ListStatus
}

function statusOf(row: ListRow, outcome: ListOutcome | null): ListStatus {
  if (!outcome) return 'waits'
  if (outcome.kind === 'failed') return 'failed'
  const {answer} = outcome.result
  if (row.answer === null || !answer) return 'done'
  // Cut before the answer's end, it says nothing about the answer.
  return answer.verdict === 'cut' ? 'done' : answer.verdict
}

const texts = new WeakMap<PromptRowResult, string>()
function completionOf(result: PromptRowResult | null): string {
  if (!result) return ''
  const known = texts.get(result)
  if (known !== undefined) return known
  const text = displayTextOfBytes(bytesOfHex(result.completionHex))
  texts.set(result, text)
  return text
}

const computeEntries = memoizeLast(
  (
    rows: readonly ListRow[],
    list: Captures['list'],
    key: string,
    runningId: string | null,
    _revision: number
  ): readonly ListEntry[] =>
    rows.map((row, i) => {
      const own = list.get(row, key)
      const outcome = own ?? list.latest(row)
      const result = outcome?.kind === 'done' ? outcome.result : null
      const status =
        row.id === runningId ? 'running' : own || !outcome ? statusOf(row, own) : 'stale'
      return {row, number: i + 1, outcome, result, completion: completionOf(result), status}
    })
)

/** Every row of the list in its order; the same array as long as nothing of it has changed. */
export function selectListEntries(
  state: WorkbenchState,
  {list}: Pick<Captures, 'list'>
): readonly ListEntry[] {
  const {listRows, listJob, listRevision} = state
  const runningId = listJob.kind === 'running' ? listJob.rowId : null
  const key = keyOfOptions(selectListOptions(state))
  return computeEntries(listRows, list, key, runningId, listRevision)
}

const STATUS_ORDER: readonly ListStatus[] = [
  'right',
  'wrong',
  'done',
  'stale',
  'failed',
  'running',
  'waits',
]

type SortValue = number | string | null

const VALUES: Readonly<Record<ListColumn, (entry: ListEntry) => SortValue>> = {
  number: ({number}) => number,
  prompt: ({row}) => row.prompt,
  completion: ({result, completion}) => (result ? completion : null),
  status: ({status}) => STATUS_ORDER.indexOf(status),
  answer: ({row}) => row.answer,
  prob: ({result}) => result?.answer?.logprob ?? null,
  surprisal: ({result}) => result?.meanSurprisalBits ?? null,
  tokens: ({result}) => result?.promptTokenCount ?? null,
}

/** In the order of its words as people read them; the same in every browser of one language. */
const collator = new Intl.Collator('en', {numeric: true})

function compare(a: SortValue, b: SortValue): number {
  if (typeof a === 'string' && typeof b === 'string') return collator.compare(a, b)
  return Number(a) - Number(b)
}

/** Sorted by a column; rows without a value stand last either way, equal ones in the list's order. */
export function sortedEntries(
  entries: readonly ListEntry[],
  sort: ListViewState['listSort']
): readonly ListEntry[] {
  if (!sort) return entries
  const valueAt = VALUES[sort.column]
  const sign = sort.isDescending ? -1 : 1
  return entries
    .map((entry) => ({entry, value: valueAt(entry)}))
    .sort((a, b) => {
      if (a.value === null || b.value === null) {
        return Number(a.value === null) - Number(b.value === null)
      }
      return sign * compare(a.value, b.value)
    })
    .map(({entry}) => entry)
}

const computeShown = memoizeLast(
  (
    entries: readonly ListEntry[],
    sort: ListViewState['listSort'],
    filter: string,
    status: ListStatus | 'all'
  ) => {
    const words = filter.toLowerCase()
    const isWanted = ({row, completion, status: own}: ListEntry) =>
      (status === 'all' || own === status) &&
      (words === '' ||
        [row.prompt, completion, row.answer ?? ''].some((text) =>
          text.toLowerCase().includes(words)
        ))
    return sortedEntries(entries.filter(isWanted), sort)
  }
)

/** The rows that the table shows, in its order. */
export function selectShownEntries(
  state: WorkbenchState,
  captures: Pick<Captures, 'list'>
): readonly ListEntry[] {
  const {listSort, listFilter, listStatus} = state
  return computeShown(selectListEntries(state, captures), listSort, listFilter, listStatus)
}

export interface ListSummary {
  readonly total: number
  /** By status. */
  readonly counts: Readonly<Record<ListStatus, number>>
  /** Rows with fresh numbers. */
  readonly doneCount: number
  /** Rows whose answer could be judged, and those that were right. */
  readonly judgedCount: number
  readonly rightCount: number
  /** Done rows that no answer was given for; white space alone is none. */
  readonly noAnswerCount: number
  /** Done rows whose answer could not be judged: their completion ends before it does. */
  readonly cutCount: number
  /** Mean over done rows, in bits per token; null where none has one. */
  readonly meanSurprisalBits: number | null
}

/** The list in numbers; of rows whose numbers are fresh. */
export const summaryOf = memoizeLast((entries: readonly ListEntry[]): ListSummary => {
  const counts = {right: 0, wrong: 0, done: 0, stale: 0, failed: 0, running: 0, waits: 0}
  let surprisalSum = 0
  let surprisalCount = 0
  let noAnswerCount = 0
  for (const {row, status, result} of entries) {
    counts[status] += 1
    if (status === 'done' && !(row.answer && result?.answer)) noAnswerCount += 1
    const isFresh = status === 'right' || status === 'wrong' || status === 'done'
    if (isFresh && result && result.meanSurprisalBits !== null) {
      surprisalSum += result.meanSurprisalBits
      surprisalCount += 1
    }
  }
  return {
    total: entries.length,
    counts,
    doneCount: counts.right + counts.wrong + counts.done,
    judgedCount: counts.right + counts.wrong,
    rightCount: counts.right,
    noAnswerCount,
    cutCount: counts.done - noAnswerCount,
    meanSurprisalBits: surprisalCount > 0 ? surprisalSum / surprisalCount : null,
  }
})
