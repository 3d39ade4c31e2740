import {z} from 'zod'
import {
  attributeRequestSchema,
  attributionMethodSchema,
  attributionPresetSchema,
  samplerSchema,
} from '../../shared/lenses/attribute.ts'
import {type AttributionState, initialAttribution} from './attribution-state.ts'

const position = z.number().int().nonnegative()
const tokenId = z.number().int().nonnegative()
const after = position.nullable()
const targetChoice = z.discriminatedUnion('kind', [
  z.object({kind: z.literal('next'), after}),
  z.object({kind: z.literal('token'), position}),
  z.object({kind: z.literal('forced'), after, tokenId}),
  z.object({kind: z.literal('span'), start: position, end: position}),
  z.object({
    kind: z.literal('contrast'),
    after,
    tokenIds: z.tuple([tokenId, tokenId]).readonly(),
  }),
  z.object({kind: z.literal('all-generated')}),
])
const {shape: asked} = attributeRequestSchema
const stated = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().catch(null)
/** What of the document is attribution's, as it is kept for a reload. */
export const attributionShape = {
  attributionChoice: z
    .object({
      method: attributionMethodSchema,
      preset: attributionPresetSchema,
      sampler: samplerSchema.nullable(),
      ratio: stated(asked.ratio.unwrap()),
      keep: stated(asked.keep.unwrap()),
      overlap: stated(asked.overlap.unwrap()),
      stopK: stated(asked.stopK.unwrap()),
      maxSteps: stated(asked.maxSteps.unwrap()),
      probes: stated(asked.probes.unwrap()),
      testEvery: asked.testEvery.unwrap(),
      seed: asked.seed.unwrap(),
      hasChecks: z.boolean(),
      draws: asked.draws.unwrap(),
    })
    .catch(initialAttribution.attributionChoice),
  attributionLooks: z
    .object({
      scores: z.enum(['per-step', 'released']),
      isUnfolded: z.boolean(),
      form: z.enum(['paper', 'released']),
      areSpecialsPerturbed: z.boolean(),
    })
    .catch(initialAttribution.attributionLooks),
  attributionTargets: z.record(z.string(), targetChoice).catch({}),
  attributionChanges: z
    .record(z.string(), z.array(z.object({position, id: tokenId})).readonly())
    .catch({}),
} satisfies Record<keyof AttributionState, z.ZodType>
