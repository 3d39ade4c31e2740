import {z} from 'zod'

/** A stretch of the text in UTF-8 bytes, end exclusive. */
export const byteSpanSchema = z.object({
  byteStart: z.number().int().nonnegative(),
  byteEnd: z.number().int().nonnegative(),
})
export type ByteSpan = z.infer<typeof byteSpanSchema>

/**
 * The text unit that scores are shown by (definitions: text and units). Whatever the choice, units are
 * a list of byte spans, and what no unit covers is a unit of its own, so that totals are conserved.
 */
export const unitChoiceSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.enum(['byte', 'token', 'word', 'sentence', 'line', 'paragraph', 'turn']),
  }),
  z.object({kind: z.literal('regex'), source: z.string(), flags: z.string()}),
  z.object({kind: z.literal('spans'), spans: z.array(byteSpanSchema)}),
])
export type UnitChoice = z.infer<typeof unitChoiceSchema>
export type UnitKind = UnitChoice['kind']

export const TOKEN_UNIT: UnitChoice = {kind: 'token'}
