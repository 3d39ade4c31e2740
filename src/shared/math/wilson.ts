/** Standard errors on either side of a normal mean that hold 95 %. */
const Z = 1.959964

/**
 * The 95 % score interval of a share of `hits` in `count` trials, both ends from 0 to 1 (Wilson 1927). Of no
 * trials it is everything.
 */
export function wilsonInterval(hits: number, count: number): readonly [low: number, high: number] {
  if (count === 0) return [0, 1]
  const share = hits / count
  const middle = share + (Z * Z) / (2 * count)
  const half = Z * Math.sqrt((share * (1 - share)) / count + (Z * Z) / (4 * count * count))
  const scale = 1 + (Z * Z) / count
  return [hits === 0 ? 0 : (middle - half) / scale, hits === count ? 1 : (middle + half) / scale]
}
