import {useState} from 'react'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {
  type FigureFormat,
  type FigureOptions,
  figureOptionsSchema,
} from '../../shared/figures/request.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'
import type {ResolvedUnit} from '../../shared/units/unit-choice.ts'
import {ExportForm} from './export-form.tsx'
import {ExportFrame} from './export-frame.tsx'
import {ExportPreview} from './export-preview.tsx'

export interface ExportDialogProps {
  readonly result: TokensResult
  readonly tracks: FigureOptions['tracks'] | readonly FigureOptions['tracks'][number][]
  /** The unit that the page shows scores by, and the positions that are pinned. */
  readonly unit: ResolvedUnit
  readonly pins: readonly number[]
  readonly pairs: FigureOptions['pairs']
  /** What the page shows: the text, or the logit lens. */
  readonly view: FigureOptions['view']
  readonly theme: 'light' | 'dark'
  /** The scale that the page tints tokens with. */
  readonly colors: FigureOptions['colors']
  readonly client: EngineClient
  readonly onClose: () => void
  readonly onNotice: (text: string) => void
  /** Copies the command that writes the same file. */
  readonly onCopyCommand: (format: FigureFormat, options: FigureOptions) => void
}

/** The figure as a file: what is seen here is what is written, byte for byte as on the command line. */
export function ExportDialog(props: ExportDialogProps) {
  const {result, client, onClose, onNotice} = props
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<FigureOptions>(() =>
    figureOptionsSchema.parse({
      tracks: props.tracks,
      view: props.view,
      theme: props.theme,
      colors: props.colors,
      unit: props.unit,
      pins: props.pins,
      pairs: props.pairs,
    })
  )
  return (
    <ExportFrame
      request={{figure: 'tokens', format, result, options}}
      client={client}
      onClose={onClose}
      onNotice={onNotice}
      onCopyCommand={() => props.onCopyCommand(format, options)}
      form={
        <ExportForm
          format={format}
          onFormat={setFormat}
          options={options}
          unit={props.unit}
          pins={props.pins}
          pairs={props.pairs}
          hasLens={result.logitLens !== undefined}
          onOptions={(change) => setOptions({...options, ...change})}
        />
      }
      preview={<ExportPreview result={result} options={options} format={format} />}
    />
  )
}
