import {parseEntry} from './parse-jsonl.ts'
import type {ListCollector} from './parsed-list.ts'

/** Keys of an object under which its list of prompts may lie; `rows` is what the list is exported with. */
export const LIST_KEYS = ['rows', 'prompts', 'data', 'examples', 'items']

/**
 * One JSON text: a list of what JSONL has a line each, or an object with such a list, or a single entry.
 * Entries are named by the line that they begin in.
 */
export function parseJson(text: string, collector: ListCollector): void {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    collector.skip(lineOfError(text, error as SyntaxError), 'ends what can be read as JSON')
    return
  }
  const entries = entriesOf(value)
  const lines = entries === value ? linesOfEntries(text) : []
  for (const [i, entry] of entries.entries()) {
    const line = lines[i] ?? i + 1
    const row = parseEntry(entry)
    if (typeof row === 'string') collector.skip(line, row)
    else collector.add({...row, line})
  }
}

function entriesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  const fields = (value ?? {}) as Record<string, unknown>
  const key = LIST_KEYS.find((name) => Array.isArray(fields[name]))
  return key === undefined ? [value] : (fields[key] as unknown[])
}

/** Browsers say where by character or by line; those that say neither mean the end. */
function lineOfError(text: string, {message}: SyntaxError): number {
  const line = /line (\d+)/u.exec(message)
  if (line) return Number(line[1])
  const position = /position (\d+)/u.exec(message)
  const before = text.slice(0, position ? Number(position[1]) : text.trimEnd().length)
  return before.split(/\r\n|\n|\r/u).length
}

/** The line that each entry of a list begins in, from 1. */
function linesOfEntries(text: string): number[] {
  const lines: number[] = []
  let line = 1
  let depth = 0
  let isText = false
  let isExpected = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (char === '\n') line++
    else if (isText) {
      if (char === '\\') i++
      else if (char === '"') isText = false
      continue
    }
    if (isExpected && !/[\s\]]/u.test(char)) {
      lines.push(line)
      isExpected = false
    }
    if (char === '"') isText = true
    else if (char === '[' || char === '{') {
      depth++
      if (depth === 1) isExpected = true
    } else if (char === ']' || char === '}') depth--
    else if (char === ',' && depth === 1) isExpected = true
  }
  return lines
}
