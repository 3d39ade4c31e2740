import {glyphsOfTokens} from '../../../shared/figures/token-glyphs.ts'
import {hasGlyph} from '../../lenses/has-glyph.ts'
import type {ChipCell} from '../../ui/chip.tsx'

/** Parts of a character are hex cells, as in the figure: as plain text they would read as a word. */
export function cellsOf(token: {id: number; bytesHex: string}): readonly ChipCell[] {
  const cells = glyphsOfTokens([{bytesHex: token.bytesHex, isSpecial: true}], hasGlyph).cells[0]!
  return cells.length > 0 ? cells : [{kind: 'code', text: `#${token.id}`}]
}
