import {z} from 'zod'
import {ProblemError} from '../domain/problem.ts'
import {DPO_LOSSES, type DpoForm, dpoWeights} from '../math/critical/dpo-weights.ts'
import type {CriticalResult} from './critical.ts'
import {criticalItemSchema} from './critical-dataset.ts'

const {index, line, key, status, problem} = criticalItemSchema.shape
const countSchema = z.number().int().nonnegative()
const modelSchema = z.object({id: z.string(), sha256: z.string()})

/** What a training script needs of one response. */
const weightsShape = {
  /** `chosen` of a right response, `rejected` of a wrong one. */
  role: z.enum(['chosen', 'rejected']),
  promptIds: z.array(countSchema),
  responseIds: z.array(countSchema),
  /** Of each response token, as many as ids. */
  weights: z.array(z.number()),
  /** The contrast that they come from. */
  beta: z.number(),
  model: modelSchema,
  positive: modelSchema,
  negative: modelSchema,
  /** False where the two are not the built-in pair: not the paper's estimator then. */
  isFineTuned: z.boolean(),
}

/** One line of weights for a token-weighted DPO loss. */
export const criticalWeightsSchema = z.object({
  schema: z.literal('tokenscope/critical-weights@1'),
  ...{index, line, key, status, problem},
  form: z.enum(['released', 'paper']),
  /** What the weights are of, in words. */
  loss: z.string(),
  ...z.object(weightsShape).partial().shape,
})
export type CriticalWeights = z.infer<typeof criticalWeightsSchema>

/** What every line of weights says, whether its item went through or not. */
export function weightsLabel(form: DpoForm): Pick<CriticalWeights, 'schema' | 'form' | 'loss'> {
  return {schema: 'tokenscope/critical-weights@1', form, loss: DPO_LOSSES[form]}
}

/**
 * Weights of a response's tokens, from a result with contrastive scores. Throws a Problem where nothing told whether the
 * response is right.
 */
export function weightsOfResult(
  {tokens, responseStart, scores, verdict, contrast, model, request}: CriticalResult,
  form: DpoForm
): z.infer<z.ZodObject<typeof weightsShape>> {
  if (verdict === 'unchecked' || !contrast) throw unchecked()
  const role = verdict === 'right' ? 'chosen' : 'rejected'
  const ids = tokens.map(({id}) => id)
  const estimates = new Map(
    scores.flatMap(({method, position, value}) =>
      method === 'contrastive' ? [[position, 1 - value] as const] : []
    )
  )
  const responseIds = ids.slice(responseStart)
  const named = ({id, sha256}: {id: string; sha256: string}) => ({id, sha256})
  return {
    ...{role, promptIds: ids.slice(0, responseStart), responseIds},
    weights: dpoWeights(
      // The score of a position is that of the token at it.
      responseIds.map((_, i) => estimates.get(responseStart + i)!),
      {form, role}
    ),
    beta: request.beta,
    ...{
      model: named(model),
      positive: named(contrast.positive),
      negative: named(contrast.negative),
    },
    isFineTuned: contrast.isFineTuned,
  }
}

function unchecked(): ProblemError {
  return new ProblemError({
    code: 'weights-unchecked',
    message: 'Weights depend on whether a response is right or wrong, and nothing tells that.',
    field: 'checker',
    found: 'no checker',
    expected: 'number, text, one-of, regex or script',
    advice: 'Give a checker, such as number:Answer: for a number after “Answer:”.',
  })
}
