import {formatBits, formatCount, formatFixed} from '../../../shared/figures/number-format.ts'
import {useWorkbenchState} from '../../lenses/use-workbench.ts'
import {type ListEntry, summaryOf} from '../../store/list-entries.ts'
import {adviceNow} from '../advice.ts'

interface EntriesProps {
  readonly entries: readonly ListEntry[]
}

const many = (count: number, one: string) =>
  `${formatCount(count)} ${count === 1 ? one : `${one}s`}`

/** One line on what there is to see, and what the numbers mean. */
export function ListCaption({entries}: EntriesProps) {
  const job = useWorkbenchState(({listJob, connection, engineStop}) => ({
    problem: listJob.kind === 'failed' ? listJob.problem : null,
    advice: listJob.kind === 'failed' ? adviceNow(listJob.problem, {connection, engineStop}) : null,
    cancelled: listJob.kind === 'cancelled' ? listJob : null,
  }))
  const {total, doneCount, judgedCount, rightCount, counts} = summaryOf(entries)
  const parts = [`${many(total, 'prompt')}, ${formatCount(doneCount)} done`]
  if (judgedCount > 0) {
    parts.push(`: ${formatCount(rightCount)} right, ${formatCount(judgedCount - rightCount)} wrong`)
  }
  const wrong = wrongText(entries)
  if (counts.failed > 0) parts.push(`; ${formatCount(counts.failed)} failed`)
  if (counts.stale > 0) parts.push(`; ${formatCount(counts.stale)} stale, of other parameters`)
  return (
    <div className="figure-words">
      <div className="caption" data-testid="list-caption">
        {parts.join('')}.{wrong && ` ${wrong}`}
        {job.cancelled &&
          ` Cancelled after ${many(job.cancelled.done, 'row')}; what is done is kept.`}
      </div>
      <div className="guard">
        Answer probability is the product over the answer’s tokens, at temperature 1. Enter opens a
        row in the lens; its result is kept.
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

/** 95 % interval of a share (Wilson 1927). */
function wilson(hits: number, count: number): readonly [number, number] {
  const z = 1.959964
  const share = hits / count
  const middle = share + (z * z) / (2 * count)
  const half = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count))
  const scale = 1 + (z * z) / count
  return [Math.max(0, (middle - half) / scale), Math.min(1, (middle + half) / scale)]
}

const percent = (share: number) => `${formatFixed(100 * share, 0)} %`

const MOST_WRONG_NAMED = 3

/** Names wrong rows where they are few, and says where they are also those that the model was least sure of. */
function wrongText(entries: readonly ListEntry[]): string | null {
  const judged = entries.filter(({status}) => status === 'right' || status === 'wrong')
  const wrong = judged.filter(({status}) => status === 'wrong')
  if (wrong.length === 0 || wrong.length > MOST_WRONG_NAMED) return null
  const names = wrong.map(({number}) => `#${formatCount(number)}`)
  const probOf = ({result}: ListEntry) => result?.answer?.prob ?? 1
  const leastSureRight = Math.min(
    ...judged.filter(({status}) => status === 'right').map((entry) => probOf(entry))
  )
  const areLeastSure = wrong.every((entry) => probOf(entry) < leastSureRight)
  const listed =
    names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  if (names.length === 1) {
    return `The wrong one, ${listed}, is ${areLeastSure ? 'also' : 'not'} the least sure.`
  }
  return areLeastSure
    ? `The wrong ones, ${listed}, are also the least sure.`
    : `The wrong ones are ${listed}.`
}

/** The list in numbers; of rows whose numbers are fresh. */
export function ListNumbers({entries}: EntriesProps) {
  const {doneCount, judgedCount, rightCount, meanSurprisalBits} = summaryOf(entries)
  const [low, high] = judgedCount > 0 ? wilson(rightCount, judgedCount) : [0, 0]
  return (
    <section className="list-facts" aria-label="All done so far">
      <h2>All done so far</h2>
      <dl>
        {judgedCount > 0 && (
          <>
            <dt>right</dt>
            <dd>
              {formatCount(rightCount)} of {formatCount(judgedCount)},{' '}
              {percent(rightCount / judgedCount)}
            </dd>
            <dt data-hint="95 % interval of the share of right rows (Wilson 1927), as if each were drawn by chance.">
              Wilson 95 %
            </dt>
            <dd data-testid="list-wilson">
              {percent(low)} to {percent(high)}
            </dd>
          </>
        )}
        {doneCount > judgedCount && (
          <>
            <dt data-hint="Rows without an answer, and those whose completion ended before the answer did.">
              not judged
            </dt>
            <dd>{formatCount(doneCount - judgedCount)}</dd>
          </>
        )}
        <dt data-hint="mean-surprisal">mean surprisal</dt>
        <dd>
          {formatBits(meanSurprisalBits)} {meanSurprisalBits !== null && 'bits per token'}
        </dd>
      </dl>
    </section>
  )
}

/** What was read, what was left out and why, and how far it is. */
export function ListReadFrom({entries}: EntriesProps) {
  const source = useWorkbenchState((state) => state.listSource)
  const {total, counts, doneCount, judgedCount, rightCount} = summaryOf(entries)
  const right = judgedCount > 0 ? `, of them ${formatCount(rightCount)} right` : ''
  return (
    <section className="list-facts" aria-label="What was read">
      <h3>
        {source ? `Read from ${source.name}` : 'The list'}{' '}
        <span>{source && many(source.lineCount, 'line')}</span>
      </h3>
      <dl className="list-read">
        <dt>prompts</dt>
        <dd>{formatCount(total)}</dd>
        <dt>done</dt>
        <dd>
          {formatCount(doneCount)}
          {right}
        </dd>
        <dt>running, waiting</dt>
        <dd>
          {formatCount(counts.running)}, {formatCount(counts.waits)}
        </dd>
        {source && (
          <>
            <dt className={source.skippedCount > 0 ? 'warn' : ''}>
              {source.skippedCount > 0 ? '▲ skipped' : 'skipped'}
            </dt>
            <dd data-testid="list-skipped">
              {formatCount(source.skippedCount)}
              {source.skippedCount > 0 && `: ${skippedText(source)}`}
            </dd>
            <dt>answers found by</dt>
            <dd>{source.answersFrom ?? '—'}</dd>
          </>
        )}
      </dl>
    </section>
  )
}

const NAMED = 4

function skippedText({
  skipped,
  skippedCount,
}: {
  readonly skipped: readonly {readonly line: number; readonly reason: string}[]
  readonly skippedCount: number
}): string {
  const named = skipped.slice(0, NAMED).map(({line, reason}) => `line ${line} ${reason}`)
  const more = skippedCount - named.length
  return [...named, ...(more > 0 ? [`${formatCount(more)} more`] : [])].join(', ')
}
