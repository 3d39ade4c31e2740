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
      ...[meanOf(own.map(({precision}) => precision)), meanOf(own.map(({recallAt3}) => recallAt3))],
      // Curves go by the scores per step alone.
      ...(method === 'reagent released'
        ? ['', '']
        : [
            meanOf(own.map(({deletionArea}) => deletionArea)),
            meanOf(own.map(({insertionArea}) => insertionArea)),
          ]),
      method.startsWith('reagent') ? String(own.filter(({converged}) => !converged).length) : '',
    ]
  })
  const names = ['top-1 in C', 'precision at |C|', 'recall at 3', 'deletion', 'insertion']
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

function softTable(families: readonly string[], scored: readonly Scored[]): string {
  const rows = families.map((family) => {
    const ratios = scored
      .filter((line) => line.family === family && line.method === 'reagent')
      .flatMap(({logRatioToPermuted}) => logRatioToPermuted ?? [])
    const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / Math.max(1, ratios.length)
    return [family, ratios.length, meanOf(ratios), mean > 0 ? 'yes' : 'no']
  })
  const text = table(['family', 'prompts', 'mean ln ratio', 'beats them'], rows)
  return `Paper form, inserted and special tokens left out; a ratio above 0 is better than chance.\n\n${text}`
}

function shareOf(values: readonly boolean[]): string {
  if (values.length === 0) return '—'
  const hits = values.filter(Boolean).length
  const [low, high] = wilsonInterval(hits, values.length)
  return `${(hits / values.length).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
}

function meanOf(values: readonly number[]): string {
  if (values.length === 0) return '—'
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length === 1) return mean.toFixed(2)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const error = Z * Math.sqrt(squares / (values.length - 1) / values.length)
  return `${mean.toFixed(2)} ± ${error.toFixed(2)}`
}

function table(names: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(escaped).join(' | ')} |`
  return [line(names), line(names.map(() => '---')), ...rows.map(line)].join('\n')
}

/** |C| would end a cell. */
function escaped(cell: string | number): string {
  return String(cell).replaceAll('|', '\\|')
}
