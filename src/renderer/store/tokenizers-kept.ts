import {z} from 'zod'
import {MAX_TOKENIZERS} from '../../shared/lenses/tokenize.ts'
import type {KeyValueStorage} from './context.ts'
import {initialTokenizers, type TokenizersState} from './tokenizers-state.ts'

/** What a new tab starts with: the tokenizers that were compared last. */
const TOKENIZERS_KEY = 'tokenscope.tokenizers'
/** A longer text of one's own has no room in a tab's storage. */
const MOST_KEPT_CHARS = 1_000_000

const names = z.array(z.string().min(1)).max(MAX_TOKENIZERS).readonly()
const positive = z.number().positive().nullable()

/** The tokenizers' part of a document, as it outlives a reload. */
export const tokenizersShape = {
  comparedTokenizers: names.catch(initialTokenizers.comparedTokenizers),
  referenceTokenizer: z.string().nullable().catch(null),
  comparedSource: z
    .discriminatedUnion('kind', [
      z.object({kind: z.literal('prompt')}),
      z.object({kind: z.literal('sample'), id: z.string()}),
      z.object({kind: z.literal('own'), name: z.string(), text: z.string()}),
      z.object({kind: z.literal('file'), path: z.string()}),
    ])
    .catch({kind: 'prompt'}),
  tokenizerChoices: z
    .object({
      wordRule: z.enum(['whitespace', 'uax29']),
      areSpecialsParsed: z.boolean(),
      hasInserted: z.boolean(),
      price: z.number().nonnegative().nullable(),
      contextLength: positive,
      referenceLanguage: z.string(),
    })
    .catch(initialTokenizers.tokenizerChoices),
} satisfies Record<keyof TokenizersState, z.ZodType>

/** What is written of it: a text that is too long is not. */
export function keptSource(source: TokenizersState['comparedSource']): typeof source {
  return source.kind === 'own' && source.text.length > MOST_KEPT_CHARS ? {kind: 'prompt'} : source
}

const lastSchema = z.object({
  comparedTokenizers: names,
  referenceTokenizer: z.string().nullable(),
})
type LastTokenizers = z.infer<typeof lastSchema>

/** What was compared last in any tab; null on the very first visit. */
export function readLastTokenizers(storage: KeyValueStorage): LastTokenizers | null {
  try {
    return lastSchema.parse(JSON.parse(storage.getItem(TOKENIZERS_KEY) ?? 'null'))
  } catch {
    return null
  }
}

export function writeLastTokenizers(storage: KeyValueStorage, last: LastTokenizers): void {
  try {
    const {comparedTokenizers, referenceTokenizer} = last
    storage.setItem(TOKENIZERS_KEY, JSON.stringify({comparedTokenizers, referenceTokenizer}))
  } catch {
    // Storage may be off or full; the tab has it still.
  }
}
