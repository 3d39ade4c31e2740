import {useMemo} from 'react'
import {tokensOfTable} from '../../../shared/domain/token.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import type {CommonFigureOptions} from '../../../shared/figures/request.ts'
import {describeTokenize, TOKENIZE_TITLE} from '../../../shared/figures/tokenize/describe.ts'
import {TokenizeFigure} from '../../../shared/figures/tokenize/figure.tsx'
import {layoutTokenize} from '../../../shared/figures/tokenize/layout.ts'
import type {TokenizeResult} from '../../../shared/lenses/tokenize.ts'
import type {ComparedText} from '../../store/tokenizers-state.ts'
import {PlainExport} from '../plain-export.tsx'
import {useWorkbenchState} from '../use-workbench.ts'
import {tokenizeCommand} from './tokenize-command.ts'
import {useCompared} from './use-compared.ts'

/** The comparison as a file. */
export function TokenizeExport() {
  const compared = useCompared()
  const enginePath = useWorkbenchState((state) => state.listings[0]?.path ?? '')
  const result = useMemo(
    () => (compared?.pending.length === 0 ? resultOf(compared) : null),
    [compared]
  )
  return (
    <PlainExport
      widthPx={960}
      parts={['caption', 'legend']}
      requestOf={(file) => result && {figure: 'tokenize', result, ...file}}
      commandOf={(file) => result && tokenizeCommand(result.request, file, enginePath)}
      preview={(options) => result && <Preview result={result} options={options} />}
      words={{
        absent: 'Nothing is compared yet.',
        json: 'Request, tokenizers, tokens, counts and how far they agree.',
        csv: 'One row a token of every tokenizer, for spreadsheets.',
      }}
    />
  )
}

/** The result as the command gives it: rows in the order of its request. */
export function resultOf({summary, rows, request}: ComparedText): TokenizeResult {
  const order = [...request.tokenizers, ...request.baselines]
  const results = order.flatMap((name) => {
    const row = summary.results.find(({tokenizer}) => tokenizer === name)
    const table = rows.find(({tokenizer}) => tokenizer === name)
    return row && table ? [{...row, tokens: tokensOfTable(table.tokens)}] : []
  })
  return {...summary, results}
}

interface PreviewProps {
  readonly result: TokenizeResult
  readonly options: CommonFigureOptions
}

function Preview({result, options}: PreviewProps) {
  const layout = useMemo(() => layoutTokenize(result, options), [result, options])
  return (
    <TokenizeFigure
      layout={layout}
      palette={paletteOf(options.theme, options.colors)}
      title={options.title ?? TOKENIZE_TITLE}
      description={describeTokenize(result, layout)}
      metadata=""
    />
  )
}
