import {setImmediate as nextTurn} from 'node:timers/promises'
import type {Tokenizer} from '../tokenizers/tokenizer.ts'

/** Named wherever it is used: it is not the tagger of the released sampler. */
export const TAGGER_NAME = 'compromise 14.17.0'
/** The coordinator answers others after so long. */
const SLICE_MS = 8
/** Of what has no letter and no digit: taggers call a comma a noun. */
const SIGN = 'sign'
const SPACE = 'space'
const MOST_KEPT = 4

/** The Penn tag of an English word by itself; several joined by + where it is cut, as `we'll` is. */
export type TagWord = (word: string) => string

/** Every id of a vocabulary by the part of speech of its text. */
export interface WordClasses {
  /** One entry an id. */
  readonly classOfId: readonly string[]
  /** Ids without the special ones, ascending. */
  readonly idsOfClass: ReadonlyMap<string, readonly number[]>
}

const decoder = new TextDecoder('utf-8', {ignoreBOM: true})
const kept = new Map<string, WordClasses>()

/** Tags words as compromise does; it is loaded when it is first wanted. */
export async function loadTagger(): Promise<TagWord> {
  const {default: nlp} = await import('compromise/two')
  return (word) => {
    const doc = nlp(word)
    doc.compute('penn')
    const terms = doc.docs.flat() as readonly {readonly penn?: string}[]
    return terms.map(({penn}) => penn ?? '').join('+')
  }
}

/**
 * Tags every id of a tokenizer as an isolated word, as the released sampler does, once a tokenizer. Some words take a
 * millisecond each, so it lets others have their turn. Aborted, it rejects with the signal's reason.
 */
export async function wordClassesOf(
  tokenizer: Pick<Tokenizer, 'sha256' | 'tokenCount' | 'bytesOf' | 'isSpecial'>,
  load: () => Promise<TagWord> = loadTagger,
  signal?: AbortSignal
): Promise<WordClasses> {
  const known = kept.get(tokenizer.sha256)
  if (known) return known
  const tagWord = await load()
  const classOfWord = new Map<string, string>()
  const classOfId: string[] = []
  const idsOfClass = new Map<string, number[]>()
  let startedMs = performance.now()
  for (let id = 0; id < tokenizer.tokenCount; id++) {
    if (performance.now() - startedMs > SLICE_MS) {
      await nextTurn()
      signal?.throwIfAborted()
      startedMs = performance.now()
    }
    const word = decoder.decode(tokenizer.bytesOf(id)).trim()
    const found = classOfWord.get(word) ?? classOf(word, tagWord)
    classOfWord.set(word, found)
    classOfId.push(found)
    if (tokenizer.isSpecial(id)) continue
    const ids = idsOfClass.get(found)
    if (ids) ids.push(id)
    else idsOfClass.set(found, [id])
  }
  const classes = {classOfId, idsOfClass}
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!)
  kept.set(tokenizer.sha256, classes)
  return classes
}

function classOf(word: string, tagWord: TagWord): string {
  if (word === '') return SPACE
  return /[\p{L}\p{N}]/u.test(word) ? tagWord(word) : SIGN
}
