import type {DecodedFile} from './decode-text.ts'
import {delimiterOf, looksLikeHeader, parseCsv} from './parse-csv.ts'
import {parseJson} from './parse-json.ts'
import {parseJsonl} from './parse-jsonl.ts'
import {linesOf, parseLines, parseParagraphs} from './parse-plain.ts'
import {ListCollector, type ListFormat, type ParseChoices, type ParsedList} from './parsed-list.ts'

/** What a source most likely is, by its name, else by how it begins. */
export function guessFormat(text: string, name: string): ListFormat {
  const ending = /\.(\w+)$/u.exec(name)?.[1]?.toLowerCase()
  if (ending === 'csv' || ending === 'tsv') return 'csv'
  if (ending === 'jsonl' || ending === 'ndjson') return 'jsonl'
  if (ending === 'json') return 'json'
  const first = /[^\r\n]+/u.exec(text.slice(0, 100_000))?.[0] ?? ''
  if (/^\s*\{.*\}\s*$/u.test(first)) return 'jsonl'
  if (/^\s*(\[\s*[{"[]|\{\s*"[^"]*"\s*:)/u.test(text.slice(0, 1000))) return 'json'
  const delimiter = delimiterOf(text)
  const fields = first.split(delimiter)
  return fields.length > 1 && looksLikeHeader(fields) ? 'csv' : 'lines'
}

/**
 * Reads a source as a prompt list. Whatever is not chosen is guessed, and said in the result. Lines that
 * make no prompt are named with their reason; duplicates are kept. Never throws.
 */
export function parseList(
  {text, badLines}: DecodedFile,
  name: string,
  choices: ParseChoices = {}
): ParsedList {
  const format = choices.format ?? guessFormat(text, name)
  const collector = new ListCollector(badLines)
  const lines = linesOf(text)
  const csv = format === 'csv' ? parseCsv(text, choices, collector) : null
  if (format === 'jsonl') parseJsonl(lines, collector)
  if (format === 'json') parseJson(text, collector)
  if (format === 'lines') parseLines(lines, collector)
  if (format === 'paragraphs') parseParagraphs(lines, collector)
  const {rows, overCount, skipped, skippedCount} = collector
  const hasAnswers = rows.some(({answer}) => answer !== null)
  const answerColumn = csv?.columns.answer ?? null
  return {
    format,
    rows,
    rowCount: rows.length,
    overCount,
    lineCount: lines.length,
    skipped: [...skipped].sort((a, b) => a.line - b.line),
    skippedCount,
    columnNames: csv?.names ?? [],
    columns: csv?.columns ?? null,
    hasHeader: csv?.hasHeader ?? false,
    delimiter: csv ? delimiterOf(text) : null,
    answersFrom: !hasAnswers
      ? null
      : answerColumn === null
        ? 'key “answer”'
        : `column “${csv!.names[answerColumn]}”`,
  }
}
