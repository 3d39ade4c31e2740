import {formatBits, formatCount, formatFixed} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import type {AttentionResult} from '../../shared/lenses/attention.ts'
import type {
  HEAD_SCORES,
  HeadStatistics,
  ProbedHead,
} from '../../shared/lenses/attention-statistics.ts'
import {type Column, formatTable} from '../../shared/lenses/text-table.ts'

/** With fewer positions a score is marked. */
const FEW_POSITIONS = 5
const SCORE_TITLES: readonly [(typeof HEAD_SCORES)[number], string][] = [
  ['previousTokenScore', 'previous'],
  ['firstTokenScore', 'first'],
  ['duplicateTokenScore', 'duplicate'],
  ['inductionScore', 'induction'],
]
const right = (title: string): Column => ({title, align: 'right'})

/** A row a head: its statistics, each score beside its chance level. */
export function headsTable(heads: readonly HeadStatistics[]): string {
  const table = formatTable(
    [
      {title: 'head', align: 'left'},
      ...['entropy, bits', 'of most', 'distance', 'without 0'].map(right),
      ...SCORE_TITLES.map(([, title]) => right(title)),
    ],
    heads.map((head) => [
      nameOf(head),
      formatBits(head.entropyBits),
      formatFixed(head.normalizedEntropy, 2),
      formatFixed(head.meanDistance, 1),
      formatFixed(head.meanDistanceWithoutSink, 1),
      ...SCORE_TITLES.map(([key]) => scoreText(head, key)),
    ])
  )
  const note =
    'Scores: mean weight where there is something to find, (what uniform attention would have); ° rests on fewer than 5 positions.'
  return `${table}\n${note}`
}

/** What random repeated tokens call the heads, the surest first. */
export function probeText({repeatProbe}: AttentionResult): string | null {
  if (!repeatProbe) return null
  const {length, repeats, seeds, heads} = repeatProbe
  const title = `Random-repeat probe: ${formatCount(length)} random tokens, ${repeats} times, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}`
  const named = heads.filter(({names}) => names.length > 0)
  if (named.length === 0) {
    return seeds < FEW_POSITIONS
      ? `${title}. Names rest on at least 5 seeds.\n${headsTable(heads)}`
      : `${title}. No head is named.\n${headsTable(heads)}`
  }
  const rows = named.map((head) => [
    nameOf(head),
    head.names.join(', '),
    ...SCORE_TITLES.map(([key]) => scoreText(head, key)),
  ])
  const columns: Column[] = [
    {title: 'head', align: 'left'},
    {title: 'named', align: 'left'},
    ...SCORE_TITLES.map(([, name]) => right(name)),
  ]
  return `${title}\n${formatTable(columns, rows)}`
}

/** A row a token: its importance; none of a position that takes no part. */
export function importanceText(
  {importance, tokens}: AttentionResult,
  noPrompt: boolean
): string | null {
  if (!importance) return null
  const {method, variant, query, values, hollowPositions, firstTokenShare} = importance
  const of = method === 'wpr' ? `Weighted PageRank, ${variant}` : method.replace('-', ' ')
  const unit =
    variant === 'position-corrected' ? '1 is what position alone gives' : 'where attention goes'
  const table = formatTable(
    [
      right('position'),
      ...(noPrompt ? [] : [{title: 'token', align: 'left'} as const]),
      right('importance'),
    ],
    values.map((value, position) => [
      String(position),
      ...(noPrompt ? [] : [plainGlyphs(tokens[position]!)]),
      `${formatFixed(value, 3)}${hollowPositions.includes(position) ? '°' : ' '}`,
    ])
  )
  const notes = [
    `${formatFixed(100 * firstTokenShare, 1)} % of it is on the first token that takes part.`,
    ...(hollowPositions.length > 0 ? ['° rests on too few rows.'] : []),
    'Where it looked, not what mattered; test it by masking.',
  ]
  return `Importance: ${of}${query === null ? '' : ` of position ${query}`} (${unit})\n${table}\n${notes.join(' ')}`
}

/** What filters hide, and what goes to no token. */
export function shownText({mass, nowhereShare, request}: AttentionResult): string | null {
  const of = request.aggregate ?? 'mean of the heads'
  const lines: string[] = []
  if (mass) {
    lines.push(
      `Of the ${of}, ${formatFixed(100 * mass.hiddenShare, 1)} % is hidden; ${formatCount(mass.sinkOnlyRows)} of ${formatCount(mass.rowCount)} rows keep only key 0.`
    )
  }
  if (nowhereShare !== undefined) {
    lines.push(`${formatFixed(100 * nowhereShare, 1)} % of the ${of} goes to no token.`)
  }
  return lines.length === 0 ? null : lines.join('\n')
}

const nameOf = ({layer, head}: HeadStatistics | ProbedHead) => `L${layer}.H${head}`

function scoreText(head: HeadStatistics, key: (typeof HEAD_SCORES)[number]): string {
  const score = head[key]
  if (score === null) return '—'
  const mark = head.positionCounts[key] < FEW_POSITIONS ? '°' : ''
  return `${formatFixed(score, 2)}${mark} (${formatFixed(head.chance[key], 2)})`
}
