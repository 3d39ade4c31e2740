import type {ListCollector} from './parsed-list.ts'

/** The lines of a text, without their ends; an end of the last line begins no further one. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/u)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** One prompt a line, as it stands; empty lines are skipped. */
export function parseLines(lines: readonly string[], collector: ListCollector): void {
  for (const [i, prompt] of lines.entries()) {
    if (prompt.trim() === '') collector.skip(i + 1, 'is empty')
    else collector.add({prompt, messages: null, answer: null, line: i + 1})
  }
}

/** Prompts of several lines, with blank lines between them. */
export function parseParagraphs(lines: readonly string[], collector: ListCollector): void {
  let first = 0
  for (let i = 0; i <= lines.length; i++) {
    const isBlank = i === lines.length || lines[i]!.trim() === ''
    if (!isBlank) continue
    if (i > first) {
      const prompt = lines.slice(first, i).join('\n')
      collector.add({prompt, messages: null, answer: null, line: first + 1}, i)
    }
    first = i + 1
  }
}
