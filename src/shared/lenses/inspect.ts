import {z} from 'zod'
import {modelKindSchema, modelRefSchema} from '../domain/model.ts'
import {problemSchema, warningSchema} from '../domain/problem.ts'
import {provenanceSchema} from './tokens.ts'
import {valueNormKindSchema} from './value-norms.ts'

/** What is asked of a model's graph; the names are the command's flags in camelCase. */
export const inspectRequestSchema = modelRefSchema.extend({
  command: z.literal('inspect').default('inspect'),
  /** Runs the instrumented model beside the plain one on a short prompt and compares. */
  verify: z.boolean().default(false),
})
export type InspectRequest = z.infer<typeof inspectRequestSchema>
export type InspectRequestInput = z.input<typeof inspectRequestSchema>

/**
 * Where a layer's attention comes from. `queries-keys`: rows are recomputed from both operands of the
 * product; `softmax`: the weights of an unfused graph; `qk-output`: a fused operator hands them out;
 * `rebuilt`: nodes of our own restate a fused operator; `none`: it cannot be had, and `reason` says why.
 */
export const attentionSourceSchema = z.enum([
  'queries-keys',
  'softmax',
  'qk-output',
  'rebuilt',
  'none',
])
export type AttentionSource = z.infer<typeof attentionSourceSchema>

const headCountSchema = z.number().int().positive().nullable()

/** A layer of attention, counted from 0. */
export const inspectedLayerSchema = z.object({
  layer: z.number().int().nonnegative(),
  attention: z.object({
    source: attentionSourceSchema,
    /** Operator and name of the node that the weights come to be in; null where there is none. */
    node: z.string().nullable(),
    reason: z.string().nullable(),
    /** What value-weighted maps of the layer count by; null where its values are not to be had. */
    valueNorms: valueNormKindSchema.nullable(),
  }),
  /** Null where only a run tells. */
  queryHeadCount: headCountSchema,
  keyValueHeadCount: headCountSchema,
})
export type InspectedLayer = z.infer<typeof inspectedLayerSchema>

/** Lenses that depend on what was found in the graph. */
export const INSPECTED_LENSES = ['tokens', 'attention', 'logit-lens', 'intervene'] as const

const lensAvailabilitySchema = z.object({
  lens: z.enum(INSPECTED_LENSES),
  available: z.boolean(),
  /** Why not, or what of it is missing; null where nothing is. */
  reason: z.string().nullable(),
})
export type LensAvailability = z.infer<typeof lensAvailabilitySchema>

/** One comparison of the instrumented model with the plain one, or of its attention with itself. */
export const inspectCheckSchema = z.object({
  check: z.enum([
    'logits-equal',
    'row-sums',
    'forbidden-keys',
    'head-counts',
    'recomputed-rows',
    'cached-rows',
    'values-mixed',
    'padding',
    'lens-equal',
  ]),
  /** The largest deviation that was seen, in the unit of what is compared; null where it was not measured. */
  value: z.number().nullable(),
  /** The deviation up to which it passes. */
  limit: z.number().nullable(),
  /** Null where there is nothing to pass: it is not applicable, and `note` says why. */
  passed: z.boolean().nullable(),
  /** What was compared, or why it could not be. */
  note: z.string(),
})
export type InspectCheck = z.infer<typeof inspectCheckSchema>

/** The result of `inspect`: what of a model was found in its graph, and what can be shown of it. */
export const inspectResultSchema = z.object({
  schema: z.literal('tokenscope/inspect@1'),
  request: inspectRequestSchema,
  model: provenanceSchema.shape.model,
  /** Null where the folder has none that fits. */
  tokenizer: provenanceSchema.shape.tokenizer.nullable(),
  versions: provenanceSchema.shape.versions,
  warnings: z.array(warningSchema),
  status: z.enum(['completed', 'cancelled']),
  file: z.string(),
  kind: modelKindSchema,
  family: z.string(),
  nodeCount: z.number().int(),
  /** Versions of the operator sets by their domain; `ai.onnx` is the standard one. */
  opsets: z.record(z.string(), z.number()),
  layers: z.array(inspectedLayerSchema),
  /** What enters each layer, then what leaves the last one; empty where the stream was not found. */
  residual: z.array(z.object({layer: z.number().int(), tensor: z.string()})),
  /** `norm` is the final norm's output, where one is told apart; null without logits. */
  head: z.object({norm: z.string().nullable(), output: z.string()}).nullable(),
  /** Null where every run takes the whole sequence. */
  kvCache: z
    .object({
      /** One file for both, with a switch between the first run and the later ones. */
      isMerged: z.boolean(),
      tensors: z.array(z.object({input: z.string(), output: z.string()})),
    })
    .nullable(),
  lenses: z.array(lensAvailabilitySchema),
  /** Of capturing the attention of every layer of `tokenCount` tokens. */
  estimate: z.object({
    tokenCount: z.number().int(),
    /** Null where head counts or sizes are known only to a run; 0 where nothing can be captured. */
    bytes: z.number().nullable(),
    /** Null before this machine or the model was measured. */
    seconds: z.number().nullable(),
  }),
  /** What was looked for and not found, with its reason. */
  problems: z.array(problemSchema),
  checks: z.array(inspectCheckSchema).optional(),
})
export type InspectResult = z.infer<typeof inspectResultSchema>

/** The stream of an inspection, in order; `completed` is last unless it failed or was cancelled. */
export const inspectEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    phase: z.enum(['reading', 'hashing', 'verifying']),
    done: z.number(),
    total: z.number(),
    secondsLeft: z.number().nullable(),
  }),
  z.object({kind: z.literal('completed'), result: inspectResultSchema}),
])
export type InspectEvent = z.infer<typeof inspectEventSchema>
