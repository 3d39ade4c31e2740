import {useWorkbenchState} from '../lenses/use-workbench.ts'
import type {RunRecord} from '../store/state.ts'
import './sharing.css'

/** Says of a run that came with a link that another model made it here. */
export function LinkedModelNote({run}: {readonly run: RunRecord}) {
  const sha256 = useWorkbenchState(
    (_, {captures}) => captures.runs.peek(run.id)?.provenance?.model.sha256 ?? null
  )
  const {linked} = run
  if (!linked || sha256 === null || sha256 === linked.sha256) return null
  return (
    <div className="run-bar linked-note" role="status" data-testid="linked-note">
      <span>
        Made with another model than the link: there {linked.id} with SHA-256{' '}
        <span className="mono">{linked.sha256.slice(0, 12)}…</span>, here{' '}
        <span className="mono">{sha256.slice(0, 12)}…</span>.{' '}
        <span className="ink-2">Tokens and numbers may differ from what was shared.</span>
      </span>
    </div>
  )
}
