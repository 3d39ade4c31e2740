const STEPS_PER_OCTAVE = 256
/** Steps a unit of the argument: 256 / ln 2. */
const STEPS_PER_UNIT = 369.3299304675746
/** ln 2 / 256. */
const UNITS_PER_STEP = 0.0027076061740622863
const LOWEST_ARGUMENT = -708
const HIGHEST_ARGUMENT = 708
const EXPONENT_OFFSET = 1024

/** Down to here one table serves, small enough to stay in the cache. */
const LOWEST_NEAR = -44

const STEP_POWERS = fractionalPowersOfTwo()
const OCTAVE_POWERS = wholePowersOfTwo()
const NEAR_POWERS = Float64Array.from({length: 16_384}, (_, steps) => powerOfSteps(steps))

/**
 * e to the power x, with a relative error below 5e-13 for -708 <= x <= 708; 0 below that range,
 * Infinity above it, NaN for NaN.
 *
 * It uses only + − × and tables built from + − × ÷ and square roots, so it gives the same bits in
 * every JavaScript engine, which Math.exp does not.
 */
export function exp(x: number): number {
  if (x > HIGHEST_ARGUMENT) return Number.POSITIVE_INFINITY
  return x > 0 ? 1 / expOfNonPositive(-x) : expOfNonPositive(x)
}

/**
 * {@link exp} for x <= 0, where one comparison is enough: about three times as fast as Math.exp in
 * a loop over a vocabulary. What it returns for x > 0 is not defined.
 */
export function expOfNonPositive(x: number): number {
  if (x < LOWEST_NEAR) return expOfFar(x)
  const steps = (0.5 - x * STEPS_PER_UNIT) | 0
  const rest = x + steps * UNITS_PER_STEP
  // The Taylor series: |rest| is at most ln 2 / 512, so the first term left out is below 1.5e-13.
  return NEAR_POWERS[steps]! * (1 + rest * (1 + rest * (0.5 + rest * (1 / 6))))
}

/** The same below LOWEST_NEAR, where logits are few and their weights hardly count. */
function expOfFar(x: number): number {
  if (x < LOWEST_ARGUMENT) return 0
  const steps = (0.5 - x * STEPS_PER_UNIT) | 0
  const rest = x + steps * UNITS_PER_STEP
  return powerOfSteps(steps) * (1 + rest * (1 + rest * (0.5 + rest * (1 / 6))))
}

/** 2^(-steps/256). */
function powerOfSteps(steps: number): number {
  const octaves = Math.ceil(steps / STEPS_PER_OCTAVE)
  return (
    STEP_POWERS[octaves * STEPS_PER_OCTAVE - steps]! * OCTAVE_POWERS[EXPONENT_OFFSET - octaves]!
  )
}

/** 2^(i/256), each a product of repeated square roots of 2, which IEEE 754 rounds correctly. */
function fractionalPowersOfTwo(): Float64Array {
  const powers = new Float64Array(STEPS_PER_OCTAVE).fill(1)
  let root = 2
  for (let bit = STEPS_PER_OCTAVE / 2; bit >= 1; bit /= 2) {
    root = Math.sqrt(root)
    for (let i = 0; i < STEPS_PER_OCTAVE; i++) if (i & bit) powers[i]! *= root
  }
  return powers
}

/** 2^(i - 1024), exact: doubling and halving lose nothing. */
function wholePowersOfTwo(): Float64Array {
  const powers = new Float64Array(2 * EXPONENT_OFFSET)
  powers[EXPONENT_OFFSET] = 1
  for (let i = EXPONENT_OFFSET + 1; i < powers.length; i++) powers[i] = powers[i - 1]! * 2
  for (let i = EXPONENT_OFFSET - 1; i >= 0; i--) powers[i] = powers[i + 1]! / 2
  return powers
}
