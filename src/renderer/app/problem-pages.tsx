import type {Problem} from '../../shared/domain/problem.ts'
import {formatProblem} from '../../shared/domain/problem.ts'
import {openFolder} from '../commands/open-folder.ts'
import {useActions, useWorkbench, useWorkbenchState} from '../lenses/use-workbench.ts'
import type {RunRecord} from '../store/state.ts'
import {Button} from '../ui/button.tsx'
import {adviceNow} from './advice.ts'

interface ProblemPageProps {
  readonly title: string
  readonly problem: Problem
  readonly children: React.ReactNode
}

/** A problem with its four parts: where, what was found, what was expected, what can be done. */
function ProblemPage({title, problem, children}: ProblemPageProps) {
  const {notify} = useActions()
  const {versions, advice} = useWorkbenchState((state) => ({
    versions: state.status?.versions,
    advice: adviceNow(problem, state),
  }))
  const copy = async () => {
    const lines = [title, formatProblem(problem), `  code      ${problem.code}`]
    if (versions) lines.push(`  versions  ${Object.values(versions).join(', ')}`)
    try {
      await navigator.clipboard.writeText(lines.join('\n'))
      notify('copied the diagnostics')
    } catch {
      notify('the browser did not allow copying')
    }
  }
  const hasFound = problem.file || problem.field || problem.found || problem.expected
  return (
    <div className="page" role="alert" data-testid="problem" data-code={problem.code}>
      <h2>{title}</h2>
      <p>{problem.message}</p>
      {hasFound && (
        <>
          <h3>What was found</h3>
          <table>
            <thead>
              <tr>
                {problem.file && <th>file</th>}
                {problem.field && <th>value</th>}
                <th>found</th>
                <th>expected</th>
              </tr>
            </thead>
            <tbody>
              <tr className="found-row">
                {problem.file && <td className="mono">{problem.file}</td>}
                {problem.field && <td className="mono">{problem.field}</td>}
                <td>
                  <span className="failed">✕ {problem.found ?? 'nothing'}</span>
                </td>
                <td>{problem.expected ?? '—'}</td>
              </tr>
            </tbody>
          </table>
        </>
      )}
      <h3>What you can do</h3>
      <div className="page-rows problem-rows">
        <ProblemRow text={advice}>{children}</ProblemRow>
        <ProblemRow text="Report it with what is known about it">
          <Button look="edge" onPress={() => void copy()}>
            Copy diagnostics
          </Button>
        </ProblemRow>
      </div>
    </div>
  )
}

export interface ProblemRowProps {
  readonly text: string
  readonly children: React.ReactNode
}

function ProblemRow({text, children}: ProblemRowProps) {
  return (
    <div className="page-row problem-row">
      <span>{text}</span>
      <span className="end">{children}</span>
    </div>
  )
}

const lastName = (path: string) => path.split(/[\\/]/u).findLast((part) => part !== '') ?? path

/** Why a model could not be opened. */
export function ModelProblemPage({path}: {readonly path: string}) {
  const workbench = useWorkbench()
  const {actions} = workbench
  const {problem, name} = useWorkbenchState((state) => ({
    problem: state.loadProblems[path],
    name: state.listings.find((listing) => listing.path === path)?.id ?? lastName(path),
  }))
  if (!problem) return null
  return (
    <ProblemPage title={`${name} cannot be opened`} problem={problem}>
      <Button look="edge" onPress={() => openFolder.run(workbench)}>
        Open another
      </Button>
      <Button look="edge" onPress={() => void actions.chooseModel(path)}>
        Try again
      </Button>
      <Button look="edge" onPress={actions.hideModelProblem}>
        Close
      </Button>
    </ProblemPage>
  )
}

export interface RunProblemPageProps {
  readonly run: RunRecord
  readonly problem: Problem
}

/** Why a run has no results at all. */
export function RunProblemPage({run, problem}: RunProblemPageProps) {
  const {runAgain} = useActions()
  return (
    <ProblemPage
      title={problem.code === 'engine-lost' ? 'The run did not finish' : 'The prompt was not run'}
      problem={problem}
    >
      {problem.code === 'prompt-too-long' ? (
        <>
          <Button
            look="primary"
            onPress={() => runAgain(run.id, {truncate: 'left'})}
            testId="truncate-left"
          >
            Cut at the start
          </Button>
          <Button
            look="edge"
            onPress={() => runAgain(run.id, {truncate: 'right'})}
            testId="truncate-right"
          >
            Cut at the end
          </Button>
        </>
      ) : (
        <Button look="primary" onPress={() => runAgain(run.id)} testId="run-again">
          Run again
        </Button>
      )}
    </ProblemPage>
  )
}
