import {type AttentionRequest, attentionRequestSchema} from '../../shared/lenses/attention.ts'
import {
  importanceMethodSchema,
  importanceVariantSchema,
} from '../../shared/lenses/attention-statistics.ts'
import type {AttentionFlags} from './attention-flags.ts'
import {checked} from './checked-values.ts'
import {requestValues} from './common-call.ts'
import {LIMITS, parseLimited} from './flag-limits.ts'
import {parseChoice, parseRange, parseRangeList, parseWholeList} from './flag-values.ts'
import {applyPromptFlags} from './prompt-values.ts'
import {UsageError} from './usage-error.ts'

/** Names that a config file of `attention` may have. */
export const ATTENTION_REQUEST_NAMES = Object.keys(attentionRequestSchema.shape)

const CHOICES = {
  capture: ['qk', 'weights'],
  aggregate: ['mean', 'max', 'value-weighted', 'attention-rollout'],
  importance: importanceMethodSchema.options,
  variant: importanceVariantSchema.options,
} as const
const NUMBERS = ['generate', 'query', 'topK', 'mass', 'threshold'] as const

/** The request that flags and config file make together. Throws a UsageError. */
export function readAttentionRequest(
  flags: AttentionFlags,
  config: Record<string, unknown>
): AttentionRequest {
  const values = requestValues(flags, config, ATTENTION_REQUEST_NAMES)
  applyPromptFlags(values, flags)
  for (const name of ['layers', 'heads'] as const) {
    if (flags[name] !== undefined) values[name] = parseRangeList(flags[name], `--${name}`)
  }
  if (flags.queries !== undefined) values.queries = parseRange(flags.queries, '--queries')
  for (const name of Object.keys(CHOICES) as (keyof typeof CHOICES)[]) {
    const text = flags[name]
    if (text !== undefined) values[name] = parseChoice(text, `--${name}`, CHOICES[name])
  }
  for (const name of NUMBERS) {
    const text = flags[name]
    const flag = name === 'topK' ? '--top-k' : `--${name}`
    if (text !== undefined) values[name] = parseLimited(text, flag, LIMITS[name])
  }
  if (flags.dropSink !== undefined) values.dropSink = flags.dropSink
  if (flags.repeatProbe !== undefined) values.repeatProbe = parseProbe(flags.repeatProbe)
  const request = checked(attentionRequestSchema, values)
  checkTogether(request)
  return request
}

/** `50,2,5`. */
function parseProbe(text: string): {length: number; repeats: number; seeds: number} {
  const flag = '--repeat-probe'
  const [length, repeats, seeds, ...more] = parseWholeList(text, flag)
  if (length === undefined || repeats === undefined || seeds === undefined || more.length > 0) {
    throw new UsageError(`${flag} takes length, repeats and seeds, such as 50,2,5, not “${text}”`)
  }
  return {length, repeats, seeds}
}

/** Flags that say nothing beside others. */
function checkTogether({importance = 'wpr', variant, query, aggregate, heads}: AttentionRequest) {
  if (variant !== undefined && importance !== 'wpr') {
    throw new UsageError('--variant is of --importance wpr')
  }
  if (query !== undefined && importance === 'wpr') {
    throw new UsageError('--query is of --importance attention-rollout or attention-flow')
  }
  if (aggregate === 'attention-rollout' && heads) {
    throw new UsageError('--aggregate attention-rollout is of all heads; leave --heads out')
  }
}
