import {setImmediate as nextTurn} from 'node:timers/promises'
import {
  ENTRY_CLASSES,
  type EntryClass,
  type VocabularyResult,
} from '../../../shared/lenses/vocabulary.ts'
import {type Absorbed, absorbedEntries} from '../tokenizers/absorbed.ts'
import {SCRIPT_LETTERS, shapeOf} from '../tokenizers/entry-class.ts'
import type {ShelvedTokenizer} from '../tokenizers/shelf.ts'

type Row<Name extends 'composition' | 'lengths' | 'completeness'> = Omit<
  VocabularyResult[Name][number],
  'tokenizer'
>

/** What one vocabulary is made of. */
export interface VocabularyFacts {
  readonly counts: {
    readonly entryCount: number
    readonly specialCount: number
    readonly distinctCount: number
    readonly spaceStartShare: number | null
  }
  readonly composition: readonly Row<'composition'>[]
  readonly lengths: readonly Row<'lengths'>[]
  readonly completeness: readonly Row<'completeness'>[]
  /** Null where the file has no merges. */
  readonly absorbed: readonly Absorbed[] | null
  /** Distinct byte strings as Latin-1, special tokens left out. */
  readonly strings: ReadonlySet<string>
  readonly stringBytes: number
}

const SLICE = 8192
const LAST_LENGTH = 16
const SPACE = 0x20

/** Goes through every entry once, in slices. */
export async function describeVocabulary(shelved: ShelvedTokenizer): Promise<VocabularyFacts> {
  const {tokenizer, json} = shelved
  const classes = new Map<string, {class: EntryClass; script: string | null; count: number}>()
  const lengths = new Array<number>(LAST_LENGTH + 1).fill(0)
  const strings = new Set<string>()
  const characters = new Set<string>()
  let entryCount = 0
  let specialCount = 0
  let spaceStartCount = 0
  for (let id = 0; id < tokenizer.tokenCount; id++) {
    if (id % SLICE === SLICE - 1) await nextTurn()
    const bytes = tokenizer.bytesOf(id)
    if (bytes.length === 0) continue
    const isSpecial = tokenizer.isSpecial(id)
    entryCount++
    if (isSpecial) specialCount++
    else strings.add(latin1(bytes))
    if (!isSpecial && bytes[0] === SPACE && bytes.length > 1) spaceStartCount++
    const shape = shapeOf(bytes, isSpecial)
    const key = `${shape.class} ${shape.script}`
    const row = classes.get(key) ?? {class: shape.class, script: shape.script, count: 0}
    row.count++
    classes.set(key, row)
    if (shape.characters !== null && !isSpecial) {
      lengths[Math.min(LAST_LENGTH, shape.characters)]!++
      if (shape.characters === 1) characters.add(latin1(bytes))
    }
  }
  const shareOf = (count: number) => (entryCount === 0 ? null : count / entryCount)
  let stringBytes = 0
  for (const text of strings) stringBytes += text.length
  return {
    counts: {
      ...{entryCount, specialCount, distinctCount: strings.size},
      spaceStartShare: shareOf(spaceStartCount),
    },
    composition: [...classes.values()]
      .sort(
        (a, b) =>
          ENTRY_CLASSES.indexOf(a.class) - ENTRY_CLASSES.indexOf(b.class) || b.count - a.count
      )
      .map((row) => ({...row, share: shareOf(row.count)})),
    lengths: lengths
      .map((count, length) => ({characters: length, count, share: shareOf(count)}))
      .slice(1),
    completeness: [...SCRIPT_LETTERS].map(([script, letters]) => {
      const covered = letters.filter((letter) => characters.has(latin1(Buffer.from(letter)))).length
      return {script, covered, letters: letters.length, share: covered / letters.length}
    }),
    absorbed: absorbedEntries(json, tokenizer),
    ...{strings, stringBytes},
  }
}

/** What two vocabularies share, by distinct byte strings. */
export function overlapOf(
  a: VocabularyFacts,
  b: VocabularyFacts
): Omit<VocabularyResult['overlap'][number], 'a' | 'b'> {
  const [small, large] = a.strings.size <= b.strings.size ? [a, b] : [b, a]
  let shared = 0
  let sharedBytes = 0
  for (const text of small.strings) {
    if (!large.strings.has(text)) continue
    shared++
    sharedBytes += text.length
  }
  const onlyA = a.strings.size - shared
  const onlyB = b.strings.size - shared
  const all = shared + onlyA + onlyB
  const share = (bytes: number) => (bytes === 0 ? null : sharedBytes / bytes)
  return {
    ...{shared, onlyA, onlyB, jaccard: all === 0 ? null : shared / all},
    byteShareA: share(a.stringBytes),
    byteShareB: share(b.stringBytes),
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
