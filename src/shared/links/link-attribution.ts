import {z} from 'zod'
import {
  attributeRequestSchema,
  attributionMethodSchema,
  attributionPresetSchema,
  samplerSchema,
} from '../lenses/attribute.ts'

const position = z.number().int().nonnegative()
const tokenId = z.number().int().nonnegative()
const after = position.nullable()
const {shape: asked} = attributeRequestSchema

/** What is explained of a run; `after` null is the end of the prompt. */
export const targetChoiceSchema = z.discriminatedUnion('kind', [
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

/** A number of ReAGent; null, or what is none of it, takes the preset's. */
const stated = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().catch(null)
export const attributionChoiceSchema = z.object({
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
  comparesExact: z.boolean().default(false),
  seed: asked.seed.unwrap(),
  hasChecks: z.boolean(),
  draws: asked.draws.unwrap(),
})
export const attributionLooksSchema = z.object({
  scores: z.enum(['per-step', 'released']),
  isUnfolded: z.boolean(),
  form: z.enum(['paper', 'released']),
  areSpecialsPerturbed: z.boolean(),
})
export const tokenChangesSchema = z.array(z.object({position, id: tokenId})).readonly()

/** What a link restores of the attribution lens: method with its numbers, and how it is looked at. */
export const linkAttributionSchema = z.object({
  choice: attributionChoiceSchema,
  looks: attributionLooksSchema,
})
