import {formatCount, formatFixed, formatMany} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'
import type {VocabularyItem, VocabularyResult} from '../../shared/lenses/vocabulary.ts'

/** Rows of each list that are printed for people. */
const ROWS = 12

const percent = (share: number | null) =>
  share === null ? '—' : `${formatFixed(100 * share, 2)} %`

/** The result of `vocabulary` for people: sizes, classes, scripts, overlap, and what was looked for. */
export function vocabularyText(result: VocabularyResult): string {
  const parts = [sizes(result), classes(result), scripts(result)]
  if (result.overlap.length > 0) parts.push(overlap(result))
  for (const row of result.unreachable ?? []) {
    parts.push(
      `${row.tokenizer}: ${formatMany(row.count, 'entry', 'entries')} that no text gives, ${formatCount(row.untriedCount)} not tried\n${list(row.entries)}`
    )
  }
  for (const {tokenizer, count, entries} of result.found ?? []) {
    parts.push(`${tokenizer}: ${formatMany(count, 'entry', 'entries')} found\n${list(entries)}`)
  }
  return `${parts.join('\n\n')}\n`
}

function list(entries: readonly VocabularyItem[]): string {
  return entries
    .slice(0, ROWS)
    .map((entry) => `${String(entry.id).padStart(8)}  ${plainGlyphs(entry) || '∅'}`)
    .join('\n')
}

function sizes({tokenizers, underTrained}: VocabularyResult): string {
  const columns = [
    {title: 'tokenizer', align: 'left'},
    {title: 'entries', align: 'right'},
    {title: 'special', align: 'right'},
    {title: 'distinct', align: 'right'},
    {title: 'begin with a space', align: 'right'},
    {title: 'under-trained?', align: 'right'},
  ] as const
  const rows = tokenizers.map((row) => {
    const count = underTrained.find(({tokenizer}) => tokenizer === row.id)?.count ?? null
    return [
      row.id,
      ...[row.entryCount, row.specialCount, row.distinctCount].map(formatCount),
      percent(row.spaceStartShare),
      count === null ? '—' : formatCount(count),
    ]
  })
  return formatTable(columns, rows)
}

function classes({composition, tokenizers}: VocabularyResult): string {
  const names = [...new Set(composition.map((row) => row.class))]
  const columns = [
    {title: 'class', align: 'left'},
    ...tokenizers.map(({id}) => ({title: id, align: 'right'}) as const),
  ] as const
  const rows = names.map((name) => [
    name,
    ...tokenizers.map(({id}) => {
      const own = composition.filter((row) => row.tokenizer === id && row.class === name)
      return percent(own.reduce((sum, {share}) => sum + (share ?? 0), 0))
    }),
  ])
  return formatTable(columns, rows)
}

function scripts({composition, completeness, tokenizers}: VocabularyResult): string {
  const totals = new Map<string, number>()
  for (const {script, share} of composition) {
    if (script !== null) totals.set(script, (totals.get(script) ?? 0) + (share ?? 0))
  }
  const names = [...totals].sort((a, b) => b[1] - a[1]).map(([script]) => script)
  const columns = [
    {title: 'script', align: 'left'},
    ...tokenizers.flatMap(({id}) => [
      {title: id, align: 'right'} as const,
      {title: 'letters', align: 'right'} as const,
    ]),
  ] as const
  const rows = names.slice(0, 20).map((script) => [
    script,
    ...tokenizers.flatMap(({id}) => {
      const own = composition.filter((row) => row.tokenizer === id && row.script === script)
      const letters = completeness.find((row) => row.tokenizer === id && row.script === script)
      return [
        percent(own.reduce((sum, {share}) => sum + (share ?? 0), 0)),
        letters ? `${letters.covered}/${letters.letters}` : '—',
      ]
    }),
  ])
  return formatTable(columns, rows)
}

function overlap({overlap: pairs}: VocabularyResult): string {
  const columns = [
    {title: 'a', align: 'left'},
    {title: 'b', align: 'left'},
    {title: 'shared', align: 'right'},
    {title: 'only a', align: 'right'},
    {title: 'only b', align: 'right'},
    {title: 'Jaccard', align: 'right'},
  ] as const
  const rows = pairs.map((pair) => [
    ...[pair.a, pair.b],
    ...[pair.shared, pair.onlyA, pair.onlyB].map(formatCount),
    formatFixed(pair.jaccard, 4),
  ])
  return formatTable(columns, rows)
}
