import type {Problem} from '../domain/problem.ts'
import type {EngineClient} from '../engine-client/connect.ts'
import {isCancellation, problemOf} from '../engine-client/problem-of.ts'
import type {ParsedRow, SkippedLine} from '../prompts/parsed-list.ts'
import {criticalResultOf, foldCriticalEvent, startCriticalRun} from './assemble-critical.ts'
import type {CriticalRequest, CriticalResult} from './critical.ts'

/** Problems that are an item's own; any other, before anything has gone through, would meet every item. */
const OF_ITEMS = new Set([
  ...['prompt-too-long', 'empty-prompt', 'unknown-token-id', 'completion-too-long'],
  ...['chat-template-failed', 'response-empty', 'response-too-long', 'no-wrong-response'],
  ...['checker-matches-everything'],
])

/** Why a row makes no item, null where it makes one: most checkers compare with an answer. */
export function refusalOf(
  {checker, answer}: Pick<CriticalRequest, 'checker' | 'answer'>,
  row: Pick<ParsedRow, 'answer'>
): string | null {
  const kind = checker?.kind
  const isCompared = kind === 'number' || kind === 'text' || kind === 'one-of'
  return isCompared && (row.answer ?? answer).trim() === '' ? 'has no answer' : null
}

/**
 * The rows that make an item, each with its place among them, and the lines of the others.
 *
 * @param refuse why a row makes no item; null where it makes one.
 */
export function itemsOfRows<Row extends Pick<ParsedRow, 'line'>>(
  rows: readonly Row[],
  refuse: (row: Row) => string | null
): {readonly items: (Row & {readonly index: number})[]; readonly refused: SkippedLine[]} {
  const items: (Row & {readonly index: number})[] = []
  const refused: SkippedLine[] = []
  for (const row of rows) {
    const reason = refuse(row)
    if (reason === null) items.push({...row, index: items.length})
    else refused.push({line: row.line, reason})
  }
  return {items, refused}
}

/** What came of one item: one of the two. */
export type ItemOutcome<Asked> =
  | {readonly asked: Asked; readonly result: CriticalResult; readonly problem?: undefined}
  | {readonly asked: Asked; readonly result?: undefined; readonly problem: Problem}

export interface ItemsRun {
  readonly client: Pick<EngineClient, 'criticals'>
  readonly signal: AbortSignal
  /** Whether an item has gone through before: then no problem is taken for one of all items. */
  readonly hasSuccess: boolean
}

/**
 * Runs the lens over items, one after another. An item that fails is told with its problem, and the others go on;
 * a problem that would meet all of them alike is thrown. Ends early, without the item that it was at, where the
 * signal is aborted.
 */
export async function* runCriticalItems<Asked extends {readonly request: CriticalRequest}>(
  items: readonly Asked[],
  {client, signal, hasSuccess}: ItemsRun
): AsyncGenerator<ItemOutcome<Asked>, void, undefined> {
  let isFirst = !hasSuccess
  for (const asked of items) {
    if (signal.aborted) return
    let result: CriticalResult | null
    try {
      result = await resultOf(asked.request, client, signal)
    } catch (error) {
      const problem = problemOf(error)
      if (!problem || (isFirst && !OF_ITEMS.has(problem.code))) throw error
      yield {asked, problem}
      continue
    }
    if (!result) return
    isFirst = false
    yield {asked, result}
  }
}

/** The whole result of one item; null where it was cancelled. */
async function resultOf(
  request: CriticalRequest,
  {criticals}: ItemsRun['client'],
  signal: AbortSignal
): Promise<CriticalResult | null> {
  let run = startCriticalRun(request)
  try {
    for await (const event of await criticals.run(request, {signal})) {
      run = foldCriticalEvent(run, event)
    }
  } catch (error) {
    if (signal.aborted || isCancellation(error)) return null
    throw error
  }
  return run.completed ? criticalResultOf(run, 'completed') : null
}
