/** How a tokenizer groups the digits of a number. */
export type Grouping =
  | 'single digits'
  | 'left to right'
  | 'right to left'
  | 'one token'
  | 'irregular'

/** Digits a token, left to right, as `3|3|2`; marks between digits are in no group. */
export type DigitGroups = readonly number[]

/**
 * Groups of the digits of a text of its own: tokens by where they end in it, in characters. A token that holds
 * digits and marks counts its digits; one without digits makes no group.
 */
export function digitGroups(text: string, ends: readonly number[]): DigitGroups {
  const groups: number[] = []
  let start = 0
  for (const end of ends) {
    const digits = [...text.slice(start, end)].filter((mark) => mark >= '0' && mark <= '9').length
    if (digits > 0) groups.push(digits)
    start = end
  }
  return groups
}

/**
 * The class of some groups: full groups of one size from the left with the rest last, or from the right with the
 * rest first (arXiv 2402.14903). A number that fills its groups is both: left to right.
 */
export function groupingOf(groups: DigitGroups): Grouping {
  const count = groups.reduce((sum, size) => sum + size, 0)
  if (groups.length <= 1) return count <= 1 ? 'single digits' : 'one token'
  const size = Math.max(...groups)
  if (size === 1) return 'single digits'
  const isFull = (part: DigitGroups) => part.every((group) => group === size)
  if (isFull(groups.slice(0, -1))) return 'left to right'
  if (isFull(groups.slice(1))) return 'right to left'
  return 'irregular'
}

export type Separators = 'none' | 'comma-right' | 'comma-left' | 'space-right'

/** A number with a mark every three digits, counted from the right or from the left. */
export function separated(digits: string, separators: Separators): string {
  if (separators === 'none') return digits
  const mark = separators === 'space-right' ? ' ' : ','
  const isLeft = separators === 'comma-left'
  let text = ''
  for (let i = 0; i < digits.length; i++) {
    const passed = isLeft ? i : digits.length - i
    if (i > 0 && passed % 3 === 0) text += mark
    text += digits[i]
  }
  return text
}

/**
 * Whether the groups of several numbers, written one under the other with their last digits in one column, are
 * cut in the same columns wherever both have digits.
 */
export function areAligned(numbers: readonly DigitGroups[]): boolean {
  const cuts = numbers.map((groups) => {
    const places = new Set<number>()
    let right = 0
    for (const size of [...groups].reverse()) {
      right += size
      places.add(right)
    }
    return {places, length: right}
  })
  return cuts.every(({places, length}) =>
    cuts.every((other) => {
      const shared = Math.min(length, other.length)
      for (let place = 1; place < shared; place++) {
        if (places.has(place) !== other.places.has(place)) return false
      }
      return true
    })
  )
}
