import {type RefObject, useRef, useState} from 'react'
import {shownProblem} from '../../store/context.ts'
import {Button} from '../../ui/button.tsx'
import {useActions, useWorkbench} from '../use-workbench.ts'
import {type HandOver, handOver} from './hand-over.ts'
import {bytesText} from './names.ts'

/** Longer texts of a browser are handed over to the engine, which reads them in parts. */
const MOST_OWN_BYTES = 4 * 2 ** 20

/** Where a text file to compare on is chosen; whoever has the ref opens it. */
export function TextFileInput({ref}: {readonly ref: RefObject<HTMLInputElement | null>}) {
  const workbench = useWorkbench()
  const {changeComparedSource, showOpenProblem} = useActions()
  const [underWay, setUnderWay] = useState<HandOver | null>(null)
  const abort = useRef(new AbortController())
  const open = async (file: File) => {
    abort.current.abort()
    abort.current = new AbortController()
    const {signal} = abort.current
    const path = workbench.host?.pathOf(file)
    try {
      if (path) changeComparedSource({kind: 'file', path})
      else if (file.size <= MOST_OWN_BYTES) {
        changeComparedSource({kind: 'own', name: file.name, text: await file.text()})
      } else {
        const kept = await handOver(workbench, file, setUnderWay, signal)
        if (!signal.aborted) changeComparedSource({kind: 'file', path: kept})
      }
    } catch (error) {
      if (!signal.aborted) showOpenProblem(shownProblem(error))
    } finally {
      if (abort.current.signal === signal) setUnderWay(null)
    }
  }
  return (
    <>
      <input
        ref={ref}
        type="file"
        hidden
        data-testid="text-file"
        onChange={(event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (file) void open(file)
        }}
      />
      {underWay && (
        <span className="small ink-3" role="status" data-testid="handing-over">
          {bytesText(underWay.doneBytes)} of {bytesText(underWay.totalBytes)} handed over{' '}
          <Button
            look="quiet"
            onPress={() => {
              abort.current.abort()
              setUnderWay(null)
            }}
          >
            Cancel
          </Button>
        </span>
      )}
    </>
  )
}
