import type {z} from 'zod'
import {TRACK_NAMES} from '../../shared/lenses/token-tracks.ts'
import {LIMITS, limitsInWords, type NumberLimits} from './flag-limits.ts'
import {flagOf} from './flag-values.ts'
import {UsageError} from './usage-error.ts'

/** What else than a number within limits a value may be. */
const TAKES: Readonly<Record<string, string>> = {
  position: 'last or a whole number from 0',
  widthPx: 'a width from 120px to 10000px, such as 85mm',
  track: 'up to 64 token ids',
  completionIds: 'token ids',
  truncate: 'left or right',
  messages: 'a list of objects with role and content, both text',
  chat: 'true or false',
  sample: 'true or false',
  verify: 'true or false',
  layers: 'layer numbers, ascending',
  heads: 'head numbers, ascending',
  queries: 'two positions, the second after the first',
  capture: 'qk or weights',
  aggregate: 'mean, max, value-weighted or attention-rollout',
  importance: 'wpr, attention-rollout or attention-flow',
  variant: 'position-corrected, plain, drop-sink or damped',
  dropSink: 'true or false',
  repeatProbe: 'length (2 to 2000), repeats (2 to 16) and seeds (1 to 64)',
  maskKeys: 'positions',
  deleteTokens: 'positions',
  scaleEmbeddings: 'a number',
  exitLayer: 'a layer number',
  headValue: 'zero',
  targetSpan: 'two positions from 1, the second after the first',
  contrast: 'two different token ids, such as 412,37',
  method: 'the name of a method',
  sampler: 'mlm, mlm-prefix, pos, uniform or self',
  preset: 'ours, paper, inseq or token',
  mlm: 'a model',
  allGenerated: 'true or false',
  compareExact: 'true or false',
  faithfulness: 'true or false',
  curves: 'true or false',
  noSpecialTokens: 'true or false',
  parseSpecial: 'true or false',
  kvCache: 'true or false',
  noPrompt: 'true or false',
  tracks: `1 to ${TRACK_NAMES.length} names of tracks`,
  pins: 'up to 64 positions',
  pairs: 'up to 64 pairs of positions',
  title: 'text of up to 500 characters',
  caption: 'text of up to 5000 characters',
}

/** Checks values by their schema; what is wrong is named by its flag, in words. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  values: Readonly<Record<string, unknown>>
): z.output<Schema> {
  const parsed = schema.safeParse(values)
  if (parsed.success) return parsed.data
  const name = String(parsed.error.issues[0]!.path[0] ?? '')
  throw new UsageError(`${flagOf(name)} takes ${takes(name)}${notThis(values[name])}`)
}

/** What a value of the request or of a figure may be. */
export function takes(name: string): string {
  const limits: NumberLimits | undefined = LIMITS[name as keyof typeof LIMITS]
  return TAKES[name] ?? (limits ? limitsInWords(limits) : 'text')
}

function notThis(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // A long value says nothing that its length did not.
  return text === undefined || text.length > 60 ? '' : `, not “${text}”`
}
