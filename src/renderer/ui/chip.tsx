import './chip.css'

/** A piece of a chip's text; see the glyph cells of figures. */
export interface ChipCell {
  readonly kind: 'text' | 'mark' | 'code' | 'hex' | 'count'
  readonly text: string
}

export interface ChipProps {
  readonly cells: readonly ChipCell[]
  readonly isSpecial?: boolean
  /** Step of the tint, 0 to 4; -1 for none. */
  readonly tint?: number
  /** `row` leaves a pixel above and below it in a row of a table. */
  readonly size?: 'row' | 'small' | 'normal' | 'large'
}

/** A token as a chip: marks for white space, hex cells for parts of a character. */
export function Chip({cells, isSpecial = false, tint = -1, size = 'normal'}: ChipProps) {
  const look = isSpecial ? 'special' : tint >= 0 ? `tint-${tint}` : ''
  return (
    <span className={`chip ${size} ${look}`}>
      <ChipText cells={cells} />
    </span>
  )
}

export function ChipText({cells}: {readonly cells: readonly ChipCell[]}) {
  return (
    <>
      {cells.map((cell, i) =>
        cell.kind === 'text' ? (
          cell.text
        ) : cell.kind === 'mark' ? (
          <em key={i}>{cell.text}</em>
        ) : (
          <span key={i} className={cell.kind}>
            {cell.text}
          </span>
        )
      )}
    </>
  )
}
