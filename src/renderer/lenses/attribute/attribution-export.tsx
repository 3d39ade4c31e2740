import {useMemo, useState} from 'react'
import {describeAttribution} from '../../../shared/figures/attribution/attribution-data.ts'
import {AttributionFigure} from '../../../shared/figures/attribution/figure.tsx'
import {layoutAttribution} from '../../../shared/figures/attribution/layout.ts'
import {METHOD_NAMES} from '../../../shared/figures/attribution/words.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import {Check} from '../../ui/check.tsx'
import {PaneContext} from '../use-pane.ts'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {attributionCommand} from './attribution-command.ts'
import {type ExportedAttribution, selectExported} from './exported.ts'

/** The attribution that the active pane shows as a file. */
export function AttributionExport() {
  const pane = useWorkbenchState((state) => state.activePane)
  return (
    <PaneContext value={pane}>
      <ExportOfPane />
    </PaneContext>
  )
}

function ExportOfPane() {
  const {store, captures, client} = useWorkbench()
  const {closeDialog, notify} = useActions()
  const theme = useTheme()
  const colors = useWorkbenchState((state) => state.preferences.colors)
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors})
  )
  // As it was when the dialog was opened: a run that goes on does not change what is written.
  const [exported] = useState(() => selectExported(store.getState(), captures))
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  const isPicture = format === 'svg' || format === 'png'
  return (
    <ExportFrame
      request={exported && {figure: 'attribute', format, ...exported, options}}
      client={client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (!exported) return
        const command = attributionCommand({...exported, format, options})
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
        exported === null ? (
          <div className="export-preview note" role="status">
            Nothing of this text’s attribution is there yet.
          </div>
        ) : isPicture ? (
          <Preview exported={exported} options={options} />
        ) : (
          <div className="export-preview note">
            {format === 'json'
              ? 'Request, settings, model, tokens, values, probes, faithfulness and curves.'
              : 'One row a context token, target and method, for spreadsheets.'}
          </div>
        )
      }
    />
  )
}

interface PreviewProps {
  readonly exported: ExportedAttribution
  readonly options: CommonFigureOptions
}

/** The figure itself, drawn by the component that the file is drawn by. */
function Preview({exported, options}: PreviewProps) {
  const {result, picture} = exported
  const layout = useMemo(
    () => layoutAttribution(result, picture, options),
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
        <AttributionFigure
          layout={layout}
          palette={paletteOf(options.theme, options.colors)}
          title={
            options.title ?? `Attribution of ${result.model.id}, ${METHOD_NAMES[result.method]}`
          }
          description={describeAttribution(result, picture, options.noPrompt)}
          metadata=""
        />
      </div>
    </section>
  )
}
