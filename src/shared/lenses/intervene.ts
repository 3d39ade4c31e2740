import {z} from 'zod'
import {cutEdgeSchema} from '../domain/intervention.ts'
import {modelRefSchema} from '../domain/model.ts'
import {warningSchema} from '../domain/problem.ts'
import {nextTokenSchema, promptSchema, provenanceSchema} from './tokens.ts'

const indexSchema = z.number().int().nonnegative()

/** The request of the intervene command; the names are its flags in camelCase. Positions are the prompt's. */
export const interveneRequestSchema = modelRefSchema.extend(promptSchema.shape).extend({
  command: z.literal('intervene').default('intervene'),
  /** Columns that no other query of any layer sees; positions stay. */
  maskKeys: z.array(indexSchema).default([]),
  /** Taken out of the text; positions behind them close up. */
  deleteTokens: z.array(indexSchema).default([]),
  cutEdges: z.array(cutEdgeSchema).default([]),
  headsOff: z.array(z.object({layer: indexSchema, head: indexSchema})).default([]),
  /** What stands for the output of a head that is off. */
  headValue: z.enum(['zero']).default('zero'),
  /** Factor of every token's embedding. */
  scaleEmbeddings: z.number().optional(),
  /** The last layer that is computed. */
  exitLayer: indexSchema.optional(),
  /** The tables stand after this position. */
  position: z.union([indexSchema, z.literal('last')]).default('last'),
  topK: z.number().int().min(1).max(1000).default(10),
})
export type InterveneRequest = z.infer<typeof interveneRequestSchema>
export type InterveneRequestInput = z.input<typeof interveneRequestSchema>

const nextTableSchema = z.object({
  next: z.array(nextTokenSchema),
  restProb: z.number(),
})

/** The result of `intervene`: what would follow, without and with the intervention. */
export const interveneResultSchema = z.object({
  schema: z.literal('tokenscope/intervene@1'),
  request: interveneRequestSchema,
  ...provenanceSchema.shape,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled']),
  tokenCount: z.number().int(),
  /** The position that the tables stand after, in the prompt as it was typed. */
  position: z.number().int(),
  before: nextTableSchema,
  after: nextTableSchema,
  divergence: z.object({
    /** Σ before · log2(before / after), over the whole vocabulary. */
    klBits: z.number(),
    /** Half the sum of absolute differences, over the whole vocabulary. */
    totalVariation: z.number(),
  }),
})
export type InterveneResult = z.infer<typeof interveneResultSchema>

export const interveneEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    phase: z.enum(['loading', 'reading', 'hashing', 'generating', 'capturing', 'writing']),
    done: z.number(),
    total: z.number(),
    secondsLeft: z.number().nullable(),
  }),
  z.object({kind: z.literal('completed'), result: interveneResultSchema}),
])
export type InterveneEvent = z.infer<typeof interveneEventSchema>
