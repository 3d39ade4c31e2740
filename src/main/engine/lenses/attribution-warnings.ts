import type {Warning} from '../../../shared/domain/problem.ts'
import {
  type AttributeRequest,
  type AttributionRow,
  isBlindToTarget,
  looksAtAttention,
} from '../../../shared/lenses/attribute.ts'
import type {TargetPlan} from './attribution-target.ts'

/** A probe that stops earlier has hardly looked. */
const FEW_STEPS = 10
/** Of all mass: above it the first token is what a picture of attention shows. */
const DOMINATING_SHARE = 0.5

interface Asked {
  readonly request: Pick<AttributeRequest, 'method' | 'preset'>
  readonly plan: Pick<TargetPlan, 'contextPositions' | 'readPositions'>
  /** 1 − p of the target in the unchanged text. */
  readonly otherProb: number
}

/** How a row is to be read: what its method cannot see, what did not converge, and probabilities at their ends. */
export function rowWarnings(row: AttributionRow, asked: Asked): Warning[] {
  return [
    ...probeWarnings(row, asked),
    ...attentionWarnings(row, asked),
    ...(asked.request.method === 'occlusion-mask' ? maskWarnings(asked.plan) : []),
    ...endWarnings(row, asked),
  ]
}

function probeWarnings({probes, stepCount}: AttributionRow, {request}: Asked): Warning[] {
  if (request.method !== 'reagent') return []
  const warnings: Warning[] = []
  const stopped = probes.filter(({converged}) => converged)
  if (stopped.length === 0) {
    warnings.push({
      code: 'not-converged',
      message: `No probe has stopped after ${stepCount} steps: the scores are the mean over all of them, and mean little.`,
    })
  }
  const early = stopped.filter((probe) => probe.stepCount < FEW_STEPS)
  if (early.length === 0) return warnings
  warnings.push({
    code: 'stopped-early',
    message: `${early.length} of ${probes.length} probes stopped before step ${FEW_STEPS}: their released softmax is mostly the random start.`,
  })
  if (2 * early.length > probes.length) {
    const others = 'fewer tokens kept or a stricter stopping rank'
    warnings.push({
      code: 'short-probes',
      message: `Most probes made so few steps that the bars (nats per step) mostly show which tokens their random masks hit together. ${
        request.preset === 'token'
          ? `More steps come with ${others}.`
          : `The token preset replaces a tenth at a step and tells causes better apart; more steps come with ${others}.`
      }`,
    })
  }
  return warnings
}

function attentionWarnings({target, firstTokenShare}: AttributionRow, {request}: Asked): Warning[] {
  const warnings: Warning[] = []
  if (isBlindToTarget(request.method) && target.contrastId !== null) {
    warnings.push({
      code: 'contrast-unseen',
      message: `${looksAtAttention(request.method) ? 'Attention never looks' : 'Random numbers never look'} at A or B: the values are the same for any two tokens.`,
    })
  }
  if (firstTokenShare !== undefined && firstTokenShare > DOMINATING_SHARE) {
    warnings.push({
      code: 'first-token-dominates',
      message: `The first token holds ${Math.round(100 * firstTokenShare)} % of all attention: where it went, not what mattered.`,
    })
  }
  return warnings
}

function maskWarnings({contextPositions, readPositions}: Asked['plan']): Warning[] {
  const warnings: Warning[] = []
  if (contextPositions[0] === 0) {
    warnings.push({
      code: 'removes-sink',
      message:
        'Masking position 0 removes the attention sink: its value is what that does to the model, not what the token says.',
    })
  }
  const last = contextPositions.at(-1)
  // Later tokens of a span still read it.
  if (readPositions.length === 1 && last === readPositions[0]) {
    warnings.push({
      code: 'own-diagonal',
      message: `Masking hides a token from every other, and each still sees itself. The target is read at position ${last}, and no other reads that: its 0 is no finding.`,
    })
  }
  return warnings
}

function endWarnings({target}: AttributionRow, {otherProb}: Asked): Warning[] {
  if (target.prob === 0) {
    return [
      {
        code: 'probability-zero',
        message: 'The target has a probability of exactly 0 here, so nothing can lower it.',
      },
    ]
  }
  if (otherProb !== 0) return []
  return [
    {
      code: 'probability-one',
      message:
        'The target has a probability of exactly 1 here: changes that leave it so do not show.',
    },
  ]
}
