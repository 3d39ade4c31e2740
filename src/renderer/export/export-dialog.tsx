import {useState} from 'react'
import type {Problem} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {problemOf} from '../../shared/engine-client/problem-of.ts'
import {
  type FigureFormat,
  type FigureOptions,
  figureOptionsSchema,
} from '../../shared/figures/request.ts'
import type {TokensResult} from '../../shared/lenses/tokens.ts'
import type {ResolvedUnit} from '../../shared/units/unit-choice.ts'
import {Button} from '../ui/button.tsx'
import {Dialog} from '../ui/dialog.tsx'
import {ExportForm} from './export-form.tsx'
import {ExportPreview} from './export-preview.tsx'
import {copyFile, readFile, saveFile} from './figure-file.ts'
import './export-dialog.css'

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
  // A button that is disabled while it works would lose the focus, and Escape with it.
  const [isBusy, setIsBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)

  const withFile = async (use: (file: Awaited<ReturnType<typeof readFile>>) => Promise<string>) => {
    if (isBusy) return
    setIsBusy(true)
    setProblem(null)
    try {
      const file = await readFile(client, {figure: 'tokens', format, result, options})
      onNotice(await use(file))
    } catch (error) {
      setProblem(
        problemOf(error) ?? {
          code: 'export-failed',
          message: 'The figure could not be written.',
          found: error instanceof Error ? error.message : String(error),
          advice: 'Try it once more, or choose another format.',
        }
      )
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <Dialog title="Export" isOpen onClose={onClose} widthPx={1120} testId="export-dialog">
      <div className="export-body">
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
        <ExportPreview result={result} options={options} format={format} />
      </div>
      <div className="dialog-foot">
        {problem && (
          <span className="clip" role="alert">
            <span className="failed">✕</span> {problem.message} {problem.advice}
          </span>
        )}
        <span className="grow" />
        <Button
          look="edge"
          onPress={() => props.onCopyCommand(format, options)}
          testId="export-copy-command"
        >
          Copy CLI command
        </Button>
        <Button
          look="edge"
          aria-busy={isBusy}
          onPress={() => void withFile(copyFile)}
          testId="export-copy"
        >
          Copy
        </Button>
        <Button
          look="primary"
          aria-busy={isBusy}
          onPress={() => void withFile(saveFile)}
          testId="export-save"
        >
          Save
        </Button>
      </div>
    </Dialog>
  )
}
