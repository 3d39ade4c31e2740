import {paletteOf} from '../src/shared/figures/palette.ts'

/** A mean over answers with half the width of its 95 % interval. */
export interface MeanOf {
  readonly mean: number
  readonly half: number
}
export interface PassRow {
  readonly k: number
  readonly kept: MeanOf
  readonly forbidden: MeanOf
}

const WIDTH = 560
const HEIGHT = 300
const PLOT = {left: 56, right: 440, top: 24, bottom: 248}
const CAP = 4

/** pass@k with the critical token kept and forbidden, with the intervals of the means, as an SVG of its own. */
export function passFigure(rows: readonly PassRow[], answerCount: number): string {
  const palette = paletteOf('light', 'ember')
  const last = Math.log2(Math.max(2, ...rows.map(({k}) => k)))
  const x = (k: number) => PLOT.left + ((PLOT.right - PLOT.left) * Math.log2(k)) / last
  const y = (share: number) =>
    PLOT.bottom - (PLOT.bottom - PLOT.top) * Math.min(1, Math.max(0, share))
  const at = (value: number) => value.toFixed(2)
  const text = (left: number, top: number, words: string, more = '') =>
    `<text x="${at(left)}" y="${at(top)}" font-size="11" fill="${palette.ink2}" ${more}>${words}</text>`
  const line = (from: readonly [number, number], to: readonly [number, number], color: string) =>
    `<path d="M${at(from[0])} ${at(from[1])}L${at(to[0])} ${at(to[1])}" stroke="${color}" fill="none"/>`
  const series = (name: 'kept' | 'forbidden', color: string, dash: string) => {
    const points = rows.map((row) => [x(row.k), y(row[name].mean)] as const)
    const end = points.at(-1)!
    return [
      `<path d="M${points.map((point) => point.map(at).join(' ')).join('L')}" stroke="${color}" stroke-width="2" fill="none" ${dash}/>`,
      ...rows.flatMap((row) => {
        const [low, high] = [y(row[name].mean - row[name].half), y(row[name].mean + row[name].half)]
        const place = x(row.k)
        return [
          line([place, low], [place, high], color),
          line([place - CAP, low], [place + CAP, low], color),
          line([place - CAP, high], [place + CAP, high], color),
        ]
      }),
      ...points.map(([px, py]) => `<circle cx="${at(px)}" cy="${at(py)}" r="3" fill="${color}"/>`),
      text(end[0] + 12, end[1] + 4, `token ${name}`),
    ]
  }
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="Inter, sans-serif" role="img" aria-label="pass@k with the critical token kept and forbidden, over ${answerCount} wrong answers">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="${palette.paper}"/>`,
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      line([PLOT.left, y(share)], [PLOT.right, y(share)], palette.line),
      text(PLOT.left - 8, y(share) + 4, share.toFixed(2), 'text-anchor="end"'),
    ]),
    ...rows.map(({k}) => text(x(k), PLOT.bottom + 18, String(k), 'text-anchor="middle"')),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 38, 'k', 'text-anchor="middle"'),
    text(
      PLOT.left,
      PLOT.top - 10,
      `pass@k, mean over ${answerCount} wrong answers, 95 % intervals`
    ),
    ...series('kept', palette.rejected, ''),
    ...series('forbidden', palette.accepted, 'stroke-dasharray="6 3"'),
    '</svg>',
  ].join('\n')}\n`
}
