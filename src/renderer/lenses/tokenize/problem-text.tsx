import type {Problem} from '../../../shared/domain/problem.ts'

/** What is wrong, where, and what to do. */
export function ProblemText({problem}: {readonly problem: Problem}) {
  const {message, file, field, found, expected, advice} = problem
  const parts = [
    {name: 'file', text: file},
    {name: 'part', text: field},
    {name: 'found', text: found},
    {name: 'expected', text: expected},
    {name: 'what to do', text: advice},
  ]
  return (
    <>
      <p>
        <span className="failed">✕</span> {message}
      </p>
      <dl>
        {parts.map(
          ({name, text}) =>
            text !== undefined && (
              <div key={name} className="problem-part">
                <dt>{name}</dt>
                <dd>{text}</dd>
              </div>
            )
        )}
      </dl>
    </>
  )
}
