import {type ReactNode, useState} from 'react'
import {
  type CommonFigureOptions,
  commonFigureOptionsSchema,
  type FigureFormat,
  type FigureRequest,
} from '../../shared/figures/request.ts'
import {ExportFrame} from '../export/export-frame.tsx'
import {FormatRow, PictureRows, PrivateRow} from '../export/export-rows.tsx'
import {Check} from '../ui/check.tsx'
import {useTheme} from './use-theme.ts'
import {useActions, useWorkbench, useWorkbenchState} from './use-workbench.ts'

/** As what a figure is written, and how it looks. */
export interface FigureFile {
  readonly format: FigureFormat
  readonly options: CommonFigureOptions
}

export interface PlainExportProps {
  /** Width at first; every figure's own where absent. */
  readonly widthPx?: number
  /** What can be left out of the picture. */
  readonly parts?: readonly ('caption' | 'legend')[]
  /** What is written; null while there is nothing yet. */
  readonly requestOf: (file: FigureFile) => FigureRequest | null
  /** The command that writes the same file. */
  readonly commandOf: (file: FigureFile) => string | null
  /** Said once the command has been copied. */
  readonly copiedText?: string
  /** The figure, drawn by the component that the file is drawn by. */
  readonly preview: (options: CommonFigureOptions) => ReactNode
  /** In its place: that there is nothing yet, and what the data formats hold. */
  readonly words: Readonly<Record<'absent' | 'json' | 'csv', string>>
}

/** The export dialog of a figure that is asked no more than format, size, colours and what is left out. */
export function PlainExport(props: PlainExportProps) {
  const {widthPx, parts = [], requestOf, commandOf, copiedText, preview, words} = props
  const {client} = useWorkbench()
  const {closeDialog, notify} = useActions()
  const theme = useTheme()
  const colors = useWorkbenchState((state) => state.preferences.colors)
  const [format, setFormat] = useState<FigureFormat>('svg')
  const [options, setOptions] = useState<CommonFigureOptions>(() =>
    commonFigureOptionsSchema.parse({theme, colors, widthPx})
  )
  const change = (part: Partial<CommonFigureOptions>) => setOptions({...options, ...part})
  const isPicture = format === 'svg' || format === 'png'
  const request = requestOf({format, options})
  return (
    <ExportFrame
      request={request}
      client={client}
      onClose={closeDialog}
      onNotice={notify}
      onCopyCommand={() => {
        const command = commandOf({format, options})
        if (command === null) return
        void navigator.clipboard.writeText(command).then(
          () => notify(copiedText ?? 'copied the command'),
          () => notify('the browser would not copy')
        )
      }}
      form={
        <div className="export-form">
          <FormatRow format={format} onFormat={setFormat} />
          {isPicture && (
            <>
              <PictureRows format={format} options={options} onOptions={change} />
              {parts.length > 0 && (
                <div className="form-row">
                  <span className="form-label">with</span>
                  {parts.includes('caption') && (
                    <Check
                      isOn={options.caption === undefined}
                      onChange={(isOn) => change({caption: isOn ? undefined : ''})}
                    >
                      caption
                    </Check>
                  )}
                  {parts.includes('legend') && (
                    <Check
                      isOn={options.legend === 'on'}
                      onChange={(isOn) => change({legend: isOn ? 'on' : 'off'})}
                    >
                      legend
                    </Check>
                  )}
                </div>
              )}
            </>
          )}
          <PrivateRow options={options} onOptions={change} />
        </div>
      }
      preview={
        request === null ? (
          <div className="export-preview note" role="status">
            {words.absent}
          </div>
        ) : isPicture ? (
          <section
            className="export-preview"
            aria-label="Preview"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
            tabIndex={0}
            data-testid="export-preview"
          >
            <div className="export-paper">{preview(options)}</div>
          </section>
        ) : (
          <div className="export-preview note">{format === 'json' ? words.json : words.csv}</div>
        )
      }
    />
  )
}
