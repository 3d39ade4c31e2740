/** What stands where there is no value; it never has a bar. */
export const NO_VALUE = '—'

/** `2038` → `2,038`. Plain string code: locales differ between machines. */
export function formatCount(count: number): string {
  const digits = String(Math.round(Math.abs(count)))
  let grouped = ''
  for (let i = 0; i < digits.length; i++) {
    if (i > 0 && (digits.length - i) % 3 === 0) grouped += ','
    grouped += digits[i]
  }
  return count < 0 ? `−${grouped}` : grouped
}

/** `1 row`, `1,204 rows`. */
export function formatMany(count: number, one: string, more = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : more}`
}

/**
 * A probability with two decimals, three below 0.01. What would round to nothing says so instead of
 * claiming 0; null and NaN are drawn as “—”.
 */
export function formatProb(prob: number | null | undefined): string {
  if (prob === null || prob === undefined || Number.isNaN(prob)) return NO_VALUE
  // Nothing is 0 but what is exactly 0.
  if (prob <= 0) return '0'
  if (prob < 0.0005) return '<0.001'
  return prob < 0.00995 ? prob.toFixed(3) : prob.toFixed(2)
}

/** The probability of a path, which is small: three decimals throughout, so that a column ends alike. */
export function formatPathProb(prob: number): string {
  if (prob <= 0) return '0'
  return prob < 0.0005 ? '<0.001' : prob.toFixed(3)
}

/** A number with fixed decimals and a true minus sign; null and NaN are drawn as “—”. */
export function formatFixed(value: number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE
  const text = Math.abs(value).toFixed(decimals)
  return value < 0 && Number(text) !== 0 ? `−${text}` : text
}

/** Bits with one decimal, two below 1, so that a small surprisal is not 0.0. */
export function formatBits(bits: number | null | undefined): string {
  if (bits === null || bits === undefined || !Number.isFinite(bits)) return NO_VALUE
  return formatFixed(bits, bits < 0.95 ? 2 : 1)
}

/** A rank as people count, from 1; files keep 0 for the likeliest. */
export function formatRank(rank: number | null | undefined): string {
  if (rank === null || rank === undefined || !Number.isFinite(rank)) return NO_VALUE
  return formatCount(rank + 1)
}

/** The parameter of a sampling control: as short as it is, at most three decimals, at least two. */
export function formatSetting(value: number): string {
  const three = value.toFixed(3)
  return three.endsWith('0') ? value.toFixed(2) : three
}

/** A coordinate as it is written to a file: at most two decimals, no negative zero. */
export function roundPx(value: number): number {
  return Math.round(value * 100) / 100 + 0
}
