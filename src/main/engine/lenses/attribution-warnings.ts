import type {Warning} from '../../../shared/domain/problem.ts'
import type {AttributeRequest, AttributionRow} from '../../../shared/lenses/attribute.ts'

/** A probe that stops earlier has hardly looked. */
const FEW_STEPS = 10

/** How a row is to be read: what did not converge, what stopped too early, and probabilities at their ends. */
export function rowWarnings(
  {probes, target, stepCount}: AttributionRow,
  {request, otherProb}: {request: AttributeRequest; otherProb: number}
): Warning[] {
  const warnings: Warning[] = []
  if (request.method === 'reagent') {
    const stopped = probes.filter(({converged}) => converged)
    if (stopped.length === 0) {
      warnings.push({
        code: 'not-converged',
        message: `No probe has stopped after ${stepCount} steps: the scores are the mean over all of them, and mean little.`,
      })
    }
    const early = stopped.filter((probe) => probe.stepCount < FEW_STEPS)
    if (early.length > 0) {
      warnings.push({
        code: 'stopped-early',
        message: `${early.length} of ${probes.length} probes stopped before step ${FEW_STEPS}: their softmax is mostly the random start.`,
      })
    }
  }
  if (target.prob === 0) {
    warnings.push({
      code: 'probability-zero',
      message: 'The target has a probability of exactly 0 here, so nothing can lower it.',
    })
  } else if (otherProb === 0) {
    warnings.push({
      code: 'probability-one',
      message:
        'The target has a probability of exactly 1 here: changes that leave it so do not show.',
    })
  }
  return warnings
}
