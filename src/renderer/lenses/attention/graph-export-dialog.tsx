import {useMemo, useState} from 'react'
import {
  describeGraph,
  GraphFigure,
  layoutGraphFigure,
} from '../../../shared/figures/attention/graph-export.tsx'
import {formOf} from '../../../shared/figures/attention/graph-words.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import {attentionOfTokens} from '../../../shared/lenses/assemble-attention.ts'
import type {AttentionResult} from '../../../shared/lenses/attention.ts'
import type {GraphPicture} from '../../../shared/lenses/attention-graph-picture.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import {requestFilters} from '../../store/attention-pictures.ts'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {graphCommand} from './graph-command.ts'
import {type ShownGraph, useShownGraph} from './use-graph.ts'

/** The attention graph that the active pane shows as a file. */
export function GraphExport() {
  const {client, captures} = useWorkbench()
  const {closeDialog, notify} = useActions()
  const theme = useTheme()
  const {colors, filters, edgesPerLayer} = useWorkbenchState((state) => ({
    colors: state.preferences.colors,
    filters: state.attentionFilters,
    edgesPerLayer: state.graphEdgesPerLayer,
  }))
  const shown = useShownGraph()
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors})
  )
  const facts = shown && captures.attentionFacts.peek(shown.runId)
  const result = shown && facts ? attentionOfTokens(shown.data, facts) : null
  const picture =
    shown?.graph && result
      ? pictureOf(shown, requestFilters(filters, shown.data), edgesPerLayer)
      : null
  const isPicture = format === 'svg' || format === 'png'
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  return (
    <ExportFrame
      request={picture && result && {figure: 'attention-graph', format, result, picture, options}}
      client={client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (!picture || !result) return
        void navigator.clipboard.writeText(graphCommand({result, picture, format, options})).then(
          () => notify('copied the command'),
          () => notify('the browser would not copy')
        )
      }}
      form={
        <div className="export-form">
          <FormatRow format={format} onFormat={setFormat} />
          {isPicture && <PictureRows format={format} options={options} onOptions={change} />}
          <PrivateRow options={options} onOptions={change} />
        </div>
      }
      preview={
        !picture || !result ? (
          <div className="export-preview note" role="status">
            Nothing of this text’s graph is there yet.
          </div>
        ) : isPicture ? (
          <Preview result={result} picture={picture} options={options} />
        ) : (
          <div className="export-preview note">
            {format === 'json'
              ? 'Request, model, tokens, the edges of the graph with what they leave out, and importances.'
              : 'One row an edge of the graph, for spreadsheets.'}
          </div>
        )
      }
    />
  )
}

function pictureOf(
  {graph, into, window, tracks}: ShownGraph,
  filters: GraphPicture['filters'],
  edgesPerLayer: number
): GraphPicture {
  return {
    ...{view: 'graph', graph: graph!, into, filters, window, edgesPerLayer},
    importances: tracks.flatMap(({importance}) => importance ?? []),
  }
}

interface PreviewProps {
  readonly result: AttentionResult
  readonly picture: GraphPicture
  readonly options: CommonFigureOptions
}

function Preview({result, picture, options}: PreviewProps) {
  const layout = useMemo(
    () => layoutGraphFigure(result, picture, options),
    [result, picture, options]
  )
  return (
    <section
      className="export-preview"
      aria-label="Preview"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="export-preview"
      data-importances={picture.importances.map(formOf).join(' ')}
    >
      <div className="export-paper">
        <GraphFigure
          layout={layout}
          palette={paletteOf(options.theme, options.colors)}
          title={options.title ?? `Attention graph of ${result.model.id}`}
          description={describeGraph(result, picture, options.noPrompt)}
          metadata=""
        />
      </div>
    </section>
  )
}
