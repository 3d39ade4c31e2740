import {useState} from 'react'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {selectRunData} from '../../store/selectors.ts'
import {Dialog} from '../../ui/dialog.tsx'
import {foundPlaces} from './prompt-places.ts'

/** Goes to a token of the run that is shown: by its position, or by text that is in it. */
export function JumpDialog() {
  const isOpen = useWorkbenchState((state) => state.dialog === 'jump')
  const {closeDialog} = useActions()
  return (
    <Dialog
      title="Jump to token"
      isOpen={isOpen}
      onClose={closeDialog}
      widthPx={420}
      testId="jump-dialog"
    >
      {isOpen && <JumpForm />}
    </Dialog>
  )
}

function JumpForm() {
  const {closeDialog, jumpTo} = useActions()
  const data = useWorkbenchState((state, {captures}) => selectRunData(state, captures))
  const [words, setWords] = useState('')
  const [at, setAt] = useState(0)
  const tokens = data?.tokens ?? []
  const {places, hiddenCount} = foundPlaces(tokens, words)
  const chosen = Math.min(at, places.length - 1)
  const go = (position: number | undefined) => {
    if (position === undefined) return
    closeDialog()
    jumpTo(position)
  }
  return (
    <div className="jump-form">
      <input
        // biome-ignore lint/a11y/noAutofocus: the dialog is this field.
        autoFocus
        className="field"
        role="combobox"
        aria-label="Position or text"
        aria-expanded={places.length > 0}
        aria-controls="jump-places"
        aria-activedescendant={places.length > 0 ? `jump-${chosen}` : undefined}
        placeholder={`0 to ${formatCount(Math.max(0, tokens.length - 1))}, or text`}
        spellCheck={false}
        value={words}
        data-testid="jump-words"
        onChange={(event) => {
          setWords(event.target.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') go(places[chosen]?.position)
          else if (event.key === 'ArrowDown') setAt(Math.min(places.length - 1, chosen + 1))
          else if (event.key === 'ArrowUp') setAt(Math.max(0, chosen - 1))
          else return
          event.preventDefault()
        }}
      />
      <div id="jump-places" className="jump-list" role="listbox" aria-label="Tokens">
        {places.map(({position, text}, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys.
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
          <div
            key={position}
            id={`jump-${i}`}
            role="option"
            aria-selected={i === chosen}
            className={`jump-row ${i === chosen ? 'on' : ''}`}
            onClick={() => go(position)}
          >
            <span className="jump-position">{formatCount(position)}</span>
            <span className="mono clip">{text}</span>
          </div>
        ))}
      </div>
      <div className="small ink-3" role="status">
        {words !== '' && places.length === 0 && 'No such token.'}
        {hiddenCount > 0 && `${formatCount(hiddenCount)} more`}
      </div>
    </div>
  )
}
