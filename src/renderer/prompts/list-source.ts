import type {ParsedList, ParsedSummary} from '../../shared/prompts/parsed-list.ts'
import type {ListSource} from '../store/prompt-list-state.ts'

/** What is kept of a source beside its rows: how it was read, and what was left out. */
export function sourceOf(list: ParsedList, name: string): ListSource {
  const {rows, lineCount, skippedCount, skipped, answersFrom} = list
  return {
    name,
    format: formatWords(list),
    columns: columnWords(list),
    lineCount,
    rowCount: rows.length,
    skippedCount,
    skipped,
    answersFrom,
  }
}

function formatWords({format, delimiter, hasHeader}: ParsedSummary): string {
  switch (format) {
    case 'lines':
      return 'text, a prompt a line'
    case 'paragraphs':
      return 'text, blank lines between prompts'
    case 'jsonl':
      return 'JSONL, a value a line'
    case 'json':
      return 'JSON'
    case 'csv': {
      const kind = delimiter === '\t' ? 'TSV' : delimiter === ',' ? 'CSV' : `CSV by “${delimiter}”`
      return `${kind}, ${hasHeader ? 'with a header' : 'no header'}`
    }
  }
}

/** `prompt “question”, answer “expected”; 2 of 5`. */
function columnWords({columns, columnNames}: ParsedSummary): string | null {
  if (!columns) return null
  const taken = (['system', 'prompt', 'response', 'answer'] as const).flatMap((part) => {
    const index = columns[part]
    return index === null || index === undefined
      ? []
      : [`${part} “${columnNames[index] ?? index + 1}”`]
  })
  return `${taken.join(', ')}; ${taken.length} of ${columnNames.length}`
}
