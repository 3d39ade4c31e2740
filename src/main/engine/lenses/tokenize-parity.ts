import {readFile} from 'node:fs/promises'
import {setImmediate as nextTurn} from 'node:timers/promises'
import {ProblemError} from '../../../shared/domain/problem.ts'
import {readTokenFlags} from '../../../shared/domain/token.ts'
import {fairnessGini, premiumOf} from '../../../shared/lenses/token-metrics.ts'
import {
  type ParallelText,
  parallelTextSchema,
  type TokenizeMetrics,
  type TokenizeRequest,
} from '../../../shared/lenses/tokenize.ts'
import type {TextCutter} from '../tokenizers/text-cutter.ts'

/** Pairs in which more than this share of the characters is unknown to the tokenizer are left out. */
const MAX_UNKNOWN_SHARE = 0.1

/** A text of no language that all can be compared with, or the aligned sentences of the request. */
export async function parallelText(
  {parallel, referenceLanguage}: TokenizeRequest,
  builtinPath: string
): Promise<ParallelText | null> {
  if (!parallel) return null
  const text =
    parallel === 'builtin'
      ? parallelTextSchema.parse(JSON.parse(await readFile(builtinPath, 'utf8')))
      : parallel
  const reference = text[referenceLanguage]
  if (!reference) {
    throw new ProblemError({
      code: 'no-reference-language',
      message: 'The aligned sentences have none in the language to compare with.',
      field: 'referenceLanguage',
      found: referenceLanguage,
      expected: `one of ${Object.keys(text).join(', ')}`,
      advice: 'Name one of these languages.',
    })
  }
  for (const [language, sentences] of Object.entries(text)) {
    if (sentences.length === reference.length) continue
    throw new ProblemError({
      code: 'sentences-not-aligned',
      message: 'The languages have different numbers of sentences, so that they are not aligned.',
      field: `parallel.${language}`,
      found: `${sentences.length} sentences`,
      expected: `${reference.length}, as ${referenceLanguage} has`,
      advice: 'Give every language the same sentences in the same order.',
    })
  }
  return text
}

/** Premium of every language against the reference, by tokenizer, and how unequal they are together. */
export async function parityOf(
  cutters: readonly TextCutter[],
  text: ParallelText,
  referenceLanguage: string,
  signal?: AbortSignal
): Promise<Required<Pick<TokenizeMetrics, 'parity' | 'fairness'>>> {
  const parity: NonNullable<TokenizeMetrics['parity']> = []
  const fairness: NonNullable<TokenizeMetrics['fairness']> = []
  for (const cutter of cutters) {
    const tokenizer = cutter.facts.id
    const counted = new Map<string, SentenceCount[]>()
    for (const [language, sentences] of Object.entries(text)) {
      const counts: SentenceCount[] = []
      for (const sentence of sentences) counts.push(await countSentence(cutter, sentence))
      counted.set(language, counts)
      await nextTurn()
      signal?.throwIfAborted()
    }
    const reference = counted.get(referenceLanguage)!
    const costs: number[] = []
    for (const [language, counts] of counted) {
      const kept = counts.map((_, i) => i).filter((i) => isKnown(counts[i]!, reference[i]!))
      const tokens = kept.map((i) => counts[i]!.tokenCount)
      const tokenCount = tokens.reduce((sum, count) => sum + count, 0)
      if (kept.length > 0) costs.push(tokenCount / kept.length)
      parity.push({
        ...{tokenizer, language, tokenCount, pairs: kept.length},
        bytes: kept.reduce((sum, i) => sum + counts[i]!.bytes, 0),
        premium: premiumOf(
          tokens,
          kept.map((i) => reference[i]!.tokenCount)
        ),
      })
    }
    fairness.push({tokenizer, gini: fairnessGini(costs)})
  }
  return {parity, fairness}
}

interface SentenceCount {
  readonly tokenCount: number
  readonly bytes: number
  readonly unknownShare: number
}

async function countSentence(cutter: TextCutter, sentence: string): Promise<SentenceCount> {
  const {table, textBytes} = await cutter.encode(sentence, {noSpecialTokens: true})
  let tokenCount = 0
  let unknownBytes = 0
  for (let i = 0; i < table.ids.length; i++) {
    const {isInserted, isSpecial, spanClass} = readTokenFlags(table.flags[i]!)
    if (isInserted && spanClass !== 'dummy-prefix') continue
    tokenCount++
    // Text is read literally, so a special token in it can only be the unknown one.
    if (isSpecial) unknownBytes += table.byteEnds[i]! - table.byteStarts[i]!
  }
  const bytes = textBytes.length
  return {tokenCount, bytes, unknownShare: bytes === 0 ? 0 : unknownBytes / bytes}
}

function isKnown(a: SentenceCount, b: SentenceCount): boolean {
  return a.unknownShare <= MAX_UNKNOWN_SHARE && b.unknownShare <= MAX_UNKNOWN_SHARE
}
