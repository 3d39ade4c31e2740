import {useEffect, useId, useRef} from 'react'
import {formatMany} from '../../shared/figures/number-format.ts'
import type {UnitChoice} from '../../shared/units/unit-choice.ts'
import {Check} from '../ui/check.tsx'
import {usePaneRunId} from './use-pane.ts'
import {useActions, useWorkbenchState} from './use-workbench.ts'

const FLAGS = [
  {flag: 'i', text: 'either case'},
  {flag: 'm', text: '^ and $ at lines'},
  {flag: 's', text: '. takes line ends'},
] as const

/** The expression of the unit, with how many matches it has, or why it cannot be used. */
export function RegexEditor({unit}: {readonly unit: Extract<UnitChoice, {kind: 'regex'}>}) {
  const {setUnit} = useActions()
  const runId = usePaneRunId()
  const statusId = useId()
  const match = useWorkbenchState((state) =>
    runId === null ? null : (state.matches[runId] ?? null)
  )
  const field = useRef<HTMLInputElement>(null)
  // Whoever chose matches wants to type what matches. After the list has taken the focus, as it does for
  // what is pressed by mouse.
  useEffect(() => {
    const frame = requestAnimationFrame(() => field.current?.focus())
    return () => cancelAnimationFrame(frame)
  }, [])
  const {source, flags} = unit
  const problem = source === '' ? null : (match?.problem ?? null)
  const count = match?.resolved?.kind === 'regex' ? match.resolved.spans.length : null
  return (
    <div className="unit-details">
      <input
        ref={field}
        className="field mono"
        aria-label="Regular expression"
        aria-describedby={statusId}
        aria-invalid={problem !== null}
        placeholder="\d+"
        spellCheck={false}
        autoComplete="off"
        maxLength={2000}
        value={source}
        data-testid="unit-regex"
        onChange={(event) => setUnit({...unit, source: event.target.value})}
      />
      <div className="unit-flags">
        {FLAGS.map(({flag, text}) => (
          <Check
            key={flag}
            isOn={flags.includes(flag)}
            onChange={(isOn) =>
              setUnit({...unit, flags: isOn ? flags + flag : flags.replace(flag, '')})
            }
          >
            {text}
          </Check>
        ))}
      </div>
      <div id={statusId} className="small" role="status" data-testid="unit-status">
        {problem ? (
          <>
            <div>
              <span className="failed">✕</span> {problem.message}
            </div>
            {problem.found && <div className="ink-2 clip-2">Found: {problem.found}.</div>}
            {problem.expected && <div className="ink-2">Expected: {problem.expected}.</div>}
            <div className="ink-2">{problem.advice} Scores are shown by token meanwhile.</div>
          </>
        ) : source === '' ? (
          <span className="ink-3">Type an expression; scores are shown by token until then.</span>
        ) : match?.isLooking ? (
          <span className="ink-3">Looking…</span>
        ) : count === null ? null : (
          <span className="ink-2">
            {count === 0 ? 'No match' : formatMany(count, 'match', 'matches')}
            {match?.warning ? `. ${match.warning}` : ' in this run.'}
          </span>
        )}
      </div>
    </div>
  )
}
