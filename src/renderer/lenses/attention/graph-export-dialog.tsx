import {useMemo, useState} from 'react'
import {
  describeGraph,
  GraphFigure,
  layoutGraphFigure,
} from '../../../shared/figures/attention/graph-export.tsx'
import {formOf} from '../../../shared/figures/attention/graph-words.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {figureOf} from '../../../shared/figures/registry.tsx'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
  type FigureRequest,
} from '../../../shared/figures/request.ts'
import {attentionOfTokens} from '../../../shared/lenses/assemble-attention.ts'
import type {AttentionResult} from '../../../shared/lenses/attention.ts'
import type {GraphPicture} from '../../../shared/lenses/attention-graph-picture.ts'
import type {ImportancePicture} from '../../../shared/lenses/attention-view-pictures.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import {requestFilters} from '../../store/attention-pictures.ts'
import {Choice} from '../../ui/choice.tsx'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {graphCommand} from './graph-command.ts'
import {type ShownGraph, useShownGraph} from './use-graph.ts'
import {viewCommand} from './view-command.ts'

/** The attention graph that the active pane shows as a file, or the importance of its tokens alone. */
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
  const [figure, setFigure] = useState<'graph' | 'importance'>('graph')
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
  const importance = shown ? importanceOf(shown) : null
  const isImportance = figure === 'importance'
  const isPicture = format === 'svg' || format === 'png'
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  const request: FigureRequest | null =
    !picture || !result
      ? null
      : !isImportance
        ? {figure: 'attention-graph', format, result, picture, options}
        : importance && {figure: 'attention-view', format, result, picture: importance, options}
  const command =
    request?.figure === 'attention-graph'
      ? graphCommand(request)
      : request?.figure === 'attention-view'
        ? viewCommand(request)
        : null
  return (
    <ExportFrame
      request={request}
      client={client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (command === null) return
        void navigator.clipboard.writeText(command).then(
          () => notify('copied the command'),
          () => notify('the browser would not copy')
        )
      }}
      form={
        <div className="export-form">
          <div className="form-row">
            <span className="form-label">figure</span>
            <Choice
              label="Figure"
              value={figure}
              options={[
                {value: 'graph', text: 'Graph'},
                {value: 'importance', text: 'Importance alone'},
              ]}
              onChange={setFigure}
            />
          </div>
          <FormatRow format={format} onFormat={setFormat} />
          {isPicture && <PictureRows format={format} options={options} onOptions={change} />}
          <PrivateRow options={options} onOptions={change} />
        </div>
      }
      preview={
        !request || !picture || !result ? (
          <div className="export-preview note" role="status">
            {isImportance
              ? 'No importance of this text is there yet.'
              : 'Nothing of this text’s graph is there yet.'}
          </div>
        ) : isPicture && isImportance ? (
          <ImportancePreview request={request} />
        ) : isPicture ? (
          <Preview result={result} picture={picture} options={options} />
        ) : (
          <div className="export-preview note">
            {WHAT_IS_WRITTEN[figure][format === 'json' ? 'json' : 'csv']}
          </div>
        )
      }
    />
  )
}

const WHAT_IS_WRITTEN = {
  graph: {
    json: 'Request, model, tokens, the edges of the graph with what they leave out, and importances.',
    csv: 'One row an edge of the graph, for spreadsheets.',
  },
  importance: {
    json: 'Request, model, tokens and the importance of each.',
    csv: 'One row a token with its importance, for spreadsheets.',
  },
} as const

/** The importance that tints the names of the graph; null while it is not there. */
function importanceOf({tracks, locked}: ShownGraph): ImportancePicture | null {
  const main = tracks.find(({isMain}) => isMain)?.importance
  return main ? {view: 'importance', importances: [main], selected: locked} : null
}

function ImportancePreview({request}: {readonly request: FigureRequest}) {
  const element = useMemo(() => figureOf({...request, format: 'svg'}).draw(true).element, [request])
  return (
    <section
      className="export-preview"
      aria-label="Preview"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="export-preview"
    >
      <div className="export-paper">{element}</div>
    </section>
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
