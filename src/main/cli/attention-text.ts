import {formatMany} from '../../shared/figures/number-format.ts'
import {plainGlyphs} from '../../shared/figures/token-glyphs.ts'
import type {AttentionResult} from '../../shared/lenses/attention.ts'
import {formatTable} from '../../shared/lenses/text-table.ts'
import {headsTable, importanceText, probeText, shownText} from './attention-tables.ts'

/** What was captured, as tables for a terminal; the weights themselves are written to a file. */
export function attentionText(result: AttentionResult, noPrompt: boolean): string {
  const tokens = result.tokens.map((token) => plainGlyphs(token)).join(' ')
  return `${[
    `${result.model.id}, ${formatMany(result.tokens.length, 'token')}, ${result.layers.length} of ${formatMany(result.layerCount, 'layer')}`,
    ...(noPrompt ? [] : [tokens]),
    formatTable(
      [
        {title: 'layer', align: 'right'},
        {title: 'attention from', align: 'left'},
        {title: 'heads', align: 'right'},
        {title: 'key-value heads', align: 'right'},
        {title: 'stored as', align: 'left'},
      ],
      result.layers.map((layer) => [
        String(layer.layer),
        layer.source,
        String(layer.queryHeadCount),
        String(layer.keyValueHeadCount ?? '—'),
        layer.dtype,
      ])
    ),
    ...(result.heads ? [headsTable(result.heads)] : []),
    ...[probeText(result), importanceText(result, noPrompt), shownText(result)].filter(
      (block) => block !== null
    ),
    'Give --out FILE.npz to write the weights.',
  ].join('\n\n')}\n`
}
