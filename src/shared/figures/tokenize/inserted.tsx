import {hexOfBytes, readTokenFlags, type TokenTable} from '../../domain/token.ts'
import {roundPx} from '../number-format.ts'
import type {Palette} from '../palette.ts'
import {xmlText} from '../svg-text.ts'
import {FONT_FAMILIES, textWidthPx} from '../text-width.ts'
import {plainGlyphs} from '../token-glyphs.ts'

/** A chip of a token that was put around the text. */
export interface InsertedChip {
  readonly index: number
  readonly text: string
  readonly widthPx: number
}

const MOST_CHARACTERS = 6
const SIZE_PX = 11
const PADDING_PX = 4
const GAP_PX = 3

/** Chips of some tokens of a table, their names cut short. */
export function insertedChips(table: TokenTable, indexes: readonly number[]): InsertedChip[] {
  return indexes.map((index) => {
    const bytes = table.pool.subarray(table.poolStarts[index], table.poolStarts[index + 1])
    const {isSpecial} = readTokenFlags(table.flags[index]!)
    const name = [...plainGlyphs({bytesHex: hexOfBytes(bytes), isSpecial})]
    const isLong = name.length > MOST_CHARACTERS
    const text = isLong ? `${name.slice(0, MOST_CHARACTERS - 1).join('')}…` : name.join('')
    return {index, text, widthPx: textWidthPx(text, SIZE_PX, 'mono') + 2 * PADDING_PX}
  })
}

/** Width of chips side by side, with the room after them. */
export function chipsWidthPx(chips: readonly InsertedChip[]): number {
  return chips.reduce((sum, {widthPx}) => sum + widthPx + GAP_PX, 0)
}

export interface InsertedFigureProps {
  readonly chips: readonly InsertedChip[]
  /** Left edge of the first. */
  readonly xPx: number
  readonly rowPx: number
  readonly palette: Palette
}

/** Outlined chips: they were not typed, and are in no count. */
export function InsertedFigure({chips, xPx, rowPx, palette}: InsertedFigureProps) {
  let left = xPx
  return (
    <g fontFamily={FONT_FAMILIES.mono} fontSize={SIZE_PX} fill={palette.ink2} textAnchor="middle">
      {chips.map(({index, text, widthPx}) => {
        const x = left
        left += widthPx + GAP_PX
        return (
          <g key={index}>
            <rect
              x={roundPx(x + 0.5)}
              y={2.5}
              width={roundPx(widthPx - 1)}
              height={rowPx - 5}
              rx={3}
              fill="none"
              stroke={palette.lineStrong}
            />
            <text x={roundPx(x + widthPx / 2)} y={roundPx(rowPx / 2 + 4)}>
              {xmlText(text)}
            </text>
          </g>
        )
      })}
    </g>
  )
}
