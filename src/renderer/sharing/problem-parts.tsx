import type {Problem} from '../../shared/domain/problem.ts'
import './sharing.css'

/** A problem's four parts: what and where, what was found, what was expected, what to do. */
export function ProblemParts({problem}: {readonly problem: Problem}) {
  const {message, file, field, found, expected, advice, code} = problem
  const parts = [
    ['in', file],
    ['at', field],
    ['found', found],
    ['expected', expected],
  ] as const
  return (
    <div className="problem-parts" role="alert" data-testid="open-problem" data-code={code}>
      <p>
        <span className="failed" aria-hidden>
          ✕
        </span>{' '}
        {message}
      </p>
      <dl>
        {parts.map(
          ([name, text]) =>
            text !== undefined && (
              <div key={name}>
                <dt>{name}</dt>
                <dd className={name === 'in' || name === 'at' ? 'mono' : ''}>{text}</dd>
              </div>
            )
        )}
      </dl>
      <p className="ink-2">{advice}</p>
    </div>
  )
}
