import type {Token} from '../../shared/domain/token.ts'
import type {ByteSpan} from '../../shared/units/unit-choice.ts'

/** Spans with one more, ascending and without overlap: what it covers is taken from the others. */
export function withSpan(spans: readonly ByteSpan[], span: ByteSpan): readonly ByteSpan[] {
  const others = spans.flatMap(({byteStart, byteEnd}) => [
    {byteStart, byteEnd: Math.min(byteEnd, span.byteStart)},
    {byteStart: Math.max(byteStart, span.byteEnd), byteEnd},
  ])
  return [...others.filter((other) => other.byteEnd > other.byteStart), span].sort(
    (a, b) => a.byteStart - b.byteStart
  )
}

export function withoutSpan(spans: readonly ByteSpan[], index: number): readonly ByteSpan[] {
  return spans.filter((_, i) => i !== index)
}

/**
 * The bytes of all ordinary tokens from one position to another, both included, in either order; null
 * where these have none, as special tokens alone.
 */
export function covering(
  tokens: readonly Pick<Token, 'byteStart' | 'byteEnd' | 'isSpecial' | 'isInserted'>[],
  from: number,
  to: number
): ByteSpan | null {
  const covered = tokens
    .slice(Math.min(from, to), Math.max(from, to) + 1)
    .filter((token) => !token.isSpecial && !token.isInserted && token.byteEnd > token.byteStart)
  if (covered.length === 0) return null
  return covered.reduce<ByteSpan>(
    (span, token) => ({
      byteStart: Math.min(span.byteStart, token.byteStart),
      byteEnd: Math.max(span.byteEnd, token.byteEnd),
    }),
    {byteStart: Number.MAX_SAFE_INTEGER, byteEnd: 0}
  )
}
