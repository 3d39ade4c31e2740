import Papa from 'papaparse'
import {ANSWER_KEYS, chatOf, PROMPT_KEYS, RESPONSE_KEYS, SYSTEM_KEYS} from './parse-jsonl.ts'
import type {ColumnChoice, ListCollector, ParseChoices} from './parsed-list.ts'

export interface CsvColumns {
  readonly names: readonly string[]
  readonly columns: ColumnChoice
  readonly hasHeader: boolean
}

/** Quotes that are never closed and are passed over; after so many the rest is one of them. */
const MOST_RESTARTS = 50

interface CsvRecord {
  readonly fields: readonly string[]
  readonly line: number
  readonly lastLine: number
  readonly problem: string | null
}

/** What separates the fields of the first line that has any. */
export function delimiterOf(text: string): string {
  const first = /[^\r\n]+/u.exec(text.slice(0, 100_000))?.[0] ?? ''
  const counted = [',', '\t', ';', '|'].map((sign) => ({
    sign,
    fieldCount: first.split(sign).length,
  }))
  return counted.reduce((best, other) => (other.fieldCount > best.fieldCount ? other : best)).sign
}

/** Records with the lines they stand on; a quote that is never closed costs its own line alone. */
function recordsOf(text: string): CsvRecord[] {
  const delimiter = delimiterOf(text)
  const records: CsvRecord[] = []
  let start = 0
  let line = 1
  for (let restarts = 0; start < text.length; restarts++) {
    const rest = text.slice(start)
    let end = 0
    let openedAt: number | null = null
    Papa.parse<string[]>(rest, {
      delimiter,
      step: ({data, errors, meta}, parser) => {
        const raw = rest.slice(end, meta.cursor)
        // The end of the last line begins no further record.
        if (raw === '') return
        const lineCount = raw.match(/\r\n|\n|\r/gu)?.length ?? 0
        const isUnended = !/[\r\n]$/u.test(raw)
        const isWrong = errors.some(({type}) => type === 'Quotes')
        const isLong = lineCount + (isUnended ? 1 : 0) > 1
        // It ran on to the end, or to a later line that has quotes of its own.
        const isOpen = isWrong && (isLong || errors.some(({code}) => code === 'MissingQuotes'))
        if (isOpen && restarts < MOST_RESTARTS) {
          openedAt = end
          parser.abort()
          return
        }
        const problem = isWrong ? 'has a quote too many' : null
        const lastLine = line + lineCount - (isUnended ? 0 : 1)
        records.push({fields: data, line, lastLine: Math.max(line, lastLine), problem})
        line += lineCount
        end = meta.cursor
      },
    })
    if (openedAt === null) break
    // The line with the quote is passed over, and reading goes on after it.
    records.push({fields: [], line, lastLine: line, problem: 'has a quote that is never closed'})
    const next = /\r\n|\n|\r/u.exec(rest.slice(openedAt))
    if (!next) break
    start += openedAt + next.index + next[0].length
    line += 1
  }
  return records
}

const indexOf = (names: readonly string[], keys: readonly string[]): number | null => {
  const found = keys.map((key) => names.indexOf(key)).find((index) => index >= 0)
  return found ?? null
}

/** Columns by their names, else the first is the prompt and the second the answer. */
function guessColumns(names: readonly string[], hasHeader: boolean): ColumnChoice {
  const plain = names.map((name) => name.trim().toLowerCase())
  const byName = hasHeader ? indexOf(plain, PROMPT_KEYS.slice(0, -1)) : null
  const answer = hasHeader ? indexOf(plain, ANSWER_KEYS) : null
  const prompt = byName ?? (answer === 0 ? (names.length > 1 ? 1 : null) : 0)
  const response = hasHeader ? indexOf(plain, RESPONSE_KEYS) : null
  return {
    prompt,
    answer: hasHeader ? answer : names.length > 1 ? 1 : null,
    system: hasHeader ? indexOf(plain, SYSTEM_KEYS) : null,
    ...(response === null ? {} : {response}),
  }
}

/** A first record that names a prompt or an answer is a header. */
export function looksLikeHeader(fields: readonly string[]): boolean {
  const known = [...PROMPT_KEYS, ...ANSWER_KEYS]
  return fields.some((field) => known.includes(field.trim().toLowerCase()))
}

/** Comma, semicolon, tab or bar separated values, quoted as RFC 4180 has it. */
export function parseCsv(
  text: string,
  choices: ParseChoices,
  collector: ListCollector
): CsvColumns {
  const records = recordsOf(text)
  const [first] = records
  const hasHeader = choices.hasHeader ?? (first !== undefined && looksLikeHeader(first.fields))
  const width = first?.fields.length ?? 0
  const names = Array.from({length: width}, (_, i) =>
    hasHeader && first!.fields[i]!.trim() !== '' ? first!.fields[i]!.trim() : `column ${i + 1}`
  )
  const columns = choices.columns ?? guessColumns(names, hasHeader)
  for (const record of records.slice(hasHeader ? 1 : 0))
    addRecord(record, width, columns, collector)
  return {names, columns, hasHeader}
}

function addRecord(
  {fields, line, lastLine, problem}: CsvRecord,
  width: number,
  columns: ColumnChoice,
  collector: ListCollector
): void {
  const at = (index: number | null) => (index === null ? undefined : fields[index])
  const prompt = at(columns.prompt)
  if (problem) collector.skip(line, problem)
  else if (fields.every((field) => field.trim() === '')) collector.skip(line, 'is empty')
  else if (fields.length !== width) {
    const many = fields.length === 1 ? '1 field' : `${fields.length} fields`
    collector.skip(line, `has ${many} in place of ${width}`)
  } else if (prompt === undefined || prompt === '') collector.skip(line, 'has an empty prompt')
  else {
    const answer = at(columns.answer)
    const messages = chatOf(prompt, at(columns.system))
    const response = at(columns.response ?? null)
    const row = {prompt, messages, answer: answer ? answer : null, line}
    collector.add(response ? {...row, response} : row, lastLine)
  }
}
