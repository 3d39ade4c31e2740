import {formatCount, formatFixed, formatMany} from '../../../shared/figures/number-format.ts'
import {useWorkbenchState} from '../../lenses/use-workbench.ts'
import {type ListEntry, summaryOf} from '../../store/list-entries.ts'
import type {ListSource} from '../../store/prompt-list-state.ts'
import type {SkippedLine} from '../../store/state.ts'
import {adviceNow} from '../advice.ts'
import {intervalText, listWords, shareText} from './list-words.ts'

interface EntriesProps {
  readonly entries: readonly ListEntry[]
}

/** One line on what there is to see, and what the numbers mean. */
export function ListCaption({entries}: EntriesProps) {
  const job = useWorkbenchState(({listJob, connection, engineStop}) => ({
    problem: listJob.kind === 'failed' ? listJob.problem : null,
    advice: listJob.kind === 'failed' ? adviceNow(listJob.problem, {connection, engineStop}) : null,
    cancelled: listJob.kind === 'cancelled' ? listJob : null,
  }))
  return (
    <div className="figure-words">
      <div className="caption" data-testid="list-caption">
        {listWords(summaryOf(entries), entries)}
        {job.cancelled &&
          ` Cancelled after ${formatMany(job.cancelled.done, 'row')}; what is done is kept.`}
      </div>
      <div className="guard">
        Answer probability is the product over the answer’s tokens, at temperature 1, with a space
        before it where that is likelier. Enter opens a row in the lens; its result is kept.
      </div>
      {job.problem && (
        <div className="list-problem" role="alert" data-code={job.problem.code}>
          ✕ {job.problem.message} {job.problem.found && `Found ${job.problem.found}. `}
          {job.problem.expected && `Expected ${job.problem.expected}. `}
          {job.advice}
        </div>
      )}
    </div>
  )
}

/** The list in numbers; of rows whose numbers are fresh. */
export function ListNumbers({entries}: EntriesProps) {
  const summary = summaryOf(entries)
  const {judgedCount, rightCount, noAnswerCount, cutCount, meanSurprisalBits} = summary
  return (
    <section className="list-facts" aria-label="All done so far">
      <h2>All done so far</h2>
      <dl>
        {judgedCount > 0 && (
          <>
            <dt data-hint="Rows whose completion’s text begins with the answer, of those with an answer that could be judged.">
              right
            </dt>
            <dd>
              {formatCount(rightCount)} of {formatCount(judgedCount)}
            </dd>
            <dt data-hint="Right rows divided by judged ones. Rows without an answer are in neither.">
              share of right
            </dt>
            <dd data-testid="list-share">{shareText(summary)}</dd>
            <dt data-hint="95 % interval of the share of right rows (Wilson 1927), as if each row were drawn by chance.">
              Wilson 95{'\u00a0'}%
            </dt>
            <dd data-testid="list-wilson">{intervalText(summary)}</dd>
          </>
        )}
        {noAnswerCount > 0 && (
          <>
            <dt data-hint="Done rows that no answer was given for; white space alone is none.">
              without an answer
            </dt>
            <dd>{formatMany(noAnswerCount, 'row')}</dd>
          </>
        )}
        {cutCount > 0 && (
          <>
            <dt data-hint="Rows whose completion ends before the answer does. Let more tokens be generated to judge them.">
              answer cut off
            </dt>
            <dd>{formatMany(cutCount, 'row')}</dd>
          </>
        )}
        <dt data-hint="mean-surprisal">mean surprisal</dt>
        <dd>
          {formatFixed(meanSurprisalBits, 2)} {meanSurprisalBits !== null && 'bits per token'}
        </dd>
      </dl>
    </section>
  )
}

/** What was read and how, what was left out and why, and how far it is. */
export function ListReadFrom({entries}: EntriesProps) {
  const source = useWorkbenchState((state) => state.listSource)
  const {total, counts, doneCount, judgedCount, rightCount} = summaryOf(entries)
  const right = judgedCount > 0 ? `, of them ${formatCount(rightCount)} right` : ''
  return (
    <section className="list-facts" aria-label="What was read">
      <h2>
        {source ? `Read from ${source.name}` : 'The list'}{' '}
        <span>{source && formatMany(source.lineCount, 'line')}</span>
      </h2>
      <dl className="list-read">
        <dt>prompts</dt>
        <dd>{formatCount(total)}</dd>
        <dt>done</dt>
        <dd>
          {formatCount(doneCount)}
          {right}
        </dd>
        {counts.running + counts.waits > 0 && (
          <>
            <dt>running, waiting</dt>
            <dd>
              {formatCount(counts.running)}, {formatCount(counts.waits)}
            </dd>
          </>
        )}
        {source && <SourceFacts source={source} />}
      </dl>
    </section>
  )
}

const NAMED = 2

function SourceFacts({source}: {readonly source: ListSource}) {
  const {format, columns, skipped, skippedCount, answersFrom} = source
  const unnamedCount = skippedCount - skipped.length
  return (
    <>
      {format !== null && (
        <>
          <dt>format</dt>
          <dd data-testid="list-format">{format}</dd>
        </>
      )}
      {columns !== null && (
        <>
          <dt>columns</dt>
          <dd data-testid="list-columns">{columns}</dd>
        </>
      )}
      <dt>answers found by</dt>
      <dd>{answersFrom ?? 'none given'}</dd>
      <dt className={skippedCount > 0 ? 'warn' : ''}>
        {skippedCount > 0 ? '▲ skipped' : 'skipped'}
      </dt>
      <dd data-testid="list-skipped">
        {skippedCount === 0
          ? 'no line'
          : `${formatCount(skippedCount)}: ${skipped.slice(0, NAMED).map(lineWords).join(', ')}`}
        {skippedCount > NAMED && (
          <details>
            <summary>all {formatMany(skippedCount, 'line')}</summary>
            <ol>
              {skipped.map((line) => (
                <li key={`${line.line} ${line.reason}`}>{lineWords(line)}</li>
              ))}
              {unnamedCount > 0 && <li>{formatCount(unnamedCount)} more</li>}
            </ol>
          </details>
        )}
      </dd>
    </>
  )
}

const lineWords = ({line, reason}: SkippedLine) => `line ${formatCount(line)} ${reason}`
