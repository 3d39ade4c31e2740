import type {Message} from '../lenses/tokens.ts'

/** One prompt of a list, as it was imported. */
export interface ListRow {
  /** Its own in the list, never used again: draws depend on it. */
  readonly id: string
  /** The words it is known by; of a chat those of its last turn. */
  readonly prompt: string
  /** Of a chat its turns. */
  readonly messages: readonly Message[] | null
  readonly answer: string | null
  /** What followed the prompt, where the source tells it. */
  readonly response?: string
  /** Line of its source at which it begins, from 1. */
  readonly line: number
}

/** A line that was left out at an import, and why. */
export interface SkippedLine {
  readonly line: number
  readonly reason: string
}

/** How a source is read: `lines` one prompt a line, `paragraphs` prompts between blank lines, `jsonl` a JSON value a line. */
export type ListFormat = 'lines' | 'paragraphs' | 'csv' | 'jsonl' | 'json'

/** Index of the CSV column that each part is taken from; null where it has none. */
export interface ColumnChoice {
  readonly prompt: number | null
  readonly answer: number | null
  readonly system: number | null
  readonly response?: number | null
}

/** What a person chose; what is left out is guessed from the source. */
export interface ParseChoices {
  readonly format?: ListFormat
  readonly hasHeader?: boolean
  readonly columns?: ColumnChoice
}

export type ParsedRow = Omit<ListRow, 'id'>

/** Everything about a source that was read but its rows. */
export interface ParsedSummary {
  readonly format: ListFormat
  readonly lineCount: number
  /** Rows that can be imported, at most {@link MOST_ROWS}. */
  readonly rowCount: number
  /** Good rows behind the last that is taken. */
  readonly overCount: number
  readonly skippedCount: number
  /** The first of them, in the order of their lines. */
  readonly skipped: readonly SkippedLine[]
  /** Of a CSV: names of its columns, and which are taken. */
  readonly columnNames: readonly string[]
  readonly columns: ColumnChoice | null
  readonly hasHeader: boolean
  /** What separates the fields of a CSV. */
  readonly delimiter: string | null
  readonly answersFrom: string | null
}

export interface ParsedList extends ParsedSummary {
  readonly rows: readonly ParsedRow[]
}

/** The engine takes no more rows as one job. */
export const MOST_ROWS = 10_000
/** A source of more bytes is not read. */
export const MOST_LIST_BYTES = 50_000_000
/** Skipped lines that are named one by one; the others are counted. */
export const MOST_SKIPPED_NAMED = 200

/** Collects rows and skipped lines, each within its limit. */
export class ListCollector {
  readonly rows: ParsedRow[] = []
  readonly skipped: SkippedLine[] = []
  overCount = 0
  skippedCount = 0

  constructor(private readonly badLines: ReadonlyMap<number, string>) {}

  /** Takes a row unless one of its lines cannot be read. */
  add(row: ParsedRow, lastLine = row.line): void {
    for (let line = row.line; this.badLines.size > 0 && line <= lastLine; line++) {
      const reason = this.badLines.get(line)
      if (reason !== undefined) {
        this.skip(line, reason)
        return
      }
    }
    if (this.rows.length < MOST_ROWS) this.rows.push(row)
    else this.overCount += 1
  }

  skip(line: number, reason: string): void {
    this.skippedCount += 1
    if (this.skipped.length < MOST_SKIPPED_NAMED) {
      this.skipped.push({line, reason: this.badLines.get(line) ?? reason})
    }
  }
}
