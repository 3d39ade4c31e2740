import {useEffect, useMemo, useState} from 'react'
import {describeAttention} from '../../../shared/figures/attention/describe.ts'
import {AttentionFigure} from '../../../shared/figures/attention/figure.tsx'
import {layoutAttention} from '../../../shared/figures/attention/layout.ts'
import {mapName} from '../../../shared/figures/attention/map-name.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import type {AttentionResult} from '../../../shared/lenses/attention.ts'
import type {AttentionPicture} from '../../../shared/lenses/attention-picture.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import {selectPane} from '../../store/panes.ts'
import {Check} from '../../ui/check.tsx'
import {PaneContext} from '../use-pane.ts'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {attentionCommand} from './attention-command.ts'
import {fetchExportPicture} from './export-picture.ts'
import {GraphExport} from './graph-export-dialog.tsx'
import {GRAPH_VIEW} from './views.ts'

/** The attention that the active pane shows as a file. */
export function AttentionExport() {
  const {pane, view} = useWorkbenchState((state) => ({
    pane: state.activePane,
    view: selectPane(state).view,
  }))
  return (
    <PaneContext value={pane}>
      {view === GRAPH_VIEW ? <GraphExport /> : <ExportOfPane />}
    </PaneContext>
  )
}

interface Exported {
  readonly result: AttentionResult
  readonly picture: AttentionPicture
}

function ExportOfPane() {
  const workbench = useWorkbench()
  const {closeDialog, notify} = useActions()
  const theme = useTheme()
  const colors = useWorkbenchState((state) => state.preferences.colors)
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors})
  )
  const [exported, setExported] = useState<Exported | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  useEffect(() => {
    let isGone = false
    fetchExportPicture(workbench).then(
      (found) => !isGone && setExported(found),
      (error: unknown) => !isGone && setFailure(error instanceof Error ? error.message : 'failed')
    )
    return () => {
      isGone = true
    }
  }, [workbench])
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  const isPicture = format === 'svg' || format === 'png'
  return (
    <ExportFrame
      request={exported && {figure: 'attention', format, ...exported, options}}
      client={workbench.client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (!exported) return
        const command = attentionCommand({...exported, file: {format, options}})
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
        failure !== null ? (
          <div className="export-preview note" role="alert">
            {failure}
          </div>
        ) : exported === null ? (
          <div className="export-preview note" role="status">
            Asking the engine.
          </div>
        ) : isPicture ? (
          <Preview exported={exported} options={options} />
        ) : (
          <div className="export-preview note">
            {format === 'json'
              ? 'Request, model, tokens and the weights that are drawn.'
              : 'One row a weight that is drawn, for spreadsheets.'}
          </div>
        )
      }
    />
  )
}

interface PreviewProps {
  readonly exported: Exported
  readonly options: CommonFigureOptions
}

/** The figure itself, drawn by the component that the file is drawn by. */
function Preview({exported, options}: PreviewProps) {
  const {result, picture} = exported
  const layout = useMemo(
    () => layoutAttention(result, picture, options),
    [result, picture, options]
  )
  return (
    <section
      className="export-preview"
      aria-label="Preview"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="export-preview"
    >
      <div className="export-paper">
        <AttentionFigure
          layout={layout}
          palette={paletteOf(options.theme, options.colors)}
          title={options.title ?? `Attention of ${result.model.id}, ${mapName(picture.map)}`}
          description={describeAttention(result, picture, options.noPrompt)}
          metadata=""
        />
      </div>
    </section>
  )
}
