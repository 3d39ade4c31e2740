import {wilsonInterval} from '../src/shared/math/wilson.ts'
import type {Line} from './critical-tokens.ts'
import type {MeanOf, PassRow} from './critical-tokens-figure.ts'

const Z = 1.959964
const NAMES = {contrastive: '1 − s', difference: 'd', base: '1 − p of the base model'} as const
const METHODS = Object.keys(NAMES) as (keyof typeof NAMES)[]

/** What the lines come to, as Markdown. */
export function criticalTokensReport(lines: readonly Line[], model: string): string {
  const recoverable = lines.filter((line) => line.isRecoverable)
  const found = recoverable.filter((line) => line.released !== null)
  const exhaustive = recoverable.filter((line) => line.exhaustive)
  return `${[
    '# Critical tokens of wrong answers',
    `Made by \`node scripts/run-ts.mjs bench/critical-tokens.ts --write\` on ${model}: wrong answers to word problems of \`assets/evaluation\`, sampled at temperature 1 and top-p .95, whose first wrong step is known from the generator's own steps. Adaptive rollouts, 64 completions of a prefix that is looked at closely, released rule with a tolerance of 3 in 64. Intervals are 95 %: Wilson's for shares, normal ones for means.`,
    table(
      [
        'wrong answers',
        'not recoverable from the start',
        'with a critical token',
        'with a drop (ours)',
        'completions, mean',
      ],
      [
        [
          ...[lines.length, lines.length - recoverable.length, found.length],
          recoverable.filter(({ours}) => ours !== null).length,
          Math.round(mean(recoverable.map(({completionCount}) => completionCount))),
        ],
      ]
    ),
    '## Against the first wrong step',
    stepTable(found),
    '## The other estimators against the released rule',
    estimatorTable(found),
    [1, 3].map((count) => verdict(found, count)).join(' '),
    '## The critical token kept and forbidden',
    'With the token kept hardly anything can be right: the rule chose it for that. What is right with it forbidden was sampled afresh.',
    passTable(found),
    '![pass@k with the critical token kept and forbidden](critical-tokens.svg)',
    '## Adaptive beside exhaustive',
    exhaustiveTable(exhaustive),
  ].join('\n\n')}\n`
}

function stepTable(found: readonly Line[]): string {
  const known = found.filter((line) => line.firstWrong)
  const rows = (['released', 'ours'] as const).map((rule) => {
    const own = known.filter((line) => line[rule] !== null)
    const at = (test: (by: number) => boolean) =>
      shareOf(own.map((line) => test(line[rule]! - line.firstWrong!.token)))
    const numbers = found.filter((line) => line[rule] !== null && line.firstWrongNumber !== null)
    return [
      ...[rule, own.length, at((by) => by === 0), at((by) => by < 0), at((by) => by > 0)],
      at((by) => Math.abs(by) <= 3),
      shareOf(numbers.map((line) => line[rule]! < line.firstWrongNumber!)),
      numbers.length,
    ]
  })
  const kinds = ['plan', 'number', 'sum', 'missing', 'extra'] as const
  const counts = kinds.map((kind) => known.filter((line) => line.firstWrong!.kind === kind).length)
  return [
    table(
      [
        'rule',
        'answers',
        'at the first wrong token',
        'before it',
        'after it',
        'within 3',
        'before the first wrong number',
        'of answers with one',
      ],
      rows
    ),
    `What is wrong first: ${kinds.map((kind, i) => `${kind} ${counts[i]}`).join(', ')}.`,
  ].join('\n\n')
}

const isTop = (line: Line, method: (typeof METHODS)[number], count: number) =>
  line.top[method].slice(0, count).includes(line.released!)

function estimatorTable(found: readonly Line[]): string {
  return table(
    ['estimator', 'top-1', 'top-3', 'beats 1 − p'],
    METHODS.map((method) => [
      NAMES[method],
      ...[1, 3].map((count) => shareOf(found.map((line) => isTop(line, method, count)))),
      method === 'base' ? '' : beatsBase(found, method),
    ])
  )
}

function beatsBase(found: readonly Line[], method: (typeof METHODS)[number]): string {
  const hits = (one: (typeof METHODS)[number], count: number) =>
    found.filter((line) => isTop(line, one, count)).length
  return [1, 3]
    .map(
      (count) => `${hits(method, count) > hits('base', count) ? 'yes' : '**no**'} at top-${count}`
    )
    .join(', ')
}

/** Whether 1 − s beats 1 − p of the base model, and whether that may be chance: both are of the same answers. */
function verdict(found: readonly Line[], count: number): string {
  const hits = (method: (typeof METHODS)[number]) =>
    found.filter((line) => isTop(line, method, count)).length
  const only = (one: (typeof METHODS)[number], other: (typeof METHODS)[number]) =>
    found.filter((line) => isTop(line, one, count) && !isTop(line, other, count)).length
  const [contrastive, base] = [hits('contrastive'), hits('base')]
  const counts = `${contrastive} against ${base} of ${found.length}, ${only('contrastive', 'base')} by it alone and ${only('base', 'contrastive')} by the other alone`
  return contrastive > base
    ? `Top-${count}: 1 − s names the released rule's token more often than the base model's own surprise (${counts}).`
    : `Top-${count}: 1 − s does **not** beat the base model's own surprise here (${counts}).`
}

function passTable(found: readonly Line[]): string {
  return table(
    ['k', 'pass@k with the token kept', 'forbidden'],
    passRows(found).map(({k, kept, forbidden}) => [k, meanText(kept), meanText(forbidden)])
  )
}

/** pass@k over the answers that have a critical token by the released rule. */
export function passRows(lines: readonly Line[]): PassRow[] {
  const found = lines.filter((line) => line.isRecoverable && line.released !== null)
  const ks = [...new Set(found.flatMap(({passAtK}) => passAtK.map(({k}) => k)))].sort(
    (a, b) => a - b
  )
  return ks.map((k) => {
    const own = found.flatMap(({passAtK}) => passAtK.filter((one) => one.k === k))
    return {
      k,
      kept: meanOf(own.map(({kept}) => kept)),
      forbidden: meanOf(own.map(({forbidden}) => forbidden)),
    }
  })
}

function exhaustiveTable(lines: readonly Line[]): string {
  const same = lines.map((line) => line.exhaustive!.released === line.released)
  return table(
    [
      'answers',
      'the same token',
      'the same, or intervals overlap at both',
      'completions, adaptive to exhaustive',
    ],
    [
      [
        lines.length,
        shareOf(same),
        shareOf(lines.map((line, i) => same[i]! || line.exhaustive!.overlaps)),
        mean(
          lines.map(
            ({completionCount, exhaustive}) => completionCount / exhaustive!.completionCount
          )
        ).toFixed(2),
      ],
    ]
  )
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((a, b) => a + b, 0) / values.length
}

function shareOf(hits: readonly boolean[]): string {
  if (hits.length === 0) return ''
  const count = hits.filter(Boolean).length
  const [low, high] = wilsonInterval(count, hits.length)
  return `${(count / hits.length).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
}

function meanText({mean: middle, half}: MeanOf): string {
  return `${middle.toFixed(3)} ± ${half.toFixed(3)}`
}

function meanOf(values: readonly number[]): MeanOf {
  const middle = mean(values)
  const variance = mean(values.map((value) => (value - middle) ** 2))
  const half = Z * Math.sqrt(variance / Math.max(1, values.length - 1))
  return {mean: middle, half}
}

function table(names: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [names, names.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return lines.join('\n')
}
