import {useMemo, useState} from 'react'
import {describeCritical} from '../../../shared/figures/critical/critical-data.ts'
import {CriticalFigure} from '../../../shared/figures/critical/figure.tsx'
import {layoutCritical} from '../../../shared/figures/critical/layout.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import type {CommonFigureOptions} from '../../../shared/figures/request.ts'
import type {CriticalResult} from '../../../shared/lenses/critical.ts'
import {criticalPictureSchema} from '../../../shared/lenses/critical-picture.ts'
import {DATASET_VIEW} from '../../store/critical-state.ts'
import {selectPane} from '../../store/panes.ts'
import {PlainExport} from '../plain-export.tsx'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
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
  const {store, captures} = useWorkbench()
  // As it was when the dialog was opened: a run that goes on does not change what is written.
  const [result] = useState(() => {
    const state = store.getState()
    return selectPaneCritical(state, captures, state.activePane)?.result ?? null
  })
  return (
    <PlainExport
      requestOf={(file) => result && {figure: 'critical', result, picture: PICTURE, ...file}}
      commandOf={(file) => result && criticalCommand({result, ...file})}
      preview={(options) => result && <Preview result={result} options={options} />}
      words={{
        absent: 'Nothing of this text’s critical tokens is there yet.',
        json: 'Request, models, tokens, scores, critical tokens, counterfactual and completions.',
        csv: 'One row a response token and method, for spreadsheets.',
      }}
    />
  )
}

interface PreviewProps {
  readonly result: CriticalResult
  readonly options: CommonFigureOptions
}

function Preview({result, options}: PreviewProps) {
  const layout = useMemo(() => layoutCritical(result, PICTURE, options), [result, options])
  return (
    <CriticalFigure
      layout={layout}
      palette={paletteOf(options.theme, options.colors)}
      title={options.title ?? `Critical tokens of ${result.model.id}`}
      description={describeCritical(result, options.noPrompt)}
      metadata=""
    />
  )
}
