import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {
  flowSeconds,
  flowWork,
  MOST_FLOW_WORK,
} from '../../../shared/math/attention/attention-flow.ts'

/** Throws a Problem where attention flow would take too long. */
export function checkFlow(layerCount: number, tokenCount: number): void {
  const work = flowWork(layerCount, tokenCount - 1)
  if (work <= MOST_FLOW_WORK) return
  throw new ProblemError({
    code: 'flow-too-large',
    message: 'Attention flow solves one problem for each token, which takes too long here.',
    field: 'method',
    found: `${tokenCount} tokens in ${layerCount} layers, about ${Math.ceil(flowSeconds(work))} s`,
    expected: `at most about ${Math.floor(flowSeconds(MOST_FLOW_WORK))} s`,
    advice: 'Take attention rollout, an earlier query or a shorter text.',
  })
}

export function tooShort(tokenCount: number): ProblemError {
  return new ProblemError({
    code: 'text-too-short',
    message: 'Without its first token nothing of the text is left to be ranked.',
    field: 'ids',
    found: `${tokenCount} token`,
    expected: 'at least 2 tokens',
    advice: 'Take a longer text, or a variant that keeps the first token.',
  })
}

export function dominatedByPosition(variant: string): Warning {
  return {
    code: 'dominated-by-position',
    message: `In a causal model every vote goes back in the text, so ${variant} scores are dominated by position: they tend to the first token that takes part. Position-corrected scores divide by what position alone gives.`,
  }
}

export function dominatedByFirst(share: number): Warning {
  return {
    code: 'first-token-dominates',
    message: `The first token that takes part has ${Math.round(100 * share)} % of all mass: where attention went, not what mattered.`,
  }
}

export function noVariedHead(layers: readonly number[]): Warning {
  return {
    code: 'no-varied-head',
    message: `No head of ${layers.length === 1 ? 'layer' : 'layers'} ${layers.join(', ')} passed the variance filter, so all of them count.`,
  }
}

export function mutedQueries(count: number): Warning {
  return {
    code: 'queries-without-vote',
    message: `${count} rows of attention had no vote: nothing on the tokens that take part, or weights that are no numbers.`,
  }
}

export function layersLeftOut(count: number, layerCount: number): Warning {
  return {
    code: 'layers-without-attention',
    message: `Only ${count} of ${layerCount} layers have attention that can be captured; the others are left out.`,
  }
}
