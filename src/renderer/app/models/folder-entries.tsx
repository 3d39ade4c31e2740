import {useEffect, useRef, useState} from 'react'
import type {FolderListing} from '../../../shared/contract/contract.ts'

export interface FolderEntriesProps {
  readonly listing: FolderListing
  readonly onEnter: (path: string) => void
}

/**
 * What is in a folder. Arrows walk, Enter goes in, Backspace goes up, letters jump to the first name
 * that begins with them. Files are shown, greyed: they tell where one is.
 */
export function FolderEntries({listing, onEnter}: FolderEntriesProps) {
  const {entries, parent} = listing
  const [index, setIndex] = useState(0)
  const ref = useRef<HTMLDivElement>(null)
  const typed = useRef({text: '', at: 0})
  useEffect(() => {
    ref.current?.querySelector(`[data-index="${index}"]`)?.scrollIntoView({block: 'nearest'})
  }, [index])

  const enter = (at: number) => {
    const entry = entries[at]
    if (entry && entry.kind !== 'file') onEnter(entry.path)
  }
  const jump = (letter: string, now: number) => {
    const isGoingOn = now - typed.current.at < 800
    typed.current = {text: (isGoingOn ? typed.current.text : '') + letter, at: now}
    const found = entries.findIndex((entry) =>
      entry.name.toLowerCase().startsWith(typed.current.text)
    )
    if (found >= 0) setIndex(found)
  }
  return (
    <div
      ref={ref}
      className="folder-entries"
      role="listbox"
      aria-label={`Contents of ${listing.path}`}
      tabIndex={0}
      aria-activedescendant={entries[index] ? `folder-entry-${index}` : undefined}
      onKeyDown={(event) => {
        const last = entries.length - 1
        if (event.key === 'ArrowDown') setIndex(Math.min(last, index + 1))
        else if (event.key === 'ArrowUp') setIndex(Math.max(0, index - 1))
        else if (event.key === 'Home') setIndex(0)
        else if (event.key === 'End') setIndex(last)
        else if (event.key === 'Enter' || event.key === 'ArrowRight') enter(index)
        else if (event.key === 'Backspace' || event.key === 'ArrowLeft') {
          if (parent !== null) onEnter(parent)
        } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
          jump(event.key.toLowerCase(), event.timeStamp)
        } else return
        event.preventDefault()
      }}
    >
      {entries.length === 0 && (
        // A list of choices has at least one.
        <div className="ink-3" role="option" aria-selected={false} aria-disabled tabIndex={-1}>
          Nothing in this folder.
        </div>
      )}
      {entries.map((entry, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the same is done by keys on the whole.
        // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names its active option.
        <div
          key={entry.path}
          id={`folder-entry-${i}`}
          data-index={i}
          className={`folder-entry ${entry.kind} ${i === index ? 'on' : ''}`}
          role="option"
          aria-selected={i === index}
          aria-disabled={entry.kind === 'file'}
          onPointerDown={() => setIndex(i)}
          onClick={() => {
            if (entry.kind === 'model') enter(i)
          }}
          onDoubleClick={() => enter(i)}
        >
          <span className="clip">{entry.name}</span>
          <span className="end">{entry.kind === 'file' ? '' : entry.kind}</span>
        </div>
      ))}
    </div>
  )
}
