import {formatCount} from '../../shared/figures/number-format.ts'
import type {RunRecord} from '../store/state.ts'
import {Button} from '../ui/button.tsx'

export interface OfferPageProps {
  readonly run: RunRecord
  readonly onRun: () => void
}

/** A run that has no results yet: what it is, what it would take, and the way to start it. */
export function OfferPage({run, onRun}: OfferPageProps) {
  const {phase} = run
  const seconds = phase.kind === 'offered' ? Math.ceil(phase.seconds) : null
  return (
    <div className="page" data-testid="offer-page">
      <h2>{run.label}</h2>
      <p>
        {phase.kind === 'cancelled'
          ? 'It was cancelled; what it had is not kept.'
          : 'It was asked for in an earlier visit; its results were not kept.'}
        {seconds !== null && ` Computing it takes at most ${formatCount(seconds)} s.`}
      </p>
      <h3>What you can do</h3>
      <div className="page-rows">
        <div className="page-row">
          <span>{phase.kind === 'cancelled' ? 'Run it again' : 'Compute it now'}</span>
          <span className="ink-2">
            {run.modelName}
            {seconds !== null && `, at most ${formatCount(seconds)} s`}
          </span>
          <span className="end">
            <Button look="primary" onPress={onRun}>
              {phase.kind === 'cancelled' ? 'Run again' : 'Run'}
            </Button>
          </span>
        </div>
      </div>
    </div>
  )
}
