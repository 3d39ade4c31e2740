import {wilsonInterval} from '../src/shared/math/wilson.ts'
import type {Line} from './planted-causes.ts'

type Scored = Extract<Line, {readonly method: string}>
/** Standard errors on either side of a mean that hold 95 %. */
const Z = 1.959964

/** What the lines come to, as Markdown. */
export function plantedCausesReport(
  lines: readonly Line[],
  limits: {model: string; maxSteps: number; probes: number; mostTokens: number}
): string {
  const scored = lines.filter((line): line is Scored => 'method' in line)
  const families = [...new Set(lines.map(({family}) => family))]
  const methods = [...new Set(scored.map(({method}) => method))]
  return `${[
    '# Attribution against planted causes',
    `Made by \`node scripts/run-ts.mjs bench/planted-causes.ts --write\` on ${limits.model}. Each prompt of \`assets/evaluation\` names the set C of tokens that its answer takes together; each of them was confirmed by replacing it alone, with the probability falling by at least half on average over 5 replacements. At most ${limits.maxSteps} steps, ${limits.probes} probes, permutations or draws; prompts of at most ${limits.mostTokens} tokens. Intervals are 95 %: Wilson's for shares, normal ones for means. Which of several jointly necessary tokens comes first says nothing; score against the set.`,
    'C is what the evaluation file names. Others may be needed too, such as the sign between a key and its value: “first is needed” counts a first token whose replacement by itself takes at least half, in C or not. “reagent” is the default preset, which replaces three tenths of the text at a step: of three tokens that are needed together at least one is among those in 66 % of steps, of five in 83 %, and every step that hits one of them credits all that it replaced. The preset of the token-level settings replaces a tenth (27 % and 41 %).',
    verdict(families, scored),
    droppedTable(lines, families),
    '## By family and method',
    scoreTable(
      families.flatMap((family) => methods.map((method) => ({family, method}))),
      scored
    ),
    '## By how many tokens are needed together',
    countTable(methods, scored),
    '## Soft-NC of ReAGent beside its own scores at other positions',
    softTable(families, scored),
  ].join('\n\n')}\n`
}

/** Where ReAGent's first token is a cause no more often than that of random scores, in words. */
function verdict(families: readonly string[], scored: readonly Scored[]): string {
  const hitsOf = (family: string, method: string) =>
    scored
      .filter((line) => line.family === family && line.method === method)
      .map(({topIsCause}) => topIsCause)
  const sentences = families.map((family) => {
    const random = hitsOf(family, 'random')
    const [own, token] = ['reagent', 'reagent, preset token'].map((method) => {
      const hits = hitsOf(family, method)
      return {text: shareOf(hits), isBetter: isAbove(hits, random)}
    })
    const verdictOf = (isBetter: boolean) =>
      isBetter ? 'better' : 'no better than random within the intervals'
    return `${family}: the default preset ${own!.text} is ${verdictOf(own!.isBetter)}, the token preset ${token!.text} is ${verdictOf(token!.isBetter)}, random ${shareOf(random)}`
  })
  return `**Top-1 in C beside random scores**, “better” only where the intervals do not meet. ${sentences.join('; ')}. Where several tokens are needed together take the token preset, or occlusion; the default preset's bars then do not tell a cause from another token.`
}

/** Whether two shares are so far apart that their intervals do not meet, the first above the second. */
function isAbove(hits: readonly boolean[], others: readonly boolean[]): boolean {
  if (hits.length === 0 || others.length === 0) return false
  const [low] = wilsonInterval(hits.filter(Boolean).length, hits.length)
  const [, high] = wilsonInterval(others.filter(Boolean).length, others.length)
  return low > high
}

function droppedTable(lines: readonly Line[], families: readonly string[]): string {
  const rows = families.map((family) => {
    const own = lines.filter((line) => line.family === family)
    const count = (reason: string) =>
      own.filter((line) => 'dropped' in line && line.dropped === reason).length
    const used = new Set(own.filter((line) => 'method' in line).map(({id}) => id)).size
    return [family, used, count('not known'), count('not confirmed'), count('too long')]
  })
  return table(
    ['family', 'prompts', 'answer not the likeliest', 'a cause not confirmed', 'too long'],
    rows
  )
}

function scoreTable(
  groups: readonly {family: string; method: string}[],
  scored: readonly Scored[]
) {
  const rows = groups.map(({family, method}) => {
    const own = scored.filter((line) => line.family === family && line.method === method)
    return [
      ...[family, method, shareOf(own.map(({topIsCause}) => topIsCause))],
      shareOf(own.map(({topIsNecessary}) => topIsNecessary)),
      ...[meanOf(own.map(({precision}) => precision)), meanOf(own.map(({recallAt3}) => recallAt3))],
      // Curves go by the scores per step alone.
      ...(method.endsWith(', released')
        ? ['', '']
        : [
            meanOf(own.map(({deletionArea}) => deletionArea)),
            meanOf(own.map(({insertionArea}) => insertionArea)),
          ]),
      method.startsWith('reagent') ? String(own.filter(({converged}) => !converged).length) : '',
    ]
  })
  const names = [
    'top-1 in C',
    'first is needed',
    'precision at |C|',
    'recall at 3',
    'deletion',
    'insertion',
  ]
  return table(['family', 'method', ...names, 'no probe stopped'], rows)
}

function countTable(methods: readonly string[], scored: readonly Scored[]): string {
  const counts = [...new Set(scored.map(({causeCount}) => causeCount))].sort((a, b) => a - b)
  const rows = counts.flatMap((count) =>
    methods.map((method) => {
      const own = scored.filter((line) => line.causeCount === count && line.method === method)
      return [
        ...[count, method, own.length, shareOf(own.map(({topIsCause}) => topIsCause))],
        ...[
          meanOf(own.map(({precision}) => precision)),
          meanOf(own.map(({recallAt3}) => recallAt3)),
        ],
      ]
    })
  )
  return table(['|C|', 'method', 'prompts', 'top-1 in C', 'precision at |C|', 'recall at 3'], rows)
}

/** As published: of means over prompts. A difference is what its interval does not hold 0 of. */
function softTable(families: readonly string[], scored: readonly Scored[]): string {
  const methods = [...new Set(scored.filter(({softNc}) => softNc).map(({method}) => method))]
    // Both of a run have one: it is measured on the released scores.
    .filter((method) => !method.endsWith(', released'))
  const rows = families.flatMap((family) =>
    methods.map((method) => {
      const pairs = scored
        .filter((line) => line.family === family && line.method === method)
        .flatMap(({softNc}) =>
          softNc?.logRatioToPermuted == null
            ? []
            : [{own: softNc.value, other: softNc.value / Math.exp(softNc.logRatioToPermuted)}]
        )
      const own = meanIn(pairs.map((pair) => pair.own))
      const other = meanIn(pairs.map((pair) => pair.other))
      return [
        ...[family, method, pairs.length, own.mean.toFixed(3), other.mean.toFixed(3)],
        Math.log(own.mean / other.mean).toFixed(2),
        ...differenceOf(pairs.map((pair) => pair.own - pair.other)),
      ]
    })
  )
  const text = table(
    [
      ...['family', 'method', 'prompts', 'Soft-NC', 'permuted', 'ln of the ratio'],
      ...['difference', 'beats them'],
    ],
    rows
  )
  return `Paper form, mean over prompts, inserted and special tokens left out; a ratio above 0 is better than chance. “Not shown” is a difference whose interval holds 0.\n\n${text}`
}

function differenceOf(differences: readonly number[]): [string, string] {
  const {mean, error} = meanIn(differences)
  const verdict = mean - error > 0 ? 'yes' : mean + error < 0 ? 'no' : 'not shown'
  return [`${mean.toFixed(3)} ± ${error.toFixed(3)}`, verdict]
}

function shareOf(values: readonly boolean[]): string {
  if (values.length === 0) return '—'
  const hits = values.filter(Boolean).length
  const [low, high] = wilsonInterval(hits, values.length)
  return `${(hits / values.length).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
}

function meanOf(values: readonly number[]): string {
  if (values.length === 0) return '—'
  const {mean, error} = meanIn(values)
  return values.length === 1 ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${error.toFixed(2)}`
}

/** A mean and what lies on either side of it in a 95 % interval; 0 of a single value. */
function meanIn(values: readonly number[]): {mean: number; error: number} {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const variance = squares / Math.max(1, values.length - 1)
  return {mean, error: Z * Math.sqrt(variance / values.length)}
}

function table(names: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(escaped).join(' | ')} |`
  return [line(names), line(names.map(() => '---')), ...rows.map(line)].join('\n')
}

/** |C| would end a cell. */
function escaped(cell: string | number): string {
  return String(cell).replaceAll('|', '\\|')
}
