export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NARROWEST = /\p{M}|[\u200b-\u200f]|[\u2060-\u2064]/u

/** Cells that a text takes in a terminal: wide characters take two, combining ones none. */
export function cellWidth(text: string): number {
  let width = 0
  for (const character of text) {
    width += NARROWEST.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  }
  return width
}

/** Rows in columns with two spaces between; numbers end on a common edge. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[]
): string {
  const widths = columns.map((column, i) =>
    rows.reduce((widest, row) => Math.max(widest, cellWidth(row[i] ?? '')), cellWidth(column.title))
  )
  const lineOf = (cells: readonly string[]) =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? ''
        const space = ' '.repeat(widths[i]! - cellWidth(cell))
        return column.align === 'right' ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd()
  return [lineOf(columns.map((column) => column.title)), ...rows.map(lineOf)].join('\n')
}
