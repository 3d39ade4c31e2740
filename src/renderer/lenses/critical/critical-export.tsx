import {useMemo, useState} from 'react'
import {describeCritical} from '../../../shared/figures/critical/critical-data.ts'
import {CriticalFigure} from '../../../shared/figures/critical/figure.tsx'
import {layoutCritical} from '../../../shared/figures/critical/layout.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import type {CriticalResult} from '../../../shared/lenses/critical.ts'
import {criticalPictureSchema} from '../../../shared/lenses/critical-picture.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import {DATASET_VIEW} from '../../store/critical-state.ts'
import {selectPane} from '../../store/panes.ts'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {criticalCommand} from './critical-command.ts'
import {DatasetExport} from './dataset-export.tsx'
import {selectPaneCritical} from './use-critical.ts'

const PICTURE = criticalPictureSchema.parse({})

/** What the active pane shows as a file: the critical tokens of a response, or what came of a data set. */
export function CriticalExport() {
  const isDataset = useWorkbenchState((state) => selectPane(state).view === DATASET_VIEW)
  return isDataset ? <DatasetExport /> : <ResponseExport />
}

function ResponseExport() {
  const {store, captures, client} = useWorkbench()
  const {closeDialog, notify} = useActions()
  const theme = useTheme()
  const colors = useWorkbenchState((state) => state.preferences.colors)
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors})
  )
  // As it was when the dialog was opened: a run that goes on does not change what is written.
  const [result] = useState(() => {
    const state = store.getState()
    return selectPaneCritical(state, captures, state.activePane)?.result ?? null
  })
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  const isPicture = format === 'svg' || format === 'png'
  return (
    <ExportFrame
      request={result && {figure: 'critical', format, result, picture: PICTURE, options}}
      client={client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (!result) return
        void navigator.clipboard.writeText(criticalCommand({result, format, options})).then(
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
        result === null ? (
          <div className="export-preview note" role="status">
            Nothing of this text’s critical tokens is there yet.
          </div>
        ) : isPicture ? (
          <Preview result={result} options={options} />
        ) : (
          <div className="export-preview note">
            {format === 'json'
              ? 'Request, models, tokens, scores, critical tokens, counterfactual and completions.'
              : 'One row a response token and method, for spreadsheets.'}
          </div>
        )
      }
    />
  )
}

interface PreviewProps {
  readonly result: CriticalResult
  readonly options: CommonFigureOptions
}

/** The figure itself, drawn by the component that the file is drawn by. */
function Preview({result, options}: PreviewProps) {
  const layout = useMemo(() => layoutCritical(result, PICTURE, options), [result, options])
  return (
    <section
      className="export-preview"
      aria-label="Preview"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
      tabIndex={0}
      data-testid="export-preview"
    >
      <div className="export-paper">
        <CriticalFigure
          layout={layout}
          palette={paletteOf(options.theme, options.colors)}
          title={options.title ?? `Critical tokens of ${result.model.id}`}
          description={describeCritical(result, options.noPrompt)}
          metadata=""
        />
      </div>
    </section>
  )
}
