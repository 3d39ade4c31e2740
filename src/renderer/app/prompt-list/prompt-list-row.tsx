import {useEffect, useState} from 'react'
import {
  formatCount,
  formatFixed,
  formatMany,
  formatProb,
} from '../../../shared/figures/number-format.ts'
import {isAnswer} from '../../../shared/lenses/judge-answer.ts'
import {useActions, useWorkbenchState} from '../../lenses/use-workbench.ts'
import {type ListEntry, selectListEntries} from '../../store/list-entries.ts'
import {Button} from '../../ui/button.tsx'
import {ListNumbers} from './prompt-list-facts.tsx'
import {
  answerBitsText,
  SPACED_WORDS,
  STATUS_HINT,
  shownText,
  statusText,
} from './prompt-list-text.ts'

/** What the inspector shows of the prompt list: the row that has the focus, and all rows in numbers. */
export function ListInspector() {
  const entries = useWorkbenchState((state, {captures}) => selectListEntries(state, captures))
  return (
    <div className="list-inspector">
      <ListRowFacts entries={entries} />
      <ListNumbers entries={entries} />
    </div>
  )
}

/** A row: what it says in full, what went wrong, and its answer, which can be edited. */
function ListRowFacts({entries}: {readonly entries: readonly ListEntry[]}) {
  const {openListRow} = useActions()
  const focusId = useWorkbenchState((state) => state.listFocusId)
  const entry = entries.find(({row}) => row.id === focusId) ?? entries[0]
  if (!entry) return null
  const {row, number, result, outcome, completion, status} = entry
  const problem = outcome?.kind === 'failed' ? outcome.problem : null
  return (
    <section className="list-facts list-row-facts" aria-label={`Prompt ${number}`}>
      <h2>
        Prompt {formatCount(number)}
        <span className="end">
          line {formatCount(row.line)}
          {row.messages && `, chat of ${formatMany(row.messages.length, 'turn')}`}
        </span>
      </h2>
      <div className="list-row-text mono" data-testid="row-text">
        {shownText(row.prompt)}
        {result && <span className="list-row-completion">{shownText(completion)}</span>}
      </div>
      <dl>
        <dt>
          <label
            htmlFor="row-answer"
            data-hint="The text expected right after the prompt. A space at its start need not be typed. Changed here it is judged with the next run."
          >
            answer
          </label>
        </dt>
        <dd>
          <AnswerField key={row.id} id={row.id} answer={row.answer} />
        </dd>
        {row.answer !== null && !isAnswer(row.answer) && (
          <>
            <dt>counts as</dt>
            <dd data-testid="blank-answer">no answer: only white space</dd>
          </>
        )}
        {!problem && (
          <>
            <dt data-hint={STATUS_HINT}>status</dt>
            <dd>{statusText(entry)}</dd>
          </>
        )}
        {result && (
          <>
            <dt data-hint="prompt-tokens">prompt tokens</dt>
            <dd>{formatCount(result.promptTokenCount)}</dd>
            <dt data-hint="Tokens that the model went on with after the prompt, special ones included.">
              generated tokens
            </dt>
            <dd>{formatCount(result.completionIds.length)}</dd>
            <dt data-hint="mean-surprisal">mean surprisal</dt>
            <dd>
              {formatFixed(result.meanSurprisalBits, 2)}
              {result.meanSurprisalBits !== null && ' bits per token'}
            </dd>
          </>
        )}
        {result?.answer && (
          <>
            <dt
              data-hint="answer-probability"
              data-hint-more={result.answer.isSpaced ? SPACED_WORDS : undefined}
            >
              answer probability
            </dt>
            <dd>{formatProb(result.answer.prob)}</dd>
            <dt data-hint="Surprisal of the whole answer: minus the base-2 logarithm of its probability, which is the sum over its tokens, in bits.">
              answer surprisal
            </dt>
            <dd>{answerBitsText(result.answer)}</dd>
            <dt data-hint="Tokens that the answer is encoded as after this prompt.">
              answer tokens
            </dt>
            <dd data-testid="answer-tokens">
              {formatCount(result.answer.tokenCount)}
              {result.answer.isSpaced && ', with a space before it'}
            </dd>
          </>
        )}
        {problem && (
          <>
            <dt className="failed">✕ failed</dt>
            <dd data-testid="row-problem">
              {problem.message} {problem.found && `Found ${problem.found}. `}
              {problem.expected && `Expected ${problem.expected}. `}
              {problem.advice}
            </dd>
          </>
        )}
      </dl>
      <Button look="edge" onPress={() => openListRow(row.id)} testId="open-row">
        {status === 'waits' ? 'Run and open' : 'Open in the lens'} <kbd>⏎</kbd>
      </Button>
    </section>
  )
}

interface AnswerFieldProps {
  readonly id: string
  readonly answer: string | null
}

/** Taken at Enter and when left; Escape puts it back. */
function AnswerField({id, answer}: AnswerFieldProps) {
  const {setListAnswer} = useActions()
  const [draft, setDraft] = useState(answer ?? '')
  useEffect(() => setDraft(answer ?? ''), [answer])
  const commit = () => setListAnswer(id, draft)
  return (
    <input
      id="row-answer"
      className="field mono"
      value={draft}
      placeholder="none"
      spellCheck={false}
      data-testid="row-answer"
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit()
        if (event.key === 'Escape') setDraft(answer ?? '')
      }}
    />
  )
}
