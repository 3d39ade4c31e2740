import {decadeOf, powerOfTen} from '../scale.ts'

/** An axis of values around a drawn zero. */
export interface ValueAxis {
  readonly minimum: number
  readonly maximum: number
  readonly ticks: readonly number[]
  /** Decimals that its ticks need. */
  readonly decimals: number
}

const LEAST_SIDE = 0.02
const STEPS = [1, 2, 5, 10]

/** Ends at ticks of 1, 2 or 5 times a power of ten, zero among them; at most about `count` of them. */
export function valueAxis(values: Iterable<number | null>, count: number): ValueAxis {
  let low = 0
  let high = 0
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low === 0 && high === 0) high = 1
  // What is hardly any on one side needs no room there; its number says it.
  if (-low < LEAST_SIDE * high) low = 0
  if (high < LEAST_SIDE * -low) high = 0
  const least = (high - low) / Math.max(1, count)
  const decade = decadeOf(least)
  const factor = STEPS.find((step) => step * powerOfTen(decade) >= least) ?? 10
  const step = factor * powerOfTen(decade)
  const first = Math.floor(low / step + 1e-9)
  const last = Math.ceil(high / step - 1e-9)
  return {
    minimum: first * step,
    maximum: last * step,
    ticks: Array.from({length: last - first + 1}, (_, i) => (first + i) * step),
    decimals: Math.max(0, factor === 10 ? -decade - 1 : -decade),
  }
}

/** Where a value stands on an axis of so many pixels; what lies beyond stands at its end. */
export function axisPx({minimum, maximum}: ValueAxis, value: number, widthPx: number): number {
  const at = ((value - minimum) / (maximum - minimum)) * widthPx
  return at < 0 ? 0 : at > widthPx ? widthPx : at
}
