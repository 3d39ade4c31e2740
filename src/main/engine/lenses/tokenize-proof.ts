import {readFile} from 'node:fs/promises'
import {z} from 'zod'
import type {Badge, TokenizeRequest} from '../../../shared/lenses/tokenize.ts'
import {firstDifference, secondEngine} from '../tokenizers/second-engine.ts'
import type {TextCutter} from '../tokenizers/text-cutter.ts'
import {countOf} from './tokenize-rows.ts'

/** Longer texts are not encoded a second time: one of the implementations takes seconds a megabyte. */
const MAX_CHECKED_BYTES = 64 * 1024

const vectorsSchema = z.object({
  texts: z.array(z.string()),
  tokenizers: z.record(
    z.string(),
    z.object({engine: z.string(), ids: z.array(z.array(z.number()))})
  ),
})

/** The shipped vectors: ids that a reference gives of hard texts. */
export class ReferenceVectors {
  private reading: Promise<z.infer<typeof vectorsSchema>> | null = null
  private readonly proven = new Map<string, Promise<Badge | null>>()

  constructor(private readonly path: string) {}

  /** How many vectors a packaged tokenizer matches, tried once; null for one that has none. */
  badge({shelved}: TextCutter): Promise<Badge | null> {
    if (shelved?.facts.kind !== 'packaged') return Promise.resolve(null)
    const {tokenizer} = shelved
    let proof = this.proven.get(tokenizer.id)
    if (!proof) {
      proof = this.prove(tokenizer.id, async (text) => {
        const {table} = await tokenizer.encodeTable(text, {noSpecialTokens: true})
        return table.ids
      })
      this.proven.set(tokenizer.id, proof)
    }
    return proof
  }

  private async prove(
    id: string,
    encode: (text: string) => Promise<ArrayLike<number>>
  ): Promise<Badge | null> {
    this.reading ??= readFile(this.path, 'utf8').then((text) =>
      vectorsSchema.parse(JSON.parse(text))
    )
    const {texts, tokenizers} = await this.reading
    const known = tokenizers[id]
    if (!known) return null
    let matched = 0
    for (const [i, text] of texts.entries()) {
      if (firstDifference(await encode(text), known.ids[i] ?? []) === null) matched++
    }
    return {
      kind: 'reference',
      isGood: matched === texts.length,
      text: `matches ${known.engine} on ${matched} of ${texts.length} vectors`,
    }
  }
}

/** Whether a second implementation gives the same ids of the text; null where there is none. */
export async function engineBadge({shelved}: TextCutter, text: string): Promise<Badge | null> {
  if (!shelved || Buffer.byteLength(text) > MAX_CHECKED_BYTES) return null
  const second = await secondEngine(shelved)
  if (!second) return null
  try {
    const {table, text: wellFormed} = await shelved.tokenizer.encodeTable(text, {
      noSpecialTokens: true,
    })
    const at = firstDifference(second.encode(wellFormed), table.ids)
    return {
      kind: 'engines',
      isGood: at === null,
      text:
        at === null
          ? `two engines agree (tokenizers, ${second.name})`
          : `two engines differ from token ${at} on (tokenizers, ${second.name})`,
    }
  } finally {
    second.release()
  }
}

/** Badges that do not depend on the text's tokens. */
export async function standingBadges(
  cutter: TextCutter,
  request: TokenizeRequest,
  vectors: ReferenceVectors
): Promise<Badge[]> {
  const badges: Badge[] = []
  const reference = await vectors.badge(cutter)
  if (reference) badges.push(reference)
  if (!cutter.shelved) return badges
  const {missingByteCount} = cutter.facts
  if (missingByteCount) {
    const text = `${countOf(missingByteCount, 'byte')} without an entry, which may vanish`
    badges.push({kind: 'missing-bytes', isGood: false, text})
  }
  badges.push({
    kind: 'special-text',
    isGood: true,
    text: request.parseSpecial
      ? 'text that looks like a special token is control'
      : 'text that looks like a special token is literal',
  })
  const inserted = await cutter.insertedCount({noSpecialTokens: request.noSpecialTokens === true})
  if (inserted > 0) {
    const text = `${countOf(inserted, 'token')} inserted, not counted`
    badges.push({kind: 'inserted', isGood: true, text})
  }
  return badges
}
