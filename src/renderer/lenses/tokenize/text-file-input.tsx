import type {RefObject} from 'react'
import {useActions, useWorkbench} from '../use-workbench.ts'

/** Longer texts of a browser are not handed over; the engine reads them by their path, in parts. */
const MOST_OWN_BYTES = 4 * 2 ** 20

/** Where a text file to compare on is chosen; whoever has the ref opens it. */
export function TextFileInput({ref}: {readonly ref: RefObject<HTMLInputElement | null>}) {
  const {host} = useWorkbench()
  const {changeComparedSource, notify} = useActions()
  const open = async (file: File) => {
    const path = host?.pathOf(file)
    if (path) changeComparedSource({kind: 'file', path})
    else if (file.size > MOST_OWN_BYTES) {
      notify('A browser hands over texts of up to 4 MiB; tokenscope tokenize --text-file takes any')
    } else changeComparedSource({kind: 'own', name: file.name, text: await file.text()})
  }
  return (
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
  )
}
