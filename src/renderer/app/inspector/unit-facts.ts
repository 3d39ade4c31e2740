import {plainGlyphs} from '../../../shared/figures/token-glyphs.ts'
import type {ScoredToken} from '../../../shared/lenses/tokens.ts'
import type {ScoredUnit} from '../../../shared/units/unit-scores.ts'
import {unitBytesHex} from '../../../shared/units/unit-words.ts'
import type {RunUnits} from '../../store/unit.ts'

/** What a token gives to the sum of its unit. */
export interface UnitShare {
  readonly bits: number
  /** Of the unit's sum, from 0 to 1; null where that is 0. */
  readonly part: number | null
}

/** Null where the token or its unit has no surprisal. */
export function shareOfUnit(
  token: Pick<ScoredToken, 'surprisalBits'>,
  unit: Pick<ScoredUnit, 'surprisalBits'>,
  share: number
): UnitShare | null {
  if (token.surprisalBits === null || unit.surprisalBits === null) return null
  const bits = token.surprisalBits * share
  return {bits, part: unit.surprisalBits > 0 ? bits / unit.surprisalBits : null}
}

/** What a unit says, as tokens are written, at most so many bytes of it. */
export function unitGlyphs({table, units}: RunUnits, index: number, mostBytes: number): string {
  const unit = units[index]!
  const hex = unitBytesHex(table, unit)
  const shown = hex.slice(0, 2 * mostBytes)
  const text = plainGlyphs({bytesHex: shown, isSpecial: unit.role === 'special'})
  return shown.length < hex.length ? `${text}…` : text
}
