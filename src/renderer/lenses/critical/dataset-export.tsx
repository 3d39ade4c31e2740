import {useState} from 'react'
import {describeDataset} from '../../../shared/figures/critical-dataset/dataset-data.ts'
import {CriticalDatasetFigure} from '../../../shared/figures/critical-dataset/figure.tsx'
import {layoutCriticalDataset} from '../../../shared/figures/critical-dataset/layout.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import {selectDatasetResult} from '../../store/critical-dataset.ts'
import {PlainExport} from '../plain-export.tsx'
import {useWorkbench} from '../use-workbench.ts'
import {datasetCommand} from './critical-command.ts'

/** What came of a data set as a file: its summary drawn, or its items. */
export function DatasetExport() {
  const {store} = useWorkbench()
  // As it was when the dialog was opened.
  const [result] = useState(() => selectDatasetResult(store.getState()))
  return (
    <PlainExport
      requestOf={(file) => result && {figure: 'critical-dataset', result, ...file}}
      commandOf={(file) => result && datasetCommand({result, ...file})}
      preview={(options) =>
        result && (
          <CriticalDatasetFigure
            layout={layoutCriticalDataset(result, options)}
            palette={paletteOf(options.theme, options.colors)}
            title={options.title ?? `Critical tokens of ${result.items.length} items`}
            description={describeDataset(result)}
            metadata=""
          />
        )
      }
      words={{
        absent: 'Nothing of the data set is there yet.',
        json: 'Request, models, a summary of each item and of all, and the lines that were skipped.',
        csv: 'One row an item, for spreadsheets.',
      }}
    />
  )
}
