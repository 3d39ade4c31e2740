export type TsvCell = string | number | boolean | null | undefined

/** A table as spreadsheets take it from the clipboard. */
export function tsvText(columns: readonly string[], rows: readonly (readonly TsvCell[])[]): string {
  const lines = [columns, ...rows].map((row) => row.map(cellText).join('\t'))
  return `${lines.join('\n')}\n`
}

/** Quoted as in a CSV where it holds a tab, a quote or a line end; what does not exist is empty. */
function cellText(value: TsvCell): string {
  if (value === null || value === undefined) return ''
  const text = String(value)
  return /["\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
