import {z} from 'zod'

const index = z.number().int().nonnegative()

/** One entry of a head's attention map that is taken out before softmax; `all` is every head of the layer. */
export const cutEdgeSchema = z.object({
  layer: index,
  head: z.union([index, z.literal('all')]),
  query: index,
  key: index,
})
export type CutEdge = z.infer<typeof cutEdgeSchema>

/** A query head whose output is replaced at every position: by zero, or by `mean`, one entry an element of the head. */
export const headOffSchema = z.object({
  layer: index,
  head: index,
  /** Of its output over a named reference text, or over the prompt itself, which looks ahead. */
  mean: z.array(z.number()).optional(),
})
export type HeadOff = z.infer<typeof headOffSchema>

/**
 * A text that is a tree of continuations, flattened with parents before their children. By parents: the
 * position that each one continues, −1 for the first; each sees itself and its ancestors, and its position
 * id is its depth. Or said outright: which keys each query may see, [query][key], and the position ids.
 */
export const treeMaskSchema = z.union([
  z.object({parents: z.array(z.number().int().min(-1))}),
  z.object({allowed: z.array(z.array(z.boolean())), positionIds: z.array(index)}),
])
export type TreeMask = z.infer<typeof treeMaskSchema>

/**
 * What is changed in a run (definitions: interventions); what is left out changes nothing. Positions are
 * those of the text before tokens are deleted.
 */
export const interventionSchema = z.object({
  /** Columns that no other query of any layer sees; each token still sees itself, positions stay. */
  maskKeys: z.array(index).optional(),
  /** Taken out of the text, so that the positions behind them close up. */
  deleteTokens: z.array(index).optional(),
  cutEdges: z.array(cutEdgeSchema).optional(),
  headsOff: z.array(headOffSchema).optional(),
  /**
   * One entry a position: the factor of its token's embedding before positions are added, or one factor an
   * element.
   */
  embeddingScale: z.array(z.union([z.number(), z.array(z.number())])).optional(),
  /** The last layer that is computed; the final norm and the head follow it. */
  exitAfterLayer: index.optional(),
  treeMask: treeMaskSchema.optional(),
})
export type Intervention = z.infer<typeof interventionSchema>
