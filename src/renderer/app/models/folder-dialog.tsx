import {useEffect, useState} from 'react'
import type {FolderListing} from '../../../shared/contract/contract.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {Button} from '../../ui/button.tsx'
import {Dialog} from '../../ui/dialog.tsx'
import {FolderIcon} from '../../ui/icons.tsx'
import {FolderEntries} from './folder-entries.tsx'
import './folder-dialog.css'

/** Chooses a model folder of the machine that the engine runs on. */
export function FolderDialog() {
  const {closeDialog, readFolder, openListing} = useActions()
  const {isOpen, note, folder} = useWorkbenchState((state) => ({
    isOpen: state.dialog === 'folder',
    note: state.dialogNote,
    folder: state.folder,
  }))
  const {listing, problem} = folder
  // What is still listed is not what was asked for while another folder is read or could not be.
  const isCurrent = !folder.isReading && problem === null
  const model = isCurrent ? (listing?.model ?? null) : null
  return (
    <Dialog
      title="Open a model folder"
      isOpen={isOpen}
      onClose={closeDialog}
      widthPx={720}
      testId="folder-dialog"
    >
      {note && <p className="dialog-note">{note}</p>}
      <PathField listing={listing} onGo={(path) => void readFolder(path)} />
      <div className="folder-body">
        <div className="folder-places">
          {listing?.places.map((place) => (
            <Button
              key={place.path}
              className={place.path === listing.path ? 'on' : ''}
              onPress={() => void readFolder(place.path)}
            >
              <span className="clip">{place.name}</span>
            </Button>
          ))}
        </div>
        <div className="folder-list">
          {problem && (
            <div className="folder-problem" role="alert">
              <div>
                <span className="failed">✕</span> {problem.message}
              </div>
              {problem.file && <div className="mono clip">{problem.file}</div>}
              {problem.found && (
                <div className="ink-2">
                  found {problem.found}
                  {problem.expected && `, expected ${problem.expected}`}
                </div>
              )}
              <div className="ink-3">{problem.advice}</div>
            </div>
          )}
          {listing && (
            <FolderEntries
              key={listing.path}
              listing={listing}
              onEnter={(path) => void readFolder(path)}
            />
          )}
        </div>
      </div>
      <div className="dialog-foot">
        <span className="grow ink-2 folder-about">{modelText(listing)}</span>
        <Button look="edge" onPress={closeDialog}>
          Cancel
        </Button>
        <Button
          look="primary"
          isDisabled={model === null}
          onPress={() => {
            if (model) void openListing(model)
          }}
          testId="open-model"
        >
          Open
        </Button>
      </div>
    </Dialog>
  )
}

function modelText(listing: FolderListing | null): string {
  if (!listing) return 'Reading…'
  const {model} = listing
  if (!model)
    return 'This is not a model folder. It needs config.json, tokenizer.json and an ONNX file.'
  const parts = [
    model.family,
    model.layerCount === null ? null : `${model.layerCount} layers`,
    model.dtypes.join(', '),
  ]
  return [model.id, ...parts.filter(Boolean)].join(' · ')
}

interface PathFieldProps {
  readonly listing: FolderListing | null
  readonly onGo: (path: string) => void
}

/** The path as text that can be typed, and its parts as steps back. */
function PathField({listing, onGo}: PathFieldProps) {
  const [draft, setDraft] = useState('')
  const path = listing?.path ?? ''
  useEffect(() => setDraft(path), [path])
  const separator = path.includes('\\') ? '\\' : '/'
  const names = path.split(separator)
  return (
    <div className="folder-path">
      <input
        className="field mono"
        aria-label="Path of the folder"
        spellCheck={false}
        value={draft}
        data-testid="folder-path"
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onGo(draft)
        }}
      />
      <div className="crumbs">
        <FolderIcon />
        {names.map((name, i) => (
          <span key={i} className="crumb">
            <Button
              look="plain"
              onPress={() => onGo(names.slice(0, i + 1).join(separator) || separator)}
            >
              {name || separator}
            </Button>
            {i > 0 && i < names.length - 1 && <span aria-hidden="true">{separator}</span>}
          </span>
        ))}
      </div>
    </div>
  )
}
