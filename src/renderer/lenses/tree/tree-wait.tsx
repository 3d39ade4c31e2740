import {formatCount} from '../../../shared/figures/number-format.ts'
import {Button} from '../../ui/button.tsx'
import {usePaneIndex, usePaneRunId} from '../use-pane.ts'
import {useActions, useWorkbenchState} from '../use-workbench.ts'
import {useTreePhase} from './use-tree.ts'

const PHASES: Readonly<Record<string, string>> = {
  loading: 'Loading',
  reading: 'Reading the graph',
  hashing: 'Hashing the draft',
  prompt: 'Running the prompt',
  growing: 'Growing',
  drafting: 'Drafting and checking',
  law: 'Asking for the other law',
}

/** What is done for the tree that is wanted, or why it is not there; beside an earlier one in one line. */
export function TreeWait({isBeside = false}: {readonly isBeside?: boolean}) {
  const pane = usePaneIndex()
  const runId = usePaneRunId()
  const phase = useTreePhase()
  const {cancelTree, growAgain} = useActions()
  const isRunning = useWorkbenchState(
    ({runStates}) => runId !== null && runStates[runId]?.phase.kind === 'running'
  )
  const again = (title: string) => (
    <Button look="edge" onPress={() => growAgain(pane)} testId="grow-again">
      {title}
    </Button>
  )
  const className = isBeside ? 'tree-wait beside' : 'tree-wait'
  switch (phase.kind) {
    case 'idle':
      if (isBeside) return null
      return (
        <p className="lens-wait ink-3" role="status">
          {isRunning ? 'Comes when the prompt has been read.' : 'Asking the engine.'}
        </p>
      )
    case 'growing': {
      const {done, total} = phase
      const percent = total > 0 ? Math.round((100 * done) / total) : 0
      const name = PHASES[phase.phase] ?? 'Growing'
      return (
        <div className={className} data-testid="tree-growing">
          <span>
            {name}
            {total > 0 && `: ${formatCount(done)} of at most ${formatCount(total)}`}
          </span>
          <span
            className="load-bar"
            role="progressbar"
            aria-label={name}
            aria-valuenow={percent}
            aria-valuemin={0}
            aria-valuemax={100}
          >
            <span style={{width: `${percent}%`}} />
          </span>
          <Button look="edge" onPress={() => cancelTree(pane)} testId="tree-cancel">
            Cancel
          </Button>
        </div>
      )
    }
    case 'cancelled':
      return (
        <div className={className} data-testid="tree-cancelled">
          <span>Cancelled: this is a part of the tree.</span>
          {again('Grow it')}
        </div>
      )
    case 'failed': {
      const {message, found, expected, advice, code} = phase.problem
      return (
        <div className={className} role="alert" data-testid="tree-problem" data-code={code}>
          <span>
            <span className="failed">✕</span> {message}
            {found && ` Found: ${found}.`}
            {expected && ` Expected: ${expected}.`} {advice}
          </span>
          {again('Try again')}
        </div>
      )
    }
  }
}
