import {type ReactNode, useEffect, useRef, useState} from 'react'
import {ToggleButton} from 'react-aria-components'
import {formatCount} from '../../../shared/figures/number-format.ts'
import {useActions} from '../../lenses/use-workbench.ts'
import {normalizedLineEnds} from '../../store/line-ends.ts'
import {Button} from '../../ui/button.tsx'
import {CloseIcon} from '../../ui/icons.tsx'
import type {FoundSpan} from './prompt-area.tsx'
import {type Found, NOTHING_FOUND, type SearchQuery, searchTexts} from './prompt-search.ts'

export interface PromptFind {
  /** Matches of a text, none while find is closed. */
  spansOf(index: number): readonly FoundSpan[]
  /** The current match, where it is in this text. */
  currentOf(index: number): FoundSpan | null
  readonly bar: ReactNode
}

const NO_SPANS: readonly FoundSpan[] = []
const TYPING_MS = 120

/** Finds in the prompt's texts: the plain one, or a chat's turns in their order. */
export function usePromptFind(texts: readonly string[], isOpen: boolean): PromptFind {
  const [query, setQuery] = useState<SearchQuery>({
    words: '',
    isCase: false,
    isWord: false,
    isRegex: false,
  })
  const [found, setFound] = useState<Found>(NOTHING_FOUND)
  const [at, setAt] = useState(0)
  const [isLooking, setIsLooking] = useState(false)
  const key = texts.join('\u0000')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is what the texts say.
  useEffect(() => {
    if (!isOpen) return
    const abort = new AbortController()
    const timer = setTimeout(() => {
      setIsLooking(true)
      searchTexts(texts.map(normalizedLineEnds), query, abort.signal).then(
        (answer) => {
          if (abort.signal.aborted) return
          setIsLooking(false)
          setFound(answer)
          setAt(0)
        },
        () => undefined
      )
    }, TYPING_MS)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [key, query, isOpen])

  const all = isOpen
    ? found.spans.flatMap((spans, index) => spans.map((span) => ({index, span})))
    : []
  const current = all[Math.min(at, all.length - 1)]
  const go = (step: number) => {
    if (all.length > 0) setAt((at + step + all.length) % all.length)
  }
  return {
    spansOf: (index) => (isOpen ? (found.spans[index] ?? NO_SPANS) : NO_SPANS),
    currentOf: (index) => (current?.index === index ? current.span : null),
    bar: isOpen ? (
      <FindBar
        query={query}
        onQuery={setQuery}
        found={found}
        isLooking={isLooking}
        place={all.length === 0 ? null : Math.min(at, all.length - 1)}
        count={all.length}
        go={go}
        turn={current?.index ?? 0}
      />
    ) : null,
  }
}

interface FindBarProps {
  readonly query: SearchQuery
  readonly onQuery: (query: SearchQuery) => void
  readonly found: Found
  readonly isLooking: boolean
  readonly place: number | null
  readonly count: number
  readonly go: (step: number) => void
  /** The text that the current match is in. */
  readonly turn: number
}

function countText({query, found, isLooking, place, count}: FindBarProps): string {
  if (query.words === '') return ''
  if (found.problem) return found.problem
  if (place === null) return isLooking ? 'looking…' : 'not found'
  return `${formatCount(place + 1)} of ${formatCount(count)}${found.isCut ? ' and more' : ''}`
}

function FindBar(props: FindBarProps) {
  const {query, onQuery, found, go, count, turn} = props
  const {setFindOpen} = useActions()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.select(), [])
  const close = () => {
    setFindOpen(false)
    const areas = document.querySelectorAll<HTMLTextAreaElement>('.prompt-area textarea')
    areas[turn]?.focus()
  }
  return (
    <search
      className="prompt-find"
      aria-label="Find in the prompt"
      data-testid="prompt-find"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        close()
      }}
    >
      <div className="find-row">
        <input
          ref={field}
          className="field"
          aria-label="Find in the prompt"
          aria-describedby="find-count"
          placeholder="Find"
          spellCheck={false}
          value={query.words}
          data-testid="find-words"
          onChange={(event) => onQuery({...query, words: event.target.value})}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            go(event.shiftKey ? -1 : 1)
          }}
        />
        <Button look="icon" aria-label="Close find" onPress={close}>
          <CloseIcon />
        </Button>
      </div>
      <div className="find-row">
        <FindToggle
          label="Match case"
          text="Aa"
          isOn={query.isCase}
          onChange={(isCase) => onQuery({...query, isCase})}
        />
        <FindToggle
          label="Whole words"
          text="ab|"
          isOn={query.isWord}
          onChange={(isWord) => onQuery({...query, isWord})}
        />
        <FindToggle
          label="Regular expression"
          text=".*"
          isOn={query.isRegex}
          onChange={(isRegex) => onQuery({...query, isRegex})}
        />
        <span className="grow" />
        <Button
          look="icon"
          aria-label="Previous match"
          isDisabled={count === 0}
          onPress={() => go(-1)}
        >
          ↑
        </Button>
        <Button look="icon" aria-label="Next match" isDisabled={count === 0} onPress={() => go(1)}>
          ↓
        </Button>
      </div>
      <div
        id="find-count"
        className={`find-count ${found.problem ? 'over' : ''}`}
        role="status"
        data-testid="find-count"
      >
        {countText(props)}
      </div>
    </search>
  )
}

interface FindToggleProps {
  readonly label: string
  readonly text: string
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
}

function FindToggle({label, text, isOn, onChange}: FindToggleProps) {
  return (
    <ToggleButton
      className="choice find-toggle mono"
      aria-label={label}
      isSelected={isOn}
      onChange={onChange}
    >
      {/* A drawn sign, not words: the name says what it does. */}
      <span data-hint={label} data-sign={text} aria-hidden="true" />
    </ToggleButton>
  )
}
