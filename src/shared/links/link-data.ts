import {z} from 'zod'
import {figureOptionsSchema} from '../figures/request.ts'
import {TRACK_NAMES} from '../lenses/token-tracks.ts'
import {messageSchema, tokensRequestSchema} from '../lenses/tokens.ts'
import {byteSpanSchema, unitChoiceSchema} from '../units/unit-choice.ts'
import {linkAttentionSchema, matrixPlaceSchema, matrixWindowSchema} from './link-attention.ts'
import {linkAttributionSchema, targetChoiceSchema, tokenChangesSchema} from './link-attribution.ts'
import {criticalChoiceSchema} from './link-critical.ts'

const position = z.number().int().nonnegative()
const track = figureOptionsSchema.shape.tracks.unwrap().element

/**
 * A model as a link names it. Never by its folder: a link is passed on, and one that came from
 * elsewhere must not choose what is read here.
 */
export const linkModelSchema = z.object({
  /** Built-in id, `org/name` of the hub, or the name of a folder. */
  id: z.string().min(1).max(500),
  /** Of the model file, as provenance has it; null where it was not loaded when the link was made. */
  sha256: z
    .string()
    .regex(/^[\da-f]{64}$/)
    .nullable(),
  /** One of the folder's model files; its default otherwise. */
  file: z.string().max(500).optional(),
  /** Tells apart models of one name on the machine where the link was made, and nothing else. */
  place: z.string().max(16).optional(),
})
export type LinkModel = z.infer<typeof linkModelSchema>

const linkPinSchema = z.discriminatedUnion('kind', [
  z.object({kind: z.literal('token'), position}),
  z.object({kind: z.literal('pair'), from: position, to: position}),
])

/** A run that is shown: what was asked, the ids that came of it, and what is held of it. */
export const linkRunSchema = z.object({
  model: linkModelSchema,
  request: tokensRequestSchema.omit({model: true, file: true, kvCache: true}),
  label: z.string().max(200),
  /** Absent: never chosen; null: let go. */
  lock: position.nullable().optional(),
  pins: z.array(linkPinSchema).max(1000).default([]),
  drawnSpans: z.array(byteSpanSchema).max(10_000).default([]),
  /** Tokens that are followed though none were chosen: the likeliest where it was first looked at. */
  suggestedTrack: z.array(position).max(64).optional(),
  /** Of its attention: the part that is seen, and the weight that is lit. */
  matrixWindow: matrixWindowSchema.optional(),
  litWeight: matrixPlaceSchema.optional(),
  /** Of its attribution: what is explained, and what was put in place of its tokens. */
  explained: targetChoiceSchema.optional(),
  replaced: tokenChangesSchema.optional(),
  /** Of its critical tokens: the right answer to its prompt. */
  answer: z.string().max(10_000).optional(),
})
export type LinkRun = z.infer<typeof linkRunSchema>

/** Everything that a link restores. Lists only: no key of an object comes from a link. */
export const linkDataSchema = z.object({
  /** The model of the next Run. */
  model: linkModelSchema.nullable(),
  promptText: z.string(),
  turns: z.array(messageSchema).max(10_000).default([]),
  isChat: z.boolean().default(false),
  parameters: z.object({
    temperature: z.number().positive().max(100),
    topP: z.number().positive().max(1),
    topK: z.number().int().min(1).max(1000),
    generateCount: z.number().int().min(0).max(100_000),
    isSampled: z.boolean(),
    seed: z.number().int().nonnegative(),
    tracks: z.array(track).min(1).max(TRACK_NAMES.length),
    stripTrack: track,
  }),
  /** Tokens that are followed, where they were chosen. */
  tracked: z
    .array(z.object({model: linkModelSchema, ids: z.array(position).max(64)}))
    .max(3)
    .default([]),
  runs: z.array(linkRunSchema).max(2),
  panes: z
    .array(
      z.object({
        lensId: z.string().max(100),
        /** Index into `runs`. */
        run: z.union([z.literal(0), z.literal(1)]).nullable(),
        view: z.string().max(100).nullable(),
      })
    )
    .min(1)
    .max(2),
  activePane: z.union([z.literal(0), z.literal(1)]),
  unit: unitChoiceSchema,
  /** Where a pane shows attention. */
  attention: linkAttentionSchema.optional(),
  /** Where a pane shows attribution. */
  attribution: linkAttributionSchema.optional(),
  /** Where a pane shows critical tokens: how they are looked for. */
  critical: criticalChoiceSchema.optional(),
})
export type LinkData = z.infer<typeof linkDataSchema>
export type LinkDataInput = z.input<typeof linkDataSchema>
