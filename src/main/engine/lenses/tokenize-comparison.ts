import {setImmediate as nextTurn, setTimeout as sleep} from 'node:timers/promises'
import {wordBytes} from '../../../shared/lenses/text-words.ts'
import {
  type AgreementCounts,
  agreementOf,
  countAgreement,
  countSeam,
  emptyAgreement,
  type TokenCuts,
  tokenCuts,
} from '../../../shared/lenses/token-cuts.ts'
import type {
  Badge,
  TokenizeEvent,
  TokenizeRequest,
  TokenizeRow,
  TokenizeSummary,
} from '../../../shared/lenses/tokenize.ts'
import {findSafeCut} from '../tokenizers/safe-cut.ts'
import type {TextCutter} from '../tokenizers/text-cutter.ts'
import type {EncodedTable} from '../tokenizers/tokenizer.ts'
import {engineBadge, type ReferenceVectors, standingBadges} from './tokenize-proof.ts'
import {firstTokens, RowTally} from './tokenize-rows.ts'
import type {TextSource} from './tokenize-text.ts'

/** So long the next vocabulary waits for a text to be cut. */
const SHORT_MS = 30

/** Whether a cutter has come, and not how far loading is. */
export const isCutter = (found: TokenizeEvent | TextCutter): found is TextCutter =>
  'encode' in found

/** One part of a text on its way through the cutters. */
interface Part {
  readonly words: Uint32Array
  readonly byteLength: number
  readonly isFirst: boolean
  /** Of each cutter. */
  readonly cuts: TokenCuts[]
}

/** One text through several cutters. */
export class Comparison {
  bytes = 0
  private characters = 0
  readonly cutters: TextCutter[] = []
  private readonly tallies: RowTally[] = []
  private readonly pairs: {a: number; b: number; counts: AgreementCounts}[] = []

  constructor(private readonly request: TokenizeRequest) {}

  include(cutter: TextCutter): void {
    const b = this.cutters.push(cutter) - 1
    this.tallies.push(new RowTally(cutter))
    for (let a = 0; a < b; a++) this.pairs.push({a, b, counts: emptyAgreement()})
  }

  /**
   * Cuts a text by each cutter as soon as it is there: the library encodes in threads of its own while others
   * are loaded. Rows are handed out in order, what is done before the next one is waited for.
   */
  async *whole(
    text: string,
    opening: AsyncGenerator<TokenizeEvent | TextCutter>,
    signal?: AbortSignal
  ): AsyncGenerator<TokenizeEvent> {
    const {noSpecialTokens, parseSpecial} = this.request
    const options = {
      noSpecialTokens: noSpecialTokens === true,
      parseSpecial: parseSpecial === true,
    }
    const part = this.beginPart(text)
    this.characters = characterCount(text)
    const encoding: {readonly encoded: Promise<EncodedTable>; isDone: boolean}[] = []
    let next = 0
    let lastMs = performance.now()
    for await (const found of opening) {
      if (!isCutter(found)) {
        yield found
        continue
      }
      this.include(found)
      const one = {encoded: found.encode(text, options), isDone: false}
      encoding.push(one)
      // One that fails is told by the `await` that reaches it.
      one.encoded.then(
        () => (one.isDone = true),
        () => (one.isDone = true)
      )
      // A short text is cut before the next vocabulary is read, which takes a second in one piece.
      if (performance.now() - lastMs > SHORT_MS) {
        await Promise.race([one.encoded.catch(() => {}), sleep(SHORT_MS)])
      }
      lastMs = performance.now()
      while (encoding[next]?.isDone) {
        yield await this.addRow(part, next, await encoding[next]!.encoded, signal)
        next++
      }
    }
    for (; next < encoding.length; next++) {
      yield await this.addRow(part, next, await encoding[next]!.encoded, signal)
    }
    this.endPart(part)
  }

  async *parts(
    source: TextSource,
    partUnits: number,
    startedMs: number,
    signal?: AbortSignal
  ): AsyncGenerator<TokenizeEvent> {
    const parseSpecial = this.request.parseSpecial === true
    let rest = ''
    const total = source.totalBytes
    const progress = (): TokenizeEvent => {
      const done = Math.min(this.bytes, total)
      const elapsed = (performance.now() - startedMs) / 1000
      const secondsLeft = done === 0 ? null : (elapsed * (total - done)) / done
      return {kind: 'progress', phase: 'tokenizing', done, total, secondsLeft}
    }
    const isFirst = () => this.bytes === 0
    const addPart = async function* (this: Comparison, part: string) {
      const options = {noSpecialTokens: true, parseSpecial, isContinued: !isFirst()}
      if (isFirst()) yield {kind: 'opened', text: part, bytes: total} as const
      yield* this.add(part, (cutter) => cutter.encode(part, options), signal)
    }.bind(this)
    for await (const read of source.parts()) {
      rest += read
      while (rest.length > 2 * partUnits) {
        const window = rest.slice(0, partUnits)
        const {at, doubtful} = await findSafeCut(window, this.cutters, {parseSpecial})
        yield* addPart(window.slice(0, at))
        rest = rest.slice(at)
        this.addSeam(doubtful)
        yield progress()
      }
    }
    yield* addPart(rest)
    yield progress()
  }

  agreements(): TokenizeSummary['metrics']['boundaryAgreement'] {
    return this.pairs.map(({a, b, counts}) => ({
      a: this.cutters[a]!.facts.id,
      b: this.cutters[b]!.facts.id,
      ...agreementOf(counts),
      coverage: counts.byteLength === 0 ? null : counts.comparedBytes / counts.byteLength,
      blocks: counts.blocks,
    }))
  }

  async rows(vectors: ReferenceVectors, text: string | null): Promise<TokenizeSummary['results']> {
    const {request, cutters} = this
    const rows: TokenizeSummary['results'] = []
    for (const [i, cutter] of cutters.entries()) {
      const badges = await standingBadges(cutter, request, vectors)
      const engines = request.checkEngines && text !== null ? await engineBadge(cutter, text) : null
      rows.push(await this.row(i, this.bytes, engines ? [...badges, engines] : badges))
    }
    return rows
  }

  private async row(i: number, bytes: number, badges: readonly Badge[]): Promise<TokenizeRow> {
    const {request, characters, tallies} = this
    const reference = tallies.find(({cutter}) => cutter.facts.id === request.reference)
    const insertedCount = await this.cutters[i]!.insertedCount({
      noSpecialTokens: request.noSpecialTokens === true,
    })
    const referenceCount = reference?.tokenCount ?? null
    return tallies[i]!.row({request, bytes, characters, insertedCount, referenceCount, badges})
  }

  /** Encodes a part by every cutter at once; each has a thread of the library's own. */
  private async *add(
    text: string,
    encode: (cutter: TextCutter) => Promise<EncodedTable>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<TokenizeEvent> {
    const part = this.beginPart(text)
    const encoding = this.cutters.map(encode)
    // One that fails is told by the first `await` that reaches it; the others are then left alone.
    for (const one of encoding) one.catch(() => {})
    for (const [i, cutter] of this.cutters.entries()) {
      const {table} = await this.count(part, i, await encoding[i]!, signal)
      if (!part.isFirst) continue
      const tokens = firstTokens(table, this.request.maxTokens)
      yield {kind: 'tokens', tokenizer: cutter.facts.id, tokens, row: null}
    }
    this.characters += characterCount(text)
    this.endPart(part)
  }

  private beginPart(text: string): Part {
    return {
      words: wordBytes(text, this.request.wordRule),
      byteLength: Buffer.byteLength(text),
      isFirst: this.bytes === 0,
      cuts: [],
    }
  }

  private async count(
    {words, cuts, byteLength}: Part,
    i: number,
    encoded: EncodedTable,
    signal: AbortSignal | undefined
  ): Promise<EncodedTable> {
    await nextTurn()
    signal?.throwIfAborted()
    this.tallies[i]!.add(encoded, this.bytes, words)
    cuts.push(tokenCuts(encoded.table, byteLength))
    return encoded
  }

  /** What is known of one cutter once it has cut the whole text. */
  private async addRow(
    part: Part,
    i: number,
    encoded: EncodedTable,
    signal: AbortSignal | undefined
  ): Promise<TokenizeEvent> {
    const {table} = await this.count(part, i, encoded, signal)
    const tokens = firstTokens(table, this.request.maxTokens)
    const row = await this.row(i, part.byteLength, [])
    return {kind: 'tokens', tokenizer: this.cutters[i]!.facts.id, tokens, row}
  }

  private endPart({cuts, byteLength}: Part): void {
    for (const {a, b, counts} of this.pairs) countAgreement(cuts[a]!, cuts[b]!, counts)
    this.bytes += byteLength
  }

  private addSeam(doubtful: readonly TextCutter[]): void {
    for (const {counts} of this.pairs) countSeam(counts)
    for (const tally of this.tallies) {
      if (doubtful.includes(tally.cutter)) tally.doubtfulCuts.push(this.bytes)
    }
  }
}

/** Code points; half of a pair that stands alone is one. */
function characterCount(text: string): number {
  let pairs = 0
  for (let unit = 0; unit + 1 < text.length; unit++) {
    if (text.codePointAt(unit)! > 0xffff) pairs++
  }
  return text.length - pairs
}
