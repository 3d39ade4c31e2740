import {Command as Cmdk} from 'cmdk'
import {useEffect, useMemo, useState} from 'react'
import {Dialog as AriaDialog, Modal, ModalOverlay} from 'react-aria-components'
import {
  commandEntries,
  type FoundEntry,
  findEntries,
  firstChoice,
  jumpEntries,
  type PaletteEntry,
  thingEntries,
} from '../../commands/palette-entries.ts'
import {COMMANDS} from '../../commands/registry.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {recentCommands, rememberCommand} from './recent-commands.ts'
import './palette.css'

/** Every command by its words, and the tokens, runs, models and samples that one can go to. */
export function Palette() {
  const {closeDialog} = useActions()
  const isOpen = useWorkbenchState((state) => state.dialog === 'palette')
  return (
    <ModalOverlay
      className="scrim"
      isOpen={isOpen}
      isDismissable
      onOpenChange={(open) => {
        if (!open) closeDialog()
      }}
    >
      <Modal className="palette-place">
        <AriaDialog className="dialog palette" aria-label="Commands" data-testid="palette">
          <PaletteBody />
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

interface Listed {
  readonly found: readonly FoundEntry[]
  readonly total: number
}

/** Commands alone after `>`; with words also what is not a command. */
function listOf(
  query: string,
  commands: readonly PaletteEntry[],
  things: () => readonly PaletteEntry[],
  jumps: (words: string) => readonly PaletteEntry[]
): Listed {
  const recent = recentCommands()
  const isOnlyCommands = query.startsWith('>')
  const words = isOnlyCommands ? query.slice(1) : query
  if (isOnlyCommands || words.trim() === '') {
    return {found: findEntries(words, commands, recent), total: commands.length}
  }
  const entries = [...commands, ...things()]
  const jumped = jumps(words).map((entry) => ({entry, indices: [], rank: 'word' as const}))
  const found = findEntries(words, entries, recent)
  // A number can only mean a token; of text the commands come first.
  const isNumber = /^\W*\d/u.test(words)
  return {
    found: isNumber ? [...jumped, ...found] : [...found, ...jumped],
    total: entries.length,
  }
}

function PaletteBody() {
  const workbench = useWorkbench()
  const {closeDialog} = workbench.actions
  const [query, setQuery] = useState('')
  const commands = useMemo(() => commandEntries(COMMANDS, workbench), [workbench])
  const {found, total} = useMemo(
    () =>
      listOf(
        query,
        commands,
        () => thingEntries(workbench),
        (words) => jumpEntries(words, workbench)
      ),
    [query, commands, workbench]
  )
  const [chosen, setChosen] = useState('')
  // With nothing typed what cannot be done stands last anyway.
  const first = firstChoice(found)?.key ?? ''
  const [refused, setRefused] = useState<PaletteEntry | null>(null)
  const shown = found.some(({entry}) => entry.key === chosen) ? chosen : first
  const choose = (entry: PaletteEntry) => {
    // What was asked for is not there now: something else would be no answer.
    if (entry.reason !== null) {
      setRefused(entry)
      return
    }
    rememberCommand(entry.key)
    closeDialog()
    entry.run()
  }
  const drawn = found.slice(0, useDrawnCount(found.length))
  const headings = [...new Set(drawn.map(({entry}) => entry.heading))]
  return (
    <Cmdk
      label="Commands"
      shouldFilter={false}
      loop
      vimBindings={false}
      value={shown}
      onValueChange={setChosen}
      onKeyDown={(event) => {
        const isPaletteKey = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)
        if (!isPaletteKey) return
        event.preventDefault()
        closeDialog()
      }}
    >
      <div className="palette-head">
        <Cmdk.Input
          autoFocus
          className="palette-input"
          placeholder="Find a command, a token, a run, a model"
          value={query}
          onValueChange={(text) => {
            setQuery(text)
            setChosen('')
            setRefused(null)
          }}
          spellCheck={false}
          data-testid="palette-input"
        />
        <span className="small ink-3" role="status" data-testid="palette-status">
          {refused !== null
            ? `“${refused.title}” cannot be done now: ${refused.reason}`
            : query.trim() === ''
              ? `${total} commands`
              : `${found.length} of ${total}${query.startsWith('>') ? ' commands' : ''}`}
        </span>
      </div>
      <Cmdk.List className="palette-list" label="Commands">
        {found.length === 0 && (
          <div className="palette-none">
            Nothing fits “{query.trim()}”. Fewer letters find more; a number jumps to a token.
          </div>
        )}
        {headings.map((heading) => (
          <Cmdk.Group key={heading} heading={heading}>
            {drawn
              .filter(({entry}) => entry.heading === heading)
              .map(({entry, indices}) => (
                <Cmdk.Item
                  key={entry.key}
                  value={entry.key}
                  className="palette-item"
                  data-off={entry.reason !== null}
                  onSelect={() => choose(entry)}
                  data-command={entry.key}
                >
                  <span className="palette-title">
                    <Marked text={entry.title} indices={indices} />
                  </span>
                  <span className="palette-detail">{entry.reason ?? entry.detail}</span>
                  <kbd>{entry.keyText}</kbd>
                </Cmdk.Item>
              ))}
          </Cmdk.Group>
        ))}
      </Cmdk.List>
      <div className="palette-foot">
        <span>
          <b>↑ ↓</b> walk
        </span>
        <span>
          <b>⏎</b> do it
        </span>
        <span>
          <b>&gt;</b> commands only
        </span>
        <span>
          <b>42</b> jump to a token
        </span>
        <span>
          <b>Esc</b> close
        </span>
      </div>
    </Cmdk>
  )
}

/** What fits into the palette without scrolling, and what is added a frame. */
const FIRST_COUNT = 16
const COUNT_PER_FRAME = 12

/** So many lines are drawn now: what is in sight in the first frame, the others in those that follow. */
function useDrawnCount(total: number): number {
  const [count, setCount] = useState(FIRST_COUNT)
  const isDone = count >= total
  useEffect(() => {
    if (isDone) return
    const frame = requestAnimationFrame(() => setCount(count + COUNT_PER_FRAME))
    return () => cancelAnimationFrame(frame)
  }, [count, isDone])
  return count
}

/** The letters that were typed stand out. */
function Marked({text, indices}: {readonly text: string; readonly indices: readonly number[]}) {
  if (indices.length === 0) return text
  const isMarked = new Set(indices)
  const parts: {text: string; isMarked: boolean}[] = []
  for (let i = 0; i < text.length; i++) {
    const last = parts.at(-1)
    if (last && last.isMarked === isMarked.has(i)) last.text += text[i]
    else parts.push({text: text[i]!, isMarked: isMarked.has(i)})
  }
  return parts.map((part, i) => (part.isMarked ? <b key={i}>{part.text}</b> : part.text))
}
