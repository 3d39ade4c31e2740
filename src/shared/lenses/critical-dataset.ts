import {z} from 'zod'
import {problemSchema, warningSchema} from '../domain/problem.ts'
import {
  type CriticalRequest,
  type CriticalResult,
  criticalAgreementSchema,
  criticalRequestSchema,
  criticalResultSchema,
  criticalTokenSchema,
} from './critical.ts'
import {seedOfRow} from './row-seed.ts'
import {type Message, provenanceSchema} from './tokens.ts'

const countSchema = z.number().int().nonnegative()

/** Whose item a record is of, and whether it went through. */
const recordShape = {
  /** Among the items of the data set, from 0; lines that were skipped are not counted. */
  index: countSchema,
  /** Line of the data set at which the item begins, from 1. */
  line: countSchema,
  /** SHA-256 of what was asked, in hex: a run that is resumed knows by it what it has done. */
  key: z.string(),
  status: z.enum(['completed', 'failed']),
  /** Why it failed. */
  problem: problemSchema.optional(),
}

/** One line of what a data set comes to: an item with its result, without the completions that it keeps to look at. */
export const criticalItemSchema = z.object({
  schema: z.literal('tokenscope/critical-item@1'),
  ...recordShape,
  result: criticalResultSchema.optional(),
})
export type CriticalItem = z.infer<typeof criticalItemSchema>

/** What a data set's result says of one item. */
export const criticalItemSummarySchema = z.object({
  ...recordShape,
  verdict: criticalResultSchema.shape.verdict.optional(),
  isRecoverable: z.boolean().optional(),
  responseStart: countSchema.optional(),
  responseTokenCount: countSchema.optional(),
  critical: z.array(criticalTokenSchema),
  agreement: criticalAgreementSchema.nullable(),
  /** Success rates with the critical token kept and forbidden, where the counterfactual was asked for. */
  passAt1: z.object({kept: z.number(), forbidden: z.number()}).optional(),
})
export type CriticalItemSummary = z.infer<typeof criticalItemSummarySchema>

/** What came of all items. */
export const criticalSummarySchema = z.object({
  itemCount: countSchema,
  failedCount: countSchema,
  /** Responses that are right, of which no token is critical. */
  rightCount: countSchema,
  /** Wrong ones whose prompt has less than 10 % success. */
  notRecoverableCount: countSchema,
  /** Items with a critical token by the released rule, and by ours. */
  releasedCount: countSchema,
  oursCount: countSchema,
  /** Items with both estimators and a critical token by the released rule, and those of them where both name the same token. */
  comparedCount: countSchema,
  sameTokenCount: countSchema,
})
export type CriticalSummary = z.infer<typeof criticalSummarySchema>

/** The result of `critical --dataset`. */
export const criticalDatasetResultSchema = z.object({
  schema: z.literal('tokenscope/critical@1'),
  /** What every item was asked with, beside its own prompt, response and answer. */
  request: criticalRequestSchema.partial().extend({dataset: z.string().optional()}),
  ...provenanceSchema.partial().shape,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled']),
  items: z.array(criticalItemSummarySchema),
  summary: criticalSummarySchema,
  skippedCount: countSchema,
  /** The first of the lines that made no item. */
  skipped: z.array(z.object({line: countSchema, reason: z.string()})),
})
export type CriticalDatasetResult = z.infer<typeof criticalDatasetResultSchema>

/** An item of a data set as it is asked for: what all share, with its own text. */
export function requestOfItem(
  shared: CriticalRequest,
  item: {
    readonly index: number
    readonly prompt: string
    readonly messages: readonly Message[] | null
    readonly response?: string
    readonly answer: string | null
  }
): CriticalRequest {
  const {prompt, messages, response, responseIds, sampleResponse, ...rest} = shared
  return {
    ...rest,
    ...(item.messages ? {messages: [...item.messages]} : {prompt: item.prompt}),
    // Items without a response of their own have a wrong one sampled.
    ...(item.response === undefined ? {sampleResponse: true} : {response: item.response}),
    answer: item.answer ?? shared.answer,
    // Two items with the same text are two samples.
    seed: seedOfRow(shared.seed, `item ${item.index}`),
  }
}

export function summaryOfItem({schema, result, ...record}: CriticalItem): CriticalItemSummary {
  if (!result) return {...record, critical: [], agreement: null}
  const {verdict, isRecoverable, responseStart, tokens, critical, agreement} = result
  const pass = result.counterfactual?.passAtK.find(({k}) => k === 1)
  return {
    ...{...record, verdict, critical, agreement, responseStart},
    responseTokenCount: tokens.length - responseStart,
    ...(isRecoverable === undefined ? {} : {isRecoverable}),
    ...(pass ? {passAt1: {kept: pass.kept, forbidden: pass.forbidden}} : {}),
  }
}

export function summaryOfItems(items: readonly CriticalItemSummary[]): CriticalSummary {
  const count = (test: (item: CriticalItemSummary) => boolean) => items.filter(test).length
  const hasToken = (item: CriticalItemSummary, rule: 'released' | 'ours') =>
    item.critical.some((token) => token.method === 'rollout' && token.rule === rule)
  /** Where the released rule names none there is no token that the contrast could agree on. */
  const isCompared = (item: CriticalItemSummary) =>
    item.agreement !== null && hasToken(item, 'released')
  return {
    itemCount: items.length,
    failedCount: count(({status}) => status === 'failed'),
    rightCount: count(({verdict}) => verdict === 'right'),
    notRecoverableCount: count(
      ({verdict, isRecoverable}) => verdict === 'wrong' && isRecoverable === false
    ),
    releasedCount: count((item) => hasToken(item, 'released')),
    oursCount: count((item) => hasToken(item, 'ours')),
    comparedCount: count(isCompared),
    sameTokenCount: count((item) => isCompared(item) && item.agreement!.sameToken),
  }
}

/** A result as a record keeps it. */
export function keptResult({examples, timing, ...rest}: CriticalResult): CriticalResult {
  return {...rest, examples: []}
}
