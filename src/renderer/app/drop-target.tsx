import {type ReactNode, useState} from 'react'
import {useActions} from '../lenses/use-workbench.ts'

const hasFiles = (event: React.DragEvent) => [...event.dataTransfer.types].includes('Files')

/** Takes a folder that is dropped anywhere in the window. */
export function DropTarget({children}: {readonly children: ReactNode}) {
  const {openDialog} = useActions()
  const [isOver, setIsOver] = useState(false)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only listens to what its children do.
    <div
      style={{display: 'contents'}}
      onDragOver={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setIsOver(true)
      }}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) setIsOver(false)
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        setIsOver(false)
        const name = event.dataTransfer.files[0]?.name
        openDialog(
          'folder',
          `A browser does not tell where ${name ? `“${name}”` : 'a dropped folder'} is. Choose it here instead.`
        )
      }}
    >
      {children}
      {isOver && <div className="drop-note">Drop the model folder to open it</div>}
    </div>
  )
}
