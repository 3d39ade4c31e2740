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
  /** Stretches that are tinted differently, left to right, with what part of the chip each takes. */
  readonly tints?: readonly {readonly share: number; readonly step: number}[] | null
  /** A colour in place of a tint. */
  readonly ground?: string | null
  /** `row` leaves a pixel above and below it in a row of a table. */
  readonly size?: 'row' | 'small' | 'normal' | 'large'
}

/** A token as a chip: marks for white space, hex cells for parts of a character. */
export function Chip(props: ChipProps) {
  const {cells, isSpecial = false, tint = -1, tints = null, ground = null, size = 'normal'} = props
  const look = isSpecial ? 'special' : tint >= 0 ? `tint-${tint}` : ''
  const background = ground ?? (tints ? gradientOf(tints) : null)
  const style = background !== null && !isSpecial ? {background} : undefined
  return (
    <span className={`chip ${size} ${look}`} style={style}>
      <ChipText cells={cells} />
    </span>
  )
}

/** Stretches side by side, with hard borders. */
function gradientOf(tints: NonNullable<ChipProps['tints']>): string {
  let share = 0
  const stops = tints.map((tint) => {
    const from = (share * 100).toFixed(2)
    share += tint.share
    const color = tint.step < 0 ? 'var(--sunken)' : `var(--seq-${tint.step + 1})`
    return `${color} ${from}% ${(share * 100).toFixed(2)}%`
  })
  return `linear-gradient(to right, ${stops.join(', ')})`
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
