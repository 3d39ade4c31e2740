import {useMemo, useState} from 'react'
import {tokensOfTable} from '../../../shared/domain/token.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import {describeTokenize, TOKENIZE_TITLE} from '../../../shared/figures/tokenize/describe.ts'
import {TokenizeFigure} from '../../../shared/figures/tokenize/figure.tsx'
import {layoutTokenize} from '../../../shared/figures/tokenize/layout.ts'
import type {TokenizeResult} from '../../../shared/lenses/tokenize.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import type {ComparedText} from '../../store/tokenizers-state.ts'
import {Check} from '../../ui/check.tsx'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {tokenizeCommand} from './tokenize-command.ts'
import {useCompared} from './use-compared.ts'

/** The comparison as a file. */
export function TokenizeExport() {
  const {client} = useWorkbench()
  const {closeDialog, notify} = useActions()
  const compared = useCompared()
  const theme = useTheme()
  const colors = useWorkbenchState((state) => state.preferences.colors)
  const enginePath = useWorkbenchState((state) => state.listings[0]?.path ?? '')
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors, widthPx: 960})
  )
  const result = useMemo(() => compared && resultOf(compared), [compared])
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  const isPicture = format === 'svg' || format === 'png'
  return (
    <ExportFrame
      request={result && {figure: 'tokenize', format, result, options}}
      client={client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (!result) return
        const command = tokenizeCommand(result.request, {format, options}, enginePath)
        void navigator.clipboard.writeText(command).then(
          () => notify('copied the command'),
          () => notify('the browser would not copy')
        )
      }}
      form={
        <div className="export-form">
          <FormatRow format={format} onFormat={setFormat} />
          {isPicture && (
            <>
              <PictureRows format={format} options={options} onOptions={change} />
              <div className="form-row">
                <span className="form-label">with</span>
                <Check
                  isOn={options.caption === undefined}
                  onChange={(isOn) => change({caption: isOn ? undefined : ''})}
                >
                  caption
                </Check>
                <Check
                  isOn={options.legend === 'on'}
                  onChange={(isOn) => change({legend: isOn ? 'on' : 'off'})}
                >
                  legend
                </Check>
              </div>
            </>
          )}
          <PrivateRow options={options} onOptions={change} />
        </div>
      }
      preview={
        result === null ? (
          <div className="export-preview note" role="status">
            Nothing is compared yet.
          </div>
        ) : isPicture ? (
          <Preview result={result} options={options} />
        ) : (
          <div className="export-preview note">
            {format === 'json'
              ? 'Request, tokenizers, tokens, counts and how far they agree.'
              : 'One row a token of every tokenizer, for spreadsheets.'}
          </div>
        )
      }
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

/** The figure itself, drawn by the component that the file is drawn by. */
function Preview({result, options}: PreviewProps) {
  const layout = useMemo(() => layoutTokenize(result, options), [result, options])
  return (
    <section
      className="export-preview"
      aria-label="Preview"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="export-preview"
    >
      <div className="export-paper">
        <TokenizeFigure
          layout={layout}
          palette={paletteOf(options.theme, options.colors)}
          title={options.title ?? TOKENIZE_TITLE}
          description={describeTokenize(result, layout)}
          metadata=""
        />
      </div>
    </section>
  )
}
