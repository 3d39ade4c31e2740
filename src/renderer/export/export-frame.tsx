import {type ReactNode, useState} from 'react'
import type {Problem} from '../../shared/domain/problem.ts'
import type {EngineClient} from '../../shared/engine-client/connect.ts'
import {problemOf} from '../../shared/engine-client/problem-of.ts'
import type {FigureRequest} from '../../shared/figures/request.ts'
import {Button} from '../ui/button.tsx'
import {Dialog} from '../ui/dialog.tsx'
import {copyFile, readFile, saveFile} from './figure-file.ts'
import './export-dialog.css'

export interface ExportFrameProps {
  /** What is written; null while it is not known yet. */
  readonly request: FigureRequest | null
  readonly form: ReactNode
  readonly preview: ReactNode
  readonly client: EngineClient
  readonly onClose: () => void
  readonly onNotice: (text: string) => void
  /** Copies the command that writes the same file. */
  readonly onCopyCommand: () => void
}

/** The export dialog of any figure: what decides what is written, the figure itself, and where it goes. */
export function ExportFrame(props: ExportFrameProps) {
  const {request, client, onClose, onNotice} = props
  // A button that is disabled while it works would lose the focus, and Escape with it.
  const [isBusy, setIsBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)

  const withFile = async (use: (file: Awaited<ReturnType<typeof readFile>>) => Promise<string>) => {
    if (isBusy || !request) return
    setIsBusy(true)
    setProblem(null)
    try {
      const file = await readFile(client, request)
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
        {props.form}
        {props.preview}
      </div>
      <div className="dialog-foot">
        {problem && (
          <span className="clip" role="alert">
            <span className="failed">✕</span> {problem.message} {problem.advice}
          </span>
        )}
        <span className="grow" />
        <Button look="edge" onPress={props.onCopyCommand} testId="export-copy-command">
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
