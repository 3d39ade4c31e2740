import {
  formatBits,
  formatCount,
  formatFixed,
  formatMany,
  formatProb,
  formatRank,
} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import {guardOf} from '../../shared/figures/tokens/caption.ts'
import {LENS_GUARD, lensRowsOf, lensSeriesOf} from '../../shared/figures/tokens/lens-rows.ts'
import {
  distributionText,
  formatPresentProb,
  isRowCut,
} from '../../shared/figures/tokens/next-layout.ts'
import {type Column, formatTable} from '../../shared/lenses/text-table.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'

/** The result as tables for a terminal. */
export function tokensText(result: TokensResult, noPrompt: boolean): string {
  const label: Column[] = noPrompt
    ? []
    : [
        {title: 'id', align: 'right'},
        {title: 'token', align: 'left'},
      ]
  const labelOf = (token: {id: number; bytesHex: string; isSpecial?: boolean}) =>
    noPrompt
      ? []
      : [
          String(token.id),
          plainGlyphs({bytesHex: token.bytesHex, isSpecial: token.isSpecial ?? true}),
        ]
  const blocks = [
    `${result.model.id}, ${countText(result)}`,
    formatTable(
      [
        {title: 'position', align: 'right'},
        ...label,
        {title: 'surprisal, bits', align: 'right'},
        {title: 'entropy, bits', align: 'right'},
        {title: 'rank', align: 'right'},
      ],
      result.tokens.map((token) => [
        `${token.position}${token.position >= result.promptTokenCount ? '*' : ''}`,
        ...labelOf(token),
        formatBits(token.surprisalBits),
        formatBits(token.entropyBits),
        formatRank(token.rank),
      ])
    ),
  ]
  if (result.position !== null) {
    const hasTwo = result.distribution !== 'raw'
    const isRestEmpty = result.restCount === 0
    const probs = (rawProb: number | null | undefined, prob: number | null, index: number) => {
      const isRest = index === result.next.length
      const format = isRest && isRestEmpty ? formatProb : formatPresentProb
      const isCut = isRowCut(result, index) && !(isRest && isRestEmpty)
      return hasTwo ? [format(rawProb), isCut ? 'cut' : format(prob)] : [format(prob)]
    }
    const rest = result.restCount === undefined ? '' : `${formatCount(result.restCount ?? 0)} `
    blocks.push(
      `Next token after ${result.position}, ${distributionText(result)}`,
      formatTable(
        [
          ...(noPrompt ? [{title: 'rank', align: 'right'} as const] : label),
          ...(hasTwo ? [{title: 'raw', align: 'right'} as const] : []),
          {title: hasTwo ? 'sampled' : 'p', align: 'right'},
        ],
        [
          ...result.next.map((row, i) => [
            ...(noPrompt ? [String(i + 1)] : labelOf(row)),
            ...probs(row.rawProb, row.prob, i),
          ]),
          [
            ...(noPrompt ? [`${rest}others`] : ['', `${rest}others`]),
            ...probs(result.rawRestProb, result.restProb, result.next.length),
          ],
        ]
      )
    )
  }
  for (const [index, {tokenId, bytesHex, positions}] of (result.tracked ?? []).entries()) {
    const at = positions.find((row) => row.position === result.position)
    if (!at) continue
    const name = bytesHex ? ` ${plainGlyphs({bytesHex, isSpecial: true})}` : ''
    const label = noPrompt ? `Tracked ${index + 1}` : `Tracked ${tokenId}${name}`
    blocks.push(
      `${label} after ${at.position}: p ${formatProb(at.prob)}, rank ${formatRank(at.rank)}, logit ${formatFixed(at.logit, 2)}`
    )
  }
  if (result.logitLens) blocks.push(...lensBlocks(result, noPrompt))
  blocks.push(guardOf(result))
  return `${blocks.join('\n\n')}\n`
}

/** Each layer's likeliest token, and how the followed ones stand there. */
function lensBlocks(result: TokensResult, noPrompt: boolean): string[] {
  const rows = lensRowsOf(result)
  const series = lensSeriesOf(result, noPrompt)
  const columns: Column[] = [
    {title: 'layer', align: 'left'},
    ...(noPrompt ? [] : [{title: 'likeliest', align: 'left'} as const]),
    {title: 'p', align: 'right'},
    ...series.flatMap(({name}) => [
      {title: `p(${name})`, align: 'right'} as const,
      {title: 'rank', align: 'right'} as const,
    ]),
  ]
  const cells = rows.map((row, index) => {
    const [first] = row.next
    return [
      row.name,
      ...(noPrompt
        ? []
        : [
            first ? plainGlyphs({bytesHex: first.bytesHex, isSpecial: true}) || `#${first.id}` : '',
          ]),
      formatPresentProb(first?.prob),
      ...series.flatMap(({probs, ranks}) => [formatProb(probs[index]!), formatRank(ranks[index]!)]),
    ]
  })
  const at = `Logit lens after ${result.position}, ${distributionText(result)}`
  const followed = result.distribution === 'raw' ? '' : '; followed tokens at temperature 1'
  return [`${at}${followed}`, formatTable(columns, cells), LENS_GUARD]
}

function countText({tokens, promptTokenCount}: TokensResult): string {
  const generatedCount = tokens.length - promptTokenCount
  const total = formatMany(tokens.length, 'token')
  return generatedCount > 0
    ? `${total}, ${formatCount(generatedCount)} of them generated (*)`
    : total
}
