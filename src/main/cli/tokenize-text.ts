import {formatMany} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'
import type {TokenizeResult} from '../../shared/lenses/tokenize.ts'

/** Tokens of a text that are drawn, so that a long one does not fill the terminal. */
const MAX_DRAWN = 60

/** The result of `tokenize` for people: tokens, lengths, badges, boundary agreement and parity. */
export function tokenizeText(result: TokenizeResult): string {
  const parts = [
    `${formatMany(result.bytes, 'byte')}`,
    ...(result.bytes > 0 ? [drawn(result)] : []),
    lengths(result),
    badges(result),
    ...(result.metrics.boundaryAgreement.length > 0 && result.bytes > 0 ? [agreement(result)] : []),
    ...(result.metrics.parity ? [parity(result)] : []),
  ]
  return `${parts.join('\n\n')}\n`
}

function drawn({results}: TokenizeResult): string {
  const width = Math.max(...results.map(({tokenizer}) => tokenizer.length))
  return results
    .map(({tokenizer, tokens}) => {
      const shown = tokens.slice(0, MAX_DRAWN).map(plainGlyphs).join('│')
      return `${tokenizer.padEnd(width)}  ${shown}${tokens.length > MAX_DRAWN ? '│…' : ''}`
    })
    .join('\n')
}

const fixed = (value: number | null | undefined, digits: number) =>
  value === null || value === undefined ? '—' : value.toFixed(digits)

function lengths({results, request}: TokenizeResult): string {
  const {reference, contextLength, price} = request
  const columns = [
    {title: 'tokenizer', align: 'left'},
    {title: 'tokens', align: 'right'},
    {title: 'bytes a token', align: 'right'},
    {title: 'tokens a word', align: 'right'},
    {title: 'words cut', align: 'right'},
    ...(reference === undefined ? [] : [{title: `to ${reference}`, align: 'right'} as const]),
    ...(contextLength === undefined ? [] : [{title: 'of context', align: 'right'} as const]),
    ...(price === undefined ? [] : [{title: 'cost', align: 'right'} as const]),
  ] as const
  const rows = results.map((row) => [
    row.tokenizer,
    String(row.tokenCount),
    fixed(row.bytesPerToken, 2),
    fixed(row.fertility, 2),
    row.continuedWordShare === null ? '—' : `${(100 * row.continuedWordShare).toFixed(0)} %`,
    ...(reference === undefined ? [] : [fixed(row.relativeLength, 3)]),
    ...(contextLength === undefined ? [] : [`${(100 * (row.contextShare ?? 0)).toFixed(1)} %`]),
    ...(price === undefined ? [] : [fixed(row.cost, 6)]),
  ])
  return formatTable(columns, rows)
}

function badges({results}: TokenizeResult): string {
  return results
    .map(
      ({tokenizer, badges: all}) =>
        `${tokenizer}: ${all.map(({isGood, text}) => (isGood ? text : `! ${text}`)).join('; ')}`
    )
    .join('\n')
}

function agreement({metrics}: TokenizeResult): string {
  const columns = [
    {title: 'cuts of', align: 'left'},
    {title: 'against', align: 'left'},
    {title: 'precision', align: 'right'},
    {title: 'recall', align: 'right'},
    {title: 'F1', align: 'right'},
  ] as const
  const rows = metrics.boundaryAgreement.map(({a, b, precision, recall, f1}) => [
    ...[a, b, fixed(precision, 3), fixed(recall, 3), fixed(f1, 3)],
  ])
  return formatTable(columns, rows)
}

function parity({metrics, request}: TokenizeResult): string {
  const all = metrics.parity ?? []
  const tokenizers = [...new Set(all.map(({tokenizer}) => tokenizer))]
  const languages = [...new Set(all.map(({language}) => language))]
  const columns = [
    {title: `premium to ${request.referenceLanguage}`, align: 'left'},
    ...tokenizers.map((title) => ({title, align: 'right'}) as const),
  ] as const
  const rows = languages.map((language) => [
    language,
    ...tokenizers.map((tokenizer) => {
      const found = all.find((row) => row.tokenizer === tokenizer && row.language === language)
      return fixed(found?.premium, 3)
    }),
  ])
  const gini = tokenizers.map((tokenizer) =>
    fixed(metrics.fairness?.find((row) => row.tokenizer === tokenizer)?.gini, 3)
  )
  return formatTable(columns, [...rows, ['Gini over languages', ...gini]])
}
