import type {ByteSpan, UnitChoice} from './unit-choice.ts'

/** Units that a flag names by their kind alone. */
export const PLAIN_UNITS = [
  'token',
  'byte',
  'word',
  'sentence',
  'line',
  'paragraph',
  'turn',
] as const

/** What a unit flag takes, in words. */
export const UNIT_FLAG_FORMS =
  'token, byte, word, sentence, line, paragraph, turn, regex:SOURCE, regex/FLAGS:SOURCE or spans:0-5,9:12'

/**
 * Reads `word`, `regex:\d+`, `regex/i:lamp` or `spans:0-5,9:12` (bytes; `0-5` includes its end, `9:12`
 * excludes it, as everywhere). Null where it is none of these.
 */
export function parseUnitFlag(text: string): UnitChoice | null {
  const kind = PLAIN_UNITS.find((candidate) => candidate === text)
  if (kind) return {kind}
  const [, flags = '', source] = /^regex(?:\/([a-z]*))?:(.+)$/su.exec(text) ?? []
  if (source !== undefined) return {kind: 'regex', source, flags}
  if (!text.startsWith('spans:')) return null
  const spans = text.slice('spans:'.length).split(',').map(parseSpan)
  return spans.every((span) => span !== null) ? {kind: 'spans', spans} : null
}

function parseSpan(text: string): ByteSpan | null {
  const [, from, sign, to] = /^\s*(\d+)([-:])(\d+)\s*$/.exec(text) ?? []
  if (from === undefined) return null
  const byteStart = Number(from)
  const byteEnd = Number(to) + (sign === '-' ? 1 : 0)
  return byteEnd > byteStart && Number.isSafeInteger(byteEnd) ? {byteStart, byteEnd} : null
}

/** The text that {@link parseUnitFlag} reads as this choice, for the flag `--unit`. */
export function formatUnitFlag(unit: UnitChoice): string {
  switch (unit.kind) {
    case 'regex':
      return `regex${unit.flags ? `/${unit.flags}` : ''}:${unit.source}`
    case 'spans':
      return `spans:${unit.spans.map(({byteStart, byteEnd}) => `${byteStart}:${byteEnd}`).join(',')}`
    default:
      return unit.kind
  }
}
