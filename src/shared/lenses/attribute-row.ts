import {z} from 'zod'

const positionSchema = z.number().int().nonnegative()
const tokenIdSchema = z.number().int().nonnegative()

/** How a context is scored. Gradient methods are not offered: they need more than forward passes. */
export const attributionMethodSchema = z.enum([
  'reagent',
  'occlusion-mask',
  'occlusion-delete',
  'occlusion-replace',
  'attention-rollout',
  'last-attention',
  'shapley',
  'random',
])
export type AttributionMethod = z.infer<typeof attributionMethodSchema>

const BY_REPLACING: ReadonlySet<AttributionMethod> = new Set([
  'reagent',
  'occlusion-replace',
  'shapley',
])

/** Whether a method itself puts other tokens in place of the context's; its checks may do so whatever it is. */
export const replacesTokens = (method: AttributionMethod) => BY_REPLACING.has(method)

/** Whether a method's values are weights of attention. */
export const looksAtAttention = (method: AttributionMethod) =>
  method === 'attention-rollout' || method === 'last-attention'

/** Whether a method never looks at which token it explains, or rather than which. */
export const isBlindToTarget = (method: AttributionMethod) =>
  looksAtAttention(method) || method === 'random'

/**
 * Where replacements come from. `mlm`: a masked model that sees both sides. `mlm-prefix`: the same model on what
 * stands before a position alone, as in the code released with ReAGent.
 * `pos`: a token of the same part of speech, English only, and not by the tagger that was released. `uniform`: any
 * token. `self`: what the attributed model itself predicts at each position.
 */
export const samplerSchema = z.enum(['mlm', 'mlm-prefix', 'pos', 'uniform', 'self'])
export type SamplerName = z.infer<typeof samplerSchema>

/** What is explained: some tokens, each given all that stands before it. */
export const attributionTargetSchema = z.object({
  /** Where they stand, or would stand, in the sequence. */
  positions: z.array(positionSchema),
  tokenIds: z.array(tokenIdSchema),
  /** The token that it is compared with; the share p / (p + p of the other) is explained then. */
  contrastId: tokenIdSchema.nullable(),
  /** Of the target in the unchanged context: mean over its tokens, of a contrast p of the first. */
  prob: z.number(),
  contrastProb: z.number().nullable(),
})
export type AttributionTarget = z.infer<typeof attributionTargetSchema>

/** One attempt of ReAGent, or one permutation or draw of another method. */
export const attributionProbeSchema = z.object({
  stepCount: z.number().int(),
  /** The target came among the likeliest, or ahead of the other, with the rationale alone. */
  converged: z.boolean(),
  /** What the explained probability lost in the last step of it. */
  probDrop: z.number().nullable(),
})
export type AttributionProbe = z.infer<typeof attributionProbeSchema>

/**
 * How well a ranking stands up to embeddings with elements set to zero (Zhao and Aletras 2023). It ranks methods;
 * never compare it across lengths.
 */
export const faithfulnessSchema = z.object({
  metric: z.enum(['soft-ns', 'soft-nc']),
  /** `paper`: of distances H; `released`: of their squares. */
  form: z.enum(['paper', 'released']),
  /** Mean over the draws, and the standard error of that mean; null of a single draw. */
  value: z.number(),
  draws: z.number().int(),
  standardError: z.number().nullable(),
  /** ln of the mean over that of random scores, and of its own scores at other positions; null beside 0. */
  logRatioToRandom: z.number().nullable(),
  logRatioToPermuted: z.number().nullable(),
  /** Inserted and special tokens were perturbed too. */
  specialsPerturbed: z.boolean(),
})
export type Faithfulness = z.infer<typeof faithfulnessSchema>

const curveSchema = z.array(
  z.object({
    /** Tokens taken away, or put back, the highest values first. */
    count: z.number().int(),
    /** The explained probability then, mean over draws of what stands for the others. */
    prob: z.number(),
  })
)
/** What the target loses as tokens go, and gains as they come; areas are means over the curve. */
export const attributionCurvesSchema = z.object({
  deletion: curveSchema,
  insertion: curveSchema,
  deletionArea: z.number(),
  insertionArea: z.number(),
  drawCount: z.number().int(),
})
export type AttributionCurves = z.infer<typeof attributionCurvesSchema>

/** Sequences that the attributed model ran for a row, and their tokens; `setup` ran once, for the sampler. */
export const attributionWorkSchema = z.object({
  sequenceCount: z.number().int(),
  tokenCount: z.number().int(),
  setupTokenCount: z.number().int(),
})

/** What the context is worth to one target. */
export const attributionRowSchema = z.object({
  target: attributionTargetSchema,
  /**
   * One entry a context token that can be replaced. ReAGent: signed nats per step, mean over probes, with the 10th
   * and 90th percentile over those that stopped; other methods: probability, attention or a random number, with
   * those percentiles over permutations or draws.
   */
  values: z.array(
    z.object({
      position: positionSchema,
      value: z.number(),
      low: z.number().nullable(),
      high: z.number().nullable(),
    })
  ),
  /** ReAGent as its code gives it: mean over stopped probes of the softmax of their scores; sums to 1. */
  released: z.array(z.object({position: positionSchema, value: z.number()})).optional(),
  /** Of the probe that took the most steps. */
  stepCount: z.number().int(),
  stopReason: z.enum(['converged', 'max-steps', 'cancelled']),
  probes: z.array(attributionProbeSchema),
  /** Positions in enough of the probes' lists of highest scores, ascending. */
  rationale: z.array(positionSchema),
  /** Replacements that did not come back as exactly one token and were drawn again. */
  redrawnCount: z.number().int(),
  /** What the explained probability lost in the last step, mean over probes. */
  probDrop: z.number().nullable(),
  /** The highest entry of `released` before the first step: the random start alone. */
  startLevel: z.number().nullable(),
  work: attributionWorkSchema,
  /** Of the attention methods: what the first token of the sequence holds, be it one of the values or not. */
  firstTokenShare: z.number().optional(),
  /** A stopping test at every m-th step alone changes the result: by how much, where the exact mode ran too. */
  sparse: z
    .object({
      testEvery: z.number().int(),
      /** Share of the exact mode's tokens that were not run. */
      savedShare: z.number().nullable(),
      /** Spearman's, of the values with those of the exact mode. */
      rankCorrelation: z.number().nullable(),
    })
    .optional(),
  faithfulness: z.array(faithfulnessSchema).optional(),
  curves: attributionCurvesSchema.optional(),
})
export type AttributionRow = z.infer<typeof attributionRowSchema>
