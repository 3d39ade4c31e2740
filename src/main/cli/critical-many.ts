import {createHash} from 'node:crypto'
import type {CriticalRequest, CriticalResult} from '../../shared/lenses/critical.ts'
import {
  type CriticalWeights,
  weightsLabel,
  weightsOfResult,
} from '../../shared/lenses/critical-weights.ts'
import type {DpoForm} from '../../shared/math/critical/dpo-weights.ts'
import type {CommonCall} from './common-call.ts'
import type {CriticalFlags} from './critical-flags.ts'
import {flagOf, parseChoice} from './flag-values.ts'
import {UsageError} from './usage-error.ts'

/** Names of a config file that say what many items are run for. */
export const MANY_NAMES = ['dataset', 'resume', 'weights'] as const

/** What is asked of many items, or of one for training. */
export interface ManyWishes {
  /** The file of items; null for one prompt. */
  readonly dataset: string | null
  readonly isResumed: boolean
  readonly weights: DpoForm | null
}

/** Flags that give one prompt or one response, which items have of their own. */
const OF_ONE = ['prompt', 'promptFile', 'messages', 'response', 'responseIds'] as const
const FORMS = ['released', 'paper'] as const

/** Reads the flags of many items. Throws a UsageError. */
export function readManyFlags(
  flags: CriticalFlags,
  config: Readonly<Record<string, unknown>>
): ManyWishes {
  const dataset = flags.dataset ?? (config.dataset === undefined ? null : String(config.dataset))
  const form = flags.weights ?? (config.weights === undefined ? null : String(config.weights))
  const isResumed = flags.resume ?? config.resume === true
  const given = dataset === null ? [] : OF_ONE.filter((name) => flags[name] !== undefined)
  if (given.length > 0) {
    throw new UsageError(
      `--dataset has prompts and responses of its own: leave out ${given.map(flagOf).join(' and ')}`
    )
  }
  if (isResumed && dataset === null) throw new UsageError('--resume goes with --dataset')
  return {
    ...{dataset, isResumed},
    weights: form === null ? null : parseChoice<DpoForm>(form, '--weights', FORMS),
  }
}

/** Whether there is the one file of records that many items and weights are written to. */
export function checkRecords(
  {dataset, isResumed, weights}: ManyWishes,
  {outFiles, noPrompt}: CommonCall<string>
): void {
  const count = outFiles.filter(({format}) => format === 'jsonl').length
  if (count > 1) throw new UsageError('--out takes one .jsonl file')
  if (count === 1 && dataset === null && !weights) {
    throw new UsageError('--out writes .jsonl with --dataset or --weights')
  }
  if (count === 0 && isResumed) throw new UsageError('--resume needs --out F.jsonl')
  if (count === 0 && weights) throw new UsageError('--weights needs --out F.jsonl')
  if (weights && noPrompt)
    throw new UsageError('--weights writes ids, which --no-prompt leaves out')
}

/** What a record is known by: everything that changes what comes of an item is in it. */
export function recordKey(request: CriticalRequest, weights: DpoForm | null): string {
  return createHash('sha256').update(JSON.stringify({request, weights})).digest('hex')
}

/** The weights of one response, as the one line of its file. */
export function weightsLine(result: CriticalResult, form: DpoForm): CriticalWeights {
  return {
    ...weightsLabel(form),
    ...{index: 0, line: 1, key: recordKey(result.request, form), status: 'completed'},
    ...weightsOfResult(result, form),
  }
}
