import {useMemo, useState} from 'react'
import {describeAttribution} from '../../../shared/figures/attribution/attribution-data.ts'
import {AttributionFigure} from '../../../shared/figures/attribution/figure.tsx'
import {layoutAttribution} from '../../../shared/figures/attribution/layout.ts'
import {METHOD_NAMES} from '../../../shared/figures/attribution/words.ts'
import {paletteOf} from '../../../shared/figures/palette.ts'
import type {CommonFigureOptions} from '../../../shared/figures/request.ts'
import {PlainExport} from '../plain-export.tsx'
import {PaneContext} from '../use-pane.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
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
  const {store, captures} = useWorkbench()
  // As it was when the dialog was opened: a run that goes on does not change what is written.
  const [exported] = useState(() => selectExported(store.getState(), captures))
  return (
    <PlainExport
      parts={['caption', 'legend']}
      requestOf={(file) => exported && {figure: 'attribute', ...exported, ...file}}
      commandOf={(file) => exported && attributionCommand({...exported, ...file})}
      preview={(options) => exported && <Preview exported={exported} options={options} />}
      words={{
        absent: 'Nothing of this text’s attribution is there yet.',
        json: 'Request, settings, model, tokens, values, probes, faithfulness and curves.',
        csv: 'One row a context token, target and method, for spreadsheets.',
      }}
    />
  )
}

interface PreviewProps {
  readonly exported: ExportedAttribution
  readonly options: CommonFigureOptions
}

function Preview({exported, options}: PreviewProps) {
  const {result, picture} = exported
  const layout = useMemo(
    () => layoutAttribution(result, picture, options),
    [result, picture, options]
  )
  return (
    <AttributionFigure
      layout={layout}
      palette={paletteOf(options.theme, options.colors)}
      title={options.title ?? `Attribution of ${result.model.id}, ${METHOD_NAMES[result.method]}`}
      description={describeAttribution(result, picture, options.noPrompt)}
      metadata=""
    />
  )
}
