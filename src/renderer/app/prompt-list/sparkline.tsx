import {
  formatBits,
  formatCount,
  formatFixed,
  formatMany,
} from '../../../shared/figures/number-format.ts'
import {sparkBars} from './spark-bars.ts'

/** Bits at the top of every sparkline, so that rows can be compared. */
export const SPARK_TOP_BITS = 8
const WIDTH_PX = 112
const HEIGHT_PX = 18
const MOST_BARS = 37
/** Bars of short prompts, which would not fill the width. */
const MOST_STEP_PX = 6

/** Surprisal token by token as bars; a long prompt has a bar for several tokens, of their mean. */
export function Sparkline({surprisals}: {readonly surprisals: Float32Array}) {
  const bars = sparkBars(surprisals, MOST_BARS)
  const stepPx = Math.min(MOST_STEP_PX, WIDTH_PX / Math.max(1, bars.length))
  const path = bars
    .map((bits, i) => {
      if (bits === null) return ''
      const height = Math.max(0.75, (HEIGHT_PX * Math.min(bits, SPARK_TOP_BITS)) / SPARK_TOP_BITS)
      return `M${(i * stepPx).toFixed(2)} ${HEIGHT_PX}v${(-height).toFixed(2)}h${(stepPx * 0.72).toFixed(2)}v${height.toFixed(2)}z`
    })
    .join('')
  return (
    <svg className="sparkline" width={WIDTH_PX} height={HEIGHT_PX} aria-hidden="true">
      <path d={path} />
    </svg>
  )
}

/** Values that are written out; of longer prompts they are the first. */
const MOST_VALUES = 32

/** `12 tokens, 0.01 to 7.20 bits; most at token 5. Bits token by token: —, 3.20, …`. */
export function sparkHint(surprisals: Float32Array): string {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  let place = 0
  let count = 0
  for (const [position, bits] of surprisals.entries()) {
    if (Number.isNaN(bits)) continue
    count++
    least = Math.min(least, bits)
    if (bits <= most) continue
    most = bits
    place = position
  }
  if (count === 0) return 'No token of this prompt has a surprisal.'
  const over = most > SPARK_TOP_BITS ? `, drawn up to ${SPARK_TOP_BITS}` : ''
  return `${formatMany(count, 'token')}, ${formatBits(least)} to ${formatBits(most)} bits${over}; most at token ${formatCount(place)}. ${valueWords(surprisals)}`
}

function valueWords(surprisals: Float32Array): string {
  const values = Array.from(surprisals.subarray(0, MOST_VALUES), (bits) => formatFixed(bits, 2))
  const whole = surprisals.length <= MOST_VALUES
  const which = whole ? 'Bits token by token' : `Bits of the first ${MOST_VALUES} tokens`
  return `${which}: ${values.join(', ')}${whole ? '.' : ' …'}`
}
