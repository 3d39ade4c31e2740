import {glyphsOfTokens} from '../../../shared/figures/token-glyphs.ts'
import {layoutChip} from '../../../shared/figures/tokens/chip.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import type {UnitTable} from '../../../shared/units/units.ts'
import {hasGlyph} from '../../lenses/has-glyph.ts'
import type {ChipCell} from '../../ui/chip.tsx'

const GAP_PX = 2
const RULE_GAP_PX = 9
const MOST_CHIP_PX = 360

/** Every token's column in the strip, left to right; positions are array indices. */
export interface StripLayout {
  readonly xPx: Float64Array
  readonly widthPx: Float64Array
  readonly cells: readonly (readonly ChipCell[])[]
  readonly totalPx: number
  /** Where generated tokens begin; null without any. */
  readonly ruleXPx: number | null
}

export function layoutStrip(tokens: readonly ScoredToken[], promptTokenCount: number): StripLayout {
  const glyphs = glyphsOfTokens(tokens, hasGlyph)
  const xPx = new Float64Array(tokens.length)
  const widthPx = new Float64Array(tokens.length)
  let x = 0
  let ruleXPx: number | null = null
  const cells = glyphs.cells.map((own, i) => {
    const shown = own.length > 0 ? own : [{kind: 'code' as const, text: `#${tokens[i]!.id}`}]
    const {runs, widthPx: width} = layoutChip(shown, MOST_CHIP_PX)
    if (i === promptTokenCount && i > 0) {
      ruleXPx = x + (RULE_GAP_PX - GAP_PX) / 2
      x += RULE_GAP_PX
    }
    xPx[i] = x
    widthPx[i] = Math.ceil(width)
    x += widthPx[i]! + GAP_PX
    return runs
  })
  return {xPx, widthPx, cells, totalPx: Math.max(0, x - GAP_PX), ruleXPx}
}

/** Tokens of which something lies between two x; the end is exclusive. */
export function visibleTokens(
  layout: StripLayout,
  fromPx: number,
  toPx: number
): readonly [number, number] {
  const count = layout.xPx.length
  const firstAfter = (isAfter: (index: number) => boolean) => {
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >> 1
      if (isAfter(middle)) high = middle
      else low = middle + 1
    }
    return low
  }
  const first = firstAfter((i) => layout.xPx[i]! + layout.widthPx[i]! > fromPx)
  const end = firstAfter((i) => layout.xPx[i]! >= toPx)
  return [first, Math.max(first, end)]
}

/** A maximal stretch of the strip that lies in one unit. */
export interface StripStretch {
  /** Index in the table of units. */
  readonly unit: number
  readonly xPx: number
  readonly widthPx: number
  /** It takes more than one chip, which a line holds together. */
  readonly isJoined: boolean
}

/**
 * Where units lie, left to right; inside a token borders lie by the share of bytes on either side. A unit
 * that goes around a special token has several stretches. Linear in tokens and units.
 */
export function stripStretches(layout: StripLayout, table: UnitTable): StripStretch[] {
  const {pieceStarts, pieceUnits, pieceShares} = table
  const stretches: {unit: number; xPx: number; widthPx: number; isJoined: boolean}[] = []
  for (let token = 0; token < layout.xPx.length; token++) {
    const tokenPx = layout.xPx[token]!
    const end = pieceStarts[token + 1] ?? 0
    let share = 0
    for (let piece = pieceStarts[token] ?? 0; piece < end; piece++) {
      const unit = pieceUnits[piece]!
      const fromPx = tokenPx + share * layout.widthPx[token]!
      share = piece + 1 === end ? 1 : share + pieceShares[piece]!
      const toPx = tokenPx + share * layout.widthPx[token]!
      const last = stretches.at(-1)
      if (last?.unit === unit) {
        last.widthPx = toPx - last.xPx
        last.isJoined = true
      } else {
        stretches.push({unit, xPx: fromPx, widthPx: toPx - fromPx, isJoined: false})
      }
    }
  }
  return stretches
}
