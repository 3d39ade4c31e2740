import {ProblemError} from '../../shared/domain/problem.ts'
import {itemsOfRows} from '../../shared/lenses/run-critical-items.ts'
import {decodeText} from '../../shared/prompts/decode-text.ts'
import {parseList} from '../../shared/prompts/parse-list.ts'
import {
  MOST_LIST_BYTES,
  MOST_ROWS,
  MOST_SKIPPED_NAMED,
  type ParsedRow,
  type SkippedLine,
} from '../../shared/prompts/parsed-list.ts'
import {readInputBytes} from './read-input.ts'

/** An item of a data set, with its place among those that can be run. */
export interface DatasetItem extends ParsedRow {
  readonly index: number
}

export interface Dataset {
  readonly items: readonly DatasetItem[]
  readonly skippedCount: number
  /** The first of the lines that make no item, each with why. */
  readonly skipped: readonly SkippedLine[]
  /** Good lines beyond the most that are taken. */
  readonly overCount: number
}

/**
 * Reads a file of prompts: JSONL, JSON, CSV or plain text, one a line. Lines that make no item are named. Throws a
 * Problem where the file cannot be read, is too large, or has no item at all.
 *
 * @param refuse why a row that can be read still makes no item; null where it does.
 */
export function readDataset(
  path: string,
  refuse: (row: ParsedRow) => string | null = () => null
): Dataset {
  const bytes = readInputBytes(path)
  if (bytes.byteLength > MOST_LIST_BYTES) throw tooLarge(path, bytes.byteLength)
  const list = parseList(decodeText(bytes), path)
  const {items, refused} = itemsOfRows(list.rows, refuse)
  const skipped = [...list.skipped, ...refused].sort((a, b) => a.line - b.line)
  if (items.length === 0) throw noItem(path, skipped)
  return {
    items,
    skippedCount: list.skippedCount + refused.length,
    skipped: skipped.slice(0, MOST_SKIPPED_NAMED),
    overCount: list.overCount,
  }
}

function tooLarge(path: string, byteCount: number): ProblemError {
  return new ProblemError({
    code: 'dataset-too-large',
    message: 'The data set is too large to be read at once.',
    file: path,
    found: `${Math.ceil(byteCount / 1e6)} MB`,
    expected: `at most ${MOST_LIST_BYTES / 1e6} MB and ${MOST_ROWS} items`,
    advice: 'Cut it into parts.',
  })
}

function noItem(path: string, [first]: readonly SkippedLine[]): ProblemError {
  return new ProblemError({
    code: 'dataset-empty',
    message: 'The data set has no item that can be run.',
    file: path,
    ...(first ? {field: `line ${first.line}`} : {}),
    found: first ? `a line that ${first.reason}` : 'an empty file',
    expected: 'a prompt a line: JSONL or CSV with prompt, response and answer, or plain text',
    advice: 'Name the columns prompt, response and answer.',
  })
}
