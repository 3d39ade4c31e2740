import type {Problem} from '../../shared/domain/problem.ts'

/** A problem with all its parts as one line, for where a page shows a single one. */
export function problemLine({message, file, field, found, expected, advice}: Problem): string {
  const parts = [message]
  if (file) parts.push(`In ${file}.`)
  if (field) parts.push(`At ${field}.`)
  if (found) parts.push(`Found: ${found}.`)
  if (expected) parts.push(`Expected: ${expected}.`)
  parts.push(advice)
  return parts.join(' ')
}
