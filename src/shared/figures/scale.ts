// Only + − × ÷ and √ here: exp, log and pow differ in their last digit between Node and browsers,
// and a figure must be the same bytes in both.

const NICE_MANTISSAS = [1, 1.2, 1.5, 2, 3, 4, 5, 6, 8, 10]

/** Powers of ten 10^-20 … 10^20; literals, because repeated multiplication would drift. */
const POWERS_OF_TEN = [
  1e-20, 1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7,
  1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
]
const LOWEST_EXPONENT = -20

/** 10^exponent for a whole exponent from -20 to 20. */
export function powerOfTen(exponent: number): number {
  const power = POWERS_OF_TEN[exponent - LOWEST_EXPONENT]
  if (power === undefined) throw new RangeError(`no power of ten for ${exponent}`)
  return power
}

/** The largest whole exponent whose power of ten is at most `value` (> 0), within -20 … 20. */
export function decadeOf(value: number): number {
  let index = 0
  while (index + 1 < POWERS_OF_TEN.length && POWERS_OF_TEN[index + 1]! <= value) index += 1
  return index + LOWEST_EXPONENT
}

/** The smallest round number that is at least `value`; 1 for nothing to show. */
export function niceCeiling(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1
  const decade = powerOfTen(decadeOf(value))
  for (const mantissa of NICE_MANTISSAS) {
    if (mantissa * decade >= value) return mantissa * decade
  }
  return 10 * decade
}

/** Ticks from 0 to `last`, both whole, at most `count` steps of 1, 2 or 5 times a power of ten. */
export function wholeTicks(last: number, count: number): number[] {
  let step = 1
  for (let i = 0; last / step > count; i++) {
    step = [1, 2, 5][i % 3]! * powerOfTen((i - (i % 3)) / 3)
  }
  const ticks: number[] = []
  for (let tick = 0; tick <= last; tick += step) ticks.push(tick)
  return ticks
}

const STEPS_PER_DECADE = 64
// 10^(1/64) is the sixth square root of ten, and √ is exact to the last digit everywhere.
const mantissas = (() => {
  let root = 10
  for (let i = 0; i < 6; i++) root = Math.sqrt(root)
  const list = [1]
  for (let i = 1; i < STEPS_PER_DECADE; i++) list.push(list[i - 1]! * root)
  list.push(10)
  return list
})()

/**
 * The decimal logarithm of a positive number, linear between 64 steps a decade: off by at most
 * 2e-4, which is a fiftieth of a pixel on an axis of a hundred pixels a decade.
 */
export function log10Of(value: number): number {
  const exponent = decadeOf(value)
  const mantissa = value / powerOfTen(exponent)
  if (mantissa <= 1) return exponent
  if (mantissa >= 10) return exponent + 1
  let low = 0
  let high = STEPS_PER_DECADE
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (mantissas[middle]! <= mantissa) low = middle
    else high = middle
  }
  const between = (mantissa - mantissas[low]!) / (mantissas[high]! - mantissas[low]!)
  return exponent + (low + between) / STEPS_PER_DECADE
}
