import {useRef, useState} from 'react'
import type {AnswerChecker} from '../../../shared/lenses/critical.ts'
import {Button} from '../../ui/button.tsx'
import {MenuChoice} from '../../ui/menu-choice.tsx'
import {useActions, useWorkbenchState} from '../use-workbench.ts'

type Kind = AnswerChecker['kind']
const KINDS: readonly {value: Kind; text: string; note: string}[] = [
  {value: 'number', text: 'number', note: 'after the last marker'},
  {value: 'text', text: 'exact text', note: 'white space around it aside'},
  {value: 'one-of', text: 'one of', note: 'the option that is named last'},
  {value: 'regex', text: 'regular expression', note: 'its last match, or that match’s group'},
  {value: 'script', text: 'script', note: 'a function of (response, answer)'},
]
const FIRST: {readonly [One in Kind]: Extract<AnswerChecker, {kind: One}>} = {
  number: {kind: 'number', marker: 'Answer:'},
  text: {kind: 'text'},
  'one-of': {kind: 'one-of', options: ['yes', 'no']},
  regex: {kind: 'regex', pattern: 'Answer: (\\S+)\\.'},
  script: {
    kind: 'script',
    source: '(response, answer) => response.trim().endsWith(`Answer: ${answer}.`)',
  },
}

/** How a response is told to be right. */
export function CheckerForm() {
  const {changeCritical} = useActions()
  const checker = useWorkbenchState((state) => state.criticalChoice.checker)
  const set = (next: AnswerChecker) => changeCritical({checker: next})
  return (
    <div className="settings-form checker-form" data-testid="checker-form">
      <div className="form-row">
        <span className="form-label">right is</span>
        <MenuChoice
          label="Checker"
          value={checker.kind}
          options={KINDS}
          onChange={(kind) => set(FIRST[kind])}
          testId="checker-kind"
        />
        <span className="ink-3">{KINDS.find(({value}) => value === checker.kind)!.note}</span>
      </div>
      {checker.kind === 'number' && (
        <TextRow
          label="marker"
          value={checker.marker}
          onTake={(marker) => set({kind: 'number', marker})}
        />
      )}
      {checker.kind === 'one-of' && (
        <TextRow
          label="options"
          value={checker.options.join(', ')}
          onTake={(text) => {
            const options = text.split(',').flatMap((one) => one.trim() || [])
            if (options.length >= 2) set({kind: 'one-of', options})
          }}
        />
      )}
      {checker.kind === 'regex' && (
        <TextRow
          label="pattern"
          value={checker.pattern}
          onTake={(pattern) => set({kind: 'regex', pattern})}
        />
      )}
      {checker.kind === 'script' && (
        <ScriptRow value={checker.source} onTake={(source) => set({kind: 'script', source})} />
      )}
    </div>
  )
}

interface RowProps {
  readonly value: string
  readonly onTake: (text: string) => void
}

/** A text that is taken at Enter and when it is left; an empty one is put back. */
function TextRow({label, value, onTake}: RowProps & {readonly label: string}) {
  const [draft, setDraft] = useState(value)
  const take = () => {
    if (draft === '') setDraft(value)
    else if (draft !== value) onTake(draft)
  }
  return (
    <label className="form-row">
      <span className="form-label">{label}</span>
      <input
        className="field mono"
        spellCheck={false}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take()
        }}
        data-testid={`checker-${label}`}
      />
    </label>
  )
}

function ScriptRow({value, onTake}: RowProps) {
  const [draft, setDraft] = useState(value)
  const ref = useRef<HTMLTextAreaElement>(null)
  return (
    <>
      <textarea
        ref={ref}
        className="field mono script-text"
        aria-label="Script"
        spellCheck={false}
        rows={5}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        data-testid="checker-script"
      />
      <div className="form-row">
        <Button
          look="edge"
          isDisabled={draft.trim() === '' || draft === value}
          onPress={() => {
            onTake(draft)
            // The button has nothing more to do; who stood on it stays in the form.
            ref.current?.focus()
          }}
          testId="take-script"
        >
          Use it
        </Button>
        <span className="ink-3">
          in a sandbox: no files, no network, 64 MiB; a response has a quarter of a second, within a
          built-in function a whole one
        </span>
      </div>
    </>
  )
}
