import {useEffect, useMemo, useState} from 'react'
import {figureOf} from '../../../shared/figures/registry.tsx'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import {selectPane} from '../../store/panes.ts'
import {Check} from '../../ui/check.tsx'
import {PaneContext} from '../use-pane.ts'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {attentionCommand} from './attention-command.ts'
import {type ExportedAttention, fetchExportPicture} from './export-picture.ts'
import {GraphExport} from './graph-export-dialog.tsx'
import {viewCommand} from './view-command.ts'
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

function ExportOfPane() {
  const workbench = useWorkbench()
  const {closeDialog, notify} = useActions()
  const theme = useTheme()
  const colors = useWorkbenchState((state) => state.preferences.colors)
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors})
  )
  const [exported, setExported] = useState<ExportedAttention | null>(null)
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
      request={exported && {...exported, format, options}}
      client={workbench.client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (!exported) return
        const command = commandOfExported(exported, {format, options})
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
              ? 'Request, model, tokens and what is drawn.'
              : 'One row a weight that is drawn, or a token of a pruning, for spreadsheets.'}
          </div>
        )
      }
    />
  )
}

/** The command that writes the same file. */
function commandOfExported(
  exported: ExportedAttention,
  file: {readonly format: FigureFormat; readonly options: CommonFigureOptions}
): string {
  return exported.figure === 'attention'
    ? attentionCommand({...exported, file})
    : viewCommand({...exported, ...file})
}

interface PreviewProps {
  readonly exported: ExportedAttention
  readonly options: CommonFigureOptions
}

/** The figure itself, drawn as the file is. */
function Preview({exported, options}: PreviewProps) {
  const element = useMemo(
    () => figureOf({...exported, format: 'svg', options}).draw(true).element,
    [exported, options]
  )
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
