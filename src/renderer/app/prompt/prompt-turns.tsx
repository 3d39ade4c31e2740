import type {Message} from '../../../shared/lenses/tokens.ts'
import {useActions} from '../../lenses/use-workbench.ts'
import {Button} from '../../ui/button.tsx'
import {CloseIcon} from '../../ui/icons.tsx'
import {PromptArea} from './prompt-area.tsx'
import type {PromptFind} from './prompt-find.tsx'

const ROLES = ['system', 'user', 'assistant', 'tool']

/** The role that a further turn most likely has. */
function nextRole(turns: readonly Message[]): string {
  return turns.at(-1)?.role === 'user' ? 'assistant' : 'user'
}

/** Why a turn is not as it looks; null where it is. */
function noteOf(turns: readonly Message[], index: number): string | null {
  const {role, content} = turns[index]!
  if (role === 'system' && content.trim() === '') return 'Empty, so it is left out.'
  if (role === 'assistant' && index === turns.length - 1) {
    return 'The template ends this turn; the model answers in a new one.'
  }
  return null
}

export interface PromptTurnsProps {
  readonly turns: readonly Message[]
  readonly find: PromptFind
}

/** A chat, turn by turn: role and words of each, in their order. */
export function PromptTurns({turns, find}: PromptTurnsProps) {
  const {setTurns} = useActions()
  const change = (index: number, turn: Partial<Message>, merge?: string) =>
    setTurns(
      turns.map((other, i) => (i === index ? {...other, ...turn} : other)),
      merge
    )
  const focusTurn = (index: number) =>
    requestAnimationFrame(() =>
      document.querySelectorAll<HTMLElement>('.prompt-turn textarea')[index]?.focus()
    )
  const move = (index: number, by: 1 | -1) => {
    const target = index + by
    if (!turns[target]) return
    setTurns(
      turns.map((turn, i) => (i === index ? turns[target]! : i === target ? turns[index]! : turn))
    )
    focusTurn(target)
  }
  const add = (index: number, role: string) => {
    setTurns([...turns.slice(0, index), {role, content: ''}, ...turns.slice(index)])
    focusTurn(index)
  }
  const remove = (index: number) => {
    setTurns(turns.filter((_, i) => i !== index))
    focusTurn(Math.max(0, index - 1))
  }
  return (
    <div className="prompt-turns" data-testid="prompt-turns">
      <datalist id="turn-roles">
        {ROLES.map((role) => (
          <option key={role} value={role} />
        ))}
      </datalist>
      {turns.map((turn, index) => {
        const name = `turn ${index + 1}`
        const note = noteOf(turns, index)
        return (
          <fieldset
            key={index}
            className="prompt-turn"
            aria-label={`Turn ${index + 1}, ${turn.role}`}
          >
            <div className="turn-head">
              <input
                className="turn-role"
                aria-label={`Role of ${name}`}
                list="turn-roles"
                value={turn.role}
                spellCheck={false}
                data-testid="turn-role"
                onFocus={(event) => event.target.select()}
                onChange={(event) => change(index, {role: event.target.value}, `role ${index}`)}
              />
              <span className="grow" />
              <Button
                look="icon"
                aria-label={`Move ${name} up`}
                isDisabled={index === 0}
                onPress={() => move(index, -1)}
              >
                ↑
              </Button>
              <Button
                look="icon"
                aria-label={`Move ${name} down`}
                isDisabled={index === turns.length - 1}
                onPress={() => move(index, 1)}
              >
                ↓
              </Button>
              <Button
                look="icon"
                aria-label={`Remove ${name}`}
                isDisabled={turns.length === 1}
                onPress={() => remove(index)}
              >
                <CloseIcon />
              </Button>
            </div>
            <PromptArea
              turn={index}
              text={turn.content}
              onText={(content) => change(index, {content}, `turn ${index}`)}
              label={`Words of ${name}`}
              placeholder={turn.role === '' ? 'words' : `${turn.role}’s words`}
              found={find.spansOf(index)}
              current={find.currentOf(index)}
              isShort
              testId="turn-text"
              onKeyDown={(event) => {
                if (!event.altKey || event.ctrlKey || event.metaKey) return
                if (event.key === 'ArrowUp') move(index, -1)
                else if (event.key === 'ArrowDown') move(index, 1)
                else if (event.key === 'Enter') add(index + 1, nextRole(turns.slice(0, index + 1)))
                else return
                event.preventDefault()
              }}
            />
            {note && <div className="turn-note">{note}</div>}
          </fieldset>
        )
      })}
      <div className="turn-actions">
        <Button look="edge" onPress={() => add(turns.length, nextRole(turns))} testId="add-turn">
          Add turn <kbd>Alt ⏎</kbd>
        </Button>
        {turns[0]?.role !== 'system' && (
          <Button look="plain" onPress={() => add(0, 'system')} testId="add-system">
            Add system
          </Button>
        )}
      </div>
    </div>
  )
}
