import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {
  ATTRIBUTION_PRESETS,
  type AttributeRequest,
  type AttributionSettings,
  keptCountOf,
  replacesTokens,
} from '../../../shared/lenses/attribute.ts'
import type {SamplerChoice} from './attribution-sampler.ts'

/** Whether a method replaces tokens, or a check of it does. */
export function needsSampler({method, curves}: AttributeRequest): boolean {
  return replacesTokens(method) || curves === true
}

/**
 * The numbers that a run goes by: what the request states, else what its preset says. A rationale that is asked for
 * and larger than the context is a Problem; one of a preset is cut, and that is said.
 */
export function settingsOf(
  request: AttributeRequest,
  contextCount: number,
  sampler: SamplerChoice | null
): {settings: AttributionSettings; warnings: Warning[]} {
  const preset = ATTRIBUTION_PRESETS[request.preset]
  const {ratio, overlap, stopK, maxSteps, probes} = {...preset, ...definedOf(request)}
  const kept = keptCountOf(request.keep ?? preset.keep, contextCount)
  if (request.keep !== undefined && kept > contextCount) throw largeRationale(kept, contextCount)
  const keepCount = Math.min(kept, contextCount)
  const warnings: Warning[] = []
  if (request.method === 'reagent' && keepCount === contextCount) {
    warnings.push({
      code: 'rationale-is-everything',
      message: `The stopping test keeps all ${contextCount} tokens of the context, so a probe stops at its first step wherever the target is among the ${stopK} likeliest.`,
    })
  }
  if (request.method === 'reagent' && request.testEvery > 1) {
    warnings.push({
      code: 'sparse-test',
      message: `The stopping test is made once in ${request.testEvery} steps, which changes the result.`,
    })
  }
  return {
    warnings,
    settings: {
      ...{ratio, keepCount, overlap, stopK, maxSteps, probes},
      testEvery: request.testEvery,
      sampler: sampler?.name ?? null,
      mlm: sampler?.mlm?.model.files.id ?? null,
    },
  }
}

function definedOf({ratio, overlap, stopK, maxSteps, probes}: AttributeRequest) {
  return {
    ...(ratio !== undefined && {ratio}),
    ...(overlap !== undefined && {overlap}),
    ...(stopK !== undefined && {stopK}),
    ...(maxSteps !== undefined && {maxSteps}),
    ...(probes !== undefined && {probes}),
  }
}

function largeRationale(keepCount: number, contextCount: number): ProblemError {
  return new ProblemError({
    code: 'rationale-too-large',
    message: 'The rationale is larger than the context.',
    field: 'keep',
    found: `${keepCount} tokens to keep`,
    expected: `at most the ${contextCount} tokens of the context that can be replaced`,
    advice: 'Keep fewer, or a share of them such as 0.3.',
  })
}
