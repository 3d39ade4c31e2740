import type {TreeStep} from '../src/shared/lenses/tree.ts'
import {ratioStandardError} from '../src/shared/math/ratio-error.ts'
import {type DraftWay, type Line, MODEL, NEW_TOKENS, WAYS} from './draft-trees.ts'
import {median} from './measure.ts'

const DEPTHS = 4

/** What the lines come to, as Markdown. */
export function draftTreesReport(lines: readonly Line[]): string {
  const prompts = new Set(lines.map(({prompt}) => prompt)).size
  const seeds = new Set(lines.map(({seed}) => seed)).size
  const ways = WAYS.map((way) => ({
    way,
    own: lines.filter((line) => line.way === way.name),
  })).filter(({own}) => own.length > 0)
  return `${[
    '# Draft trees on the built-in pair',
    `Made by \`node scripts/run-ts.mjs bench/draft-trees.ts --write\`: micro-draft guesses and ${MODEL} checks, ${prompts} prompts of \`assets/evaluation\` with ${seeds} seeds each, up to ${NEW_TOKENS} tokens, temperature 1, float32. Every way keeps the law of ${MODEL}. Means are over steps, ± is one standard error over runs (a run’s steps are not independent of each other).`,
    '## Lengths of a step',
    '*accepted* counts drafts that were accepted, *committed* the token of the model besides, *expected* is the sum of the probabilities that each drafted node is accepted, given the tree that was drawn. *Calls saved* is how many calls of the model plain decoding would have taken besides, of all tokens. *Speed-up* is committed · t(1) / (t(n + 1) + draft time of a step), with t(n) measured for n rows on the machine of the run: the median of all runs, printed as it is where it is below 1.',
    table(
      ['drafted by', 'shape', 'accepted', 'expected', 'committed', 'calls saved', 'speed-up'],
      ways.map(({way, own}) => lengthRow(way, own))
    ),
    '## Acceptance by depth',
    'Of steps that arrived at a node’s parent and had a child to test there, the share that went on: accepted/reached, with the number reached in brackets.',
    table(
      ['drafted by', ...Array.from({length: DEPTHS}, (_, i) => `depth ${i + 1}`)],
      ways.map(({way, own}) => [
        way.name,
        ...Array.from({length: DEPTHS}, (_, i) => depthCell(own, i + 1)),
      ])
    ),
    '## What became of drafted nodes',
    'Most nodes of a tree are never tested: an earlier sibling was accepted, or an ancestor was not.',
    table(
      [
        'drafted by',
        'drafted a step',
        'accepted',
        'rejected',
        'untested',
        'accepted/tested',
        'accepted/drafted',
      ],
      ways.map(({way, own}) => statusRow(way, own))
    ),
  ].join('\n\n')}\n`
}

const stepsOf = (own: readonly Line[]) => own.flatMap(({stats}) => stats.perStep)
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

function lengthRow(way: DraftWay, own: readonly Line[]): (string | number)[] {
  const speedUps = own.flatMap(({speedUp}) => (speedUp === null ? [] : [speedUp]))
  const tokens = sumOf(stepsOf(own).map(({committed}) => committed))
  const saved = sumOf(own.map(({stats}) => stats.targetCallsSaved))
  return [
    ...[way.name, way.words, ratioOfMeans(own, ({accepted}) => accepted)],
    ratioOfMeans(own, ({estimated}) => estimated),
    ratioOfMeans(own, ({committed}) => committed),
    `${saved} of ${tokens}`,
    speedUps.length === 0 ? '—' : `${median(speedUps).toFixed(2)} ×`,
  ]
}

/** Mean a step, with its standard error over runs. */
function ratioOfMeans(own: readonly Line[], of: (step: TreeStep) => number): string {
  const sums = own.map(({stats}) => sumOf(stats.perStep.map(of)))
  const counts = own.map(({stats}) => stats.perStep.length)
  const ratio = sumOf(sums) / sumOf(counts)
  const error = ratioStandardError(sums, counts)
  return `${ratio.toFixed(2)}${error === null ? '' : ` ± ${error.toFixed(2)}`}`
}

function depthCell(own: readonly Line[], depth: number): string {
  const rows = own.flatMap(({stats}) => stats.byDepth.filter((row) => row.depth === depth))
  const reached = sumOf(rows.map((row) => row.reached))
  if (reached === 0) return '—'
  const accepted = sumOf(rows.map((row) => row.accepted))
  return `${(accepted / reached).toFixed(2)} (${reached})`
}

function statusRow(way: DraftWay, own: readonly Line[]): (string | number)[] {
  const count = (status: string) => sumOf(own.map(({stats}) => stats.statusCounts[status] ?? 0))
  const [accepted, rejected, untested] = [count('accepted'), count('rejected'), count('untested')]
  const drafted = accepted + rejected + untested
  // Tests, not nodes: one that several drafted paths share is tested once for each.
  const tested = sumOf(own.flatMap(({stats}) => stats.byDepth.map((row) => row.tested)))
  const share = (part: number, whole: number) => (whole === 0 ? '—' : (part / whole).toFixed(2))
  return [
    ...[way.name, (drafted / stepsOf(own).length).toFixed(1), accepted, rejected, untested],
    ...[share(accepted, tested), share(accepted, drafted)],
  ]
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  return [
    line(head),
    `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}
