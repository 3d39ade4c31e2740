import {type ReactNode, useState} from 'react'
import {useWorkbench} from '../lenses/use-workbench.ts'
import {dropHint} from '../sharing/drop-hint.ts'
import {openDropped, readDrop} from '../sharing/open-files.ts'
import {selectAreTokenizersShown} from '../store/tokenizers.ts'

const hasFiles = (event: React.DragEvent) => [...event.dataTransfer.types].includes('Files')

/** Takes a model folder or a prompt file that is dropped anywhere in the window. */
export function DropTarget({children}: {readonly children: ReactNode}) {
  const workbench = useWorkbench()
  const [hint, setHint] = useState<string | null>(null)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only listens to what its children do.
    <div
      style={{display: 'contents'}}
      onDragOver={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        event.dataTransfer.dropEffect = 'copy'
        setHint(dropHint(event.dataTransfer, selectAreTokenizersShown(workbench.store.getState())))
      }}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) setHint(null)
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setHint(null)
        // Its handles are gone once this returns.
        void openDropped(workbench, readDrop(event.dataTransfer, workbench))
      }}
    >
      {children}
      {hint !== null && (
        <div className="drop-note" data-testid="drop-note">
          {hint}
        </div>
      )}
    </div>
  )
}
