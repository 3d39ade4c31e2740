import {z} from 'zod'

/** A stretch of the text in UTF-8 bytes, end exclusive. */
export const byteSpanSchema = z.object({
  byteStart: z.number().int().nonnegative(),
  byteEnd: z.number().int().nonnegative(),
})
export type ByteSpan = z.infer<typeof byteSpanSchema>

const plainUnitSchema = z.object({
  kind: z.enum(['byte', 'token', 'word', 'sentence', 'line', 'paragraph', 'turn']),
})
const spansUnitSchema = z.object({kind: z.literal('spans'), spans: z.array(byteSpanSchema)})

/**
 * The text unit that scores are shown by (definitions: text and units). Whatever the choice, units are
 * a list of byte spans, and what no unit covers is a unit of its own, so that totals are conserved.
 */
export const unitChoiceSchema = z.discriminatedUnion('kind', [
  plainUnitSchema,
  z.object({kind: z.literal('regex'), source: z.string(), flags: z.string()}),
  spansUnitSchema,
])
export type UnitChoice = z.infer<typeof unitChoiceSchema>
export type UnitKind = UnitChoice['kind']

/**
 * A choice with all that is needed to cut a text by it: a regular expression carries the spans of its
 * matches, because finding them may take for ever and is done in a thread that can be stopped.
 */
export const resolvedUnitSchema = z.discriminatedUnion('kind', [
  plainUnitSchema,
  z.object({
    kind: z.literal('regex'),
    source: z.string(),
    flags: z.string(),
    spans: z.array(byteSpanSchema),
  }),
  spansUnitSchema,
])
export type ResolvedUnit = z.infer<typeof resolvedUnitSchema>

export const TOKEN_UNIT = {kind: 'token'} as const satisfies UnitChoice
