const WIDTH_PX = 88
const HEIGHT_PX = 16

export interface SuccessSparkProps {
  readonly curve: readonly {readonly position: number; readonly value: number}[]
  /** Position of the response's first token, and how many there are. */
  readonly responseStart: number
  readonly tokenCount: number
}

/** Success along a response in small, from 0 to 1: the prompt alone at its left end. */
export function SuccessSpark({curve, responseStart, tokenCount}: SuccessSparkProps) {
  if (curve.length === 0) return null
  const x = (position: number) =>
    ((position - responseStart + 1) / Math.max(1, tokenCount)) * WIDTH_PX
  const y = (value: number) => 1 + (1 - value) * (HEIGHT_PX - 2)
  const points = curve.map(
    ({position, value}) => `${x(position).toFixed(1)} ${y(value).toFixed(1)}`
  )
  const values = curve.map(({value}) => `${Math.round(100 * value)} %`)
  return (
    <svg
      className="success-spark"
      width={WIDTH_PX}
      height={HEIGHT_PX}
      role="img"
      aria-label={`Success along it: ${values.join(', ')}`}
    >
      <path d={`M0 ${HEIGHT_PX - 0.5}H${WIDTH_PX}`} className="spark-base" />
      <path d={`M${points.join('L')}`} className="spark-line" />
    </svg>
  )
}
