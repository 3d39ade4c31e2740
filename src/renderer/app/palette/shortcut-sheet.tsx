import {useMemo, useState} from 'react'
import {type Command, plainTitleOf, shortcutsOf} from '../../commands/command.ts'
import {fuzzyMatch} from '../../commands/fuzzy-match.ts'
import {GROUP_NAMES} from '../../commands/palette-entries.ts'
import {COMMANDS} from '../../commands/registry.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {Dialog} from '../../ui/dialog.tsx'
import {isOnThisMachine, shortcutText} from '../../ui/shortcut.ts'
import '../sheets.css'

/** What keys do that belong to no command. */
const CONTROL_KEYS: readonly (readonly [string, string])[] = [
  ['What can be done with the thing in focus', 'Shift F10'],
  ['The next and the previous control', 'Tab, Shift Tab'],
  ['A number field: one step up or down', '↑ ↓'],
  ['A slider or the edge of a pane: move it', '← →'],
  ['Close what stands over the page', 'Esc'],
]

/** Every key there is, by what it does. */
export function ShortcutSheet() {
  const {closeDialog} = useActions()
  const isOpen = useWorkbenchState((state) => state.dialog === 'shortcuts')
  return (
    <Dialog title="All keys" isOpen={isOpen} onClose={closeDialog} widthPx={760} testId="shortcuts">
      {isOpen && <SheetBody />}
    </Dialog>
  )
}

interface KeyRow {
  readonly name: string
  readonly detail: string
  readonly keys: string
}

function rowOf(command: Command): KeyRow {
  const keys = shortcutsOf(command).filter((shortcut) => isOnThisMachine(shortcut))
  return {
    name: plainTitleOf(command),
    detail: command.lens === undefined ? '' : `in ${command.detail ?? command.lens}`,
    keys: keys.map(shortcutText).join(' or '),
  }
}

function rowsByGroup(): {name: string; rows: readonly KeyRow[]}[] {
  const groups = Object.entries(GROUP_NAMES).map(([group, name]) => ({
    name,
    rows: COMMANDS.filter((command) => command.group === group)
      .map(rowOf)
      .filter(({keys}) => keys !== ''),
  }))
  const controls = CONTROL_KEYS.map(([name, keys]) => ({name, detail: '', keys}))
  return [...groups, {name: 'Controls', rows: controls}].filter(({rows}) => rows.length > 0)
}

function SheetBody() {
  const [query, setQuery] = useState('')
  const groups = useMemo(rowsByGroup, [])
  const shown = groups
    .map(({name, rows}) => ({
      name,
      rows: rows.filter(
        (row) =>
          query.trim() === '' ||
          row.keys.toLowerCase().includes(query.trim().toLowerCase()) ||
          fuzzyMatch(query, `${row.name} ${name}`) !== null
      ),
    }))
    .filter(({rows}) => rows.length > 0)
  return (
    <>
      <div className="sheet-search">
        <input
          className="field"
          // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type into it.
          autoFocus
          aria-label="Find a key"
          placeholder="Find a key or what it does"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section className="sheet-columns" tabIndex={0} aria-label="Keys">
        {shown.length === 0 && <div className="ink-2">No key does that.</div>}
        {shown.map(({name, rows}) => (
          <div key={name} className="sheet-group">
            <h2>{name}</h2>
            <dl>
              {rows.map((row) => (
                <div key={row.name} className="sheet-row">
                  <dt>
                    {row.name} <span className="ink-3">{row.detail}</span>
                  </dt>
                  <dd>
                    <kbd>{row.keys}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </section>
    </>
  )
}
