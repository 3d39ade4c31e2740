import {bytesOfHex, displayTextOfBytes} from '../../../shared/domain/token.ts'
import {METHOD_LABELS, scoresByMethod} from '../../../shared/figures/critical/response-layout.ts'
import {formatCount, formatFixed, formatProb} from '../../../shared/figures/number-format.ts'
import type {CriticalExample} from '../../../shared/lenses/critical.ts'
import type {LensInspectorProps} from '../lens.ts'
import {targetProps} from '../target.ts'
import {useWorkbench, useWorkbenchState} from '../use-workbench.ts'
import {selectPaneCritical} from './use-critical.ts'

/** What completions of the prefix that the inspected token ends came to, and what the models say of the token. */
export function CriticalInspector({runId, position}: LensInspectorProps) {
  const {store, captures} = useWorkbench()
  useWorkbenchState((state) => ({
    jobs: state.criticalJobs,
    choice: state.criticalChoice,
    answers: state.criticalAnswers,
    panes: state.panes,
  }))
  const state = store.getState()
  const shown = selectPaneCritical(state, captures, state.activePane)
  if (!shown?.result || shown.runId !== runId) return null
  const {result} = shown
  if (position < result.responseStart - 1) return null
  const isPrompt = position === result.responseStart - 1
  const scores = scoresByMethod(result.scores)
  const success = isPrompt ? result.promptSuccess : scores.get('rollout')?.get(position)
  const methods = (['contrastive', 'difference', 'base'] as const).filter((method) =>
    scores.get(method)?.has(position)
  )
  const rules = result.critical.filter((one) => one.position === position)
  const examples = result.examples.filter((one) => one.position === position)
  return (
    <section data-testid="critical-inspector" data-position={position}>
      <h2>
        Critical
        <span className="end">
          {rules
            .map(({rule, method}) => (rule === 'top' ? `top ${METHOD_LABELS[method]}` : rule))
            .join(', ')}
        </span>
      </h2>
      <table className="number-table fact-table">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">what</th>
            <th scope="col">value</th>
          </tr>
        </thead>
        <tbody>
          <tr data-fact="success" data-exact={success ? success.successCount : ''}>
            <th scope="row">{isPrompt ? 'success of the prompt' : 'success after it'}</th>
            <td>
              {success?.sampleCount === undefined || success.successCount === undefined
                ? 'not sampled'
                : `${formatCount(success.successCount)} of ${formatCount(success.sampleCount)}`}
            </td>
          </tr>
          {success?.low !== undefined && success.high !== undefined && (
            <tr>
              <th scope="row">95 % of it</th>
              <td>
                {formatProb(success.low)} to {formatProb(success.high)}
              </td>
            </tr>
          )}
          {methods.map((method) => {
            const {value} = scores.get(method)!.get(position)!
            return (
              <tr key={method} data-fact={method} data-exact={value}>
                <th scope="row">{METHOD_LABELS[method]}</th>
                <td
                  {...targetProps({
                    ...{kind: 'value', name: METHOD_LABELS[method], exact: String(value)},
                    definition: null,
                  })}
                >
                  {formatFixed(value, 4)}
                  {method === 'difference' ? ' nats' : ''}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <Examples examples={examples} />
    </section>
  )
}

/** Completions of the prefix that ends here, right and wrong ones. */
function Examples({examples}: {readonly examples: readonly CriticalExample[]}) {
  if (examples.length === 0) return null
  return (
    <>
      <h2>
        Completions from here
        <span className="end">of each kind a few</span>
      </h2>
      <ul className="completions" data-testid="completions">
        {examples.map(({isRight, bytesHex}, i) => (
          <li key={i} data-right={isRight}>
            <span className={isRight ? 'right' : 'wrong'}>{isRight ? '✓' : '✕'}</span>
            <span className="visually-hidden">{isRight ? 'right' : 'wrong'}</span>
            <span className="mono">{displayTextOfBytes(bytesOfHex(bytesHex)) || '∅'}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
