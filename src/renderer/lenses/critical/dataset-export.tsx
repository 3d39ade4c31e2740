import {useState} from 'react'
import {describeDataset} from '../../../shared/figures/critical-dataset/dataset-data.ts'
import {CriticalDatasetFigure} from '../../../shared/figures/critical-dataset/figure.tsx'
import {layoutCriticalDataset} from '../../../shared/figures/critical-dataset/layout.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
} from '../../../shared/figures/request.ts'
import {ExportFrame} from '../../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../../export/export-rows.tsx'
import {selectDatasetResult} from '../../store/critical-dataset.ts'
import {useTheme} from '../use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {datasetCommand} from './critical-command.ts'

/** What came of a data set as a file: its summary drawn, or its items. */
export function DatasetExport() {
  const {store, client} = useWorkbench()
  const {closeDialog, notify} = useActions()
  const theme = useTheme()
  const colors = useWorkbenchState((state) => state.preferences.colors)
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors})
  )
  // As it was when the dialog was opened.
  const [result] = useState(() => selectDatasetResult(store.getState()))
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  const isPicture = format === 'svg' || format === 'png'
  return (
    <ExportFrame
      request={result && {figure: 'critical-dataset', format, result, options}}
      client={client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        if (!result) return
        void navigator.clipboard.writeText(datasetCommand({result, format, options})).then(
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
            Nothing of the data set is there yet.
          </div>
        ) : isPicture ? (
          <section
            className="export-preview"
            aria-label="Preview"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
            tabIndex={0}
            data-testid="export-preview"
          >
            <div className="export-paper">
              <CriticalDatasetFigure
                layout={layoutCriticalDataset(result, options)}
                palette={paletteOf(options.theme, options.colors)}
                title={options.title ?? `Critical tokens of ${result.items.length} items`}
                description={describeDataset(result)}
                metadata=""
              />
            </div>
          </section>
        ) : (
          <div className="export-preview note">
            {format === 'json'
              ? 'Request, models, a summary of each item and of all, and the lines that were skipped.'
              : 'One row an item, for spreadsheets.'}
          </div>
        )
      }
    />
  )
}
