import {setImmediate as nextTurn} from 'node:timers/promises'
import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
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
import {
  MAX_TOKENIZERS,
  type TokenizeEvent,
  type TokenizeRequest,
  type TokenizeSummary,
} from '../../../shared/lenses/tokenize.ts'
import type {Provenance} from '../../../shared/lenses/tokens.ts'
import {findSafeCut} from '../tokenizers/safe-cut.ts'
import type {TokenizerShelf} from '../tokenizers/shelf.ts'
import {baselineCutter, type TextCutter, tokenizerCutter} from '../tokenizers/text-cutter.ts'
import type {EncodedTable} from '../tokenizers/tokenizer.ts'
import {parallelText, parityOf} from './tokenize-parity.ts'
import {engineBadge, type ReferenceVectors, standingBadges} from './tokenize-proof.ts'
import {firstTokens, RowTally} from './tokenize-rows.ts'
import {openText, type TextSource} from './tokenize-text.ts'

/** What the lens works with. */
export interface TokenizeContext {
  readonly shelf: TokenizerShelf
  readonly vectors: ReferenceVectors
  readonly versions: Provenance['versions']
  /** Aligned sentences that come with the program. */
  readonly parallelPath: string
  /** Texts of more bytes are cut in parts. */
  readonly maxWholeBytes?: number
}

const MAX_WHOLE_BYTES = 4 * 2 ** 20
/** Parts of a text that is too large to be encoded at once. */
const PART_UNITS = 2 ** 20

/**
 * The tokenize lens: one text as several tokenizers cut it, compared by bytes. A large text goes through
 * in parts, of which only the first one's tokens are handed out. Aborted, it throws the signal's reason.
 */
export async function* runTokenize(
  context: TokenizeContext,
  request: TokenizeRequest,
  signal?: AbortSignal
): AsyncGenerator<TokenizeEvent, void, undefined> {
  const startedMs = performance.now()
  const source = await openText(request)
  const sentences = await parallelText(request, context.parallelPath)
  const cutters = yield* openCutters(context, request, signal)
  const run = new Comparison(cutters, request)
  const maxWholeBytes = context.maxWholeBytes ?? MAX_WHOLE_BYTES
  const isWhole = source.totalBytes <= maxWholeBytes
  const text = isWhole ? await readAll(source) : null
  yield {
    kind: 'opened',
    tokenizers: cutters.map(({facts}) => facts),
    text,
    bytes: source.totalBytes,
  }
  if (text !== null) yield* run.whole(text, signal)
  else yield* run.parts(source, Math.min(PART_UNITS, maxWholeBytes), startedMs, signal)
  const parity = sentences
    ? await parityOf(cutters, sentences, request.referenceLanguage, signal)
    : {}
  const result: TokenizeSummary = {
    schema: 'tokenscope/tokenize@1',
    request,
    model: null,
    tokenizer: null,
    versions: context.versions,
    warnings: warningsOf(source, isWhole),
    status: 'completed',
    text,
    bytes: run.bytes,
    invalidBytes: [...source.decoder.invalid],
    results: await run.rows(context.vectors, text),
    metrics: {boundaryAgreement: run.agreements(), ...parity},
    timing: {totalMs: performance.now() - startedMs},
  }
  yield {kind: 'completed', result}
}

async function readAll(source: TextSource): Promise<string> {
  let text = ''
  for await (const part of source.parts()) text += part
  return text
}

async function* openCutters(
  {shelf}: TokenizeContext,
  {tokenizers, baselines, reference, wordRule}: TokenizeRequest,
  signal: AbortSignal | undefined
): AsyncGenerator<TokenizeEvent, TextCutter[], undefined> {
  const names = [...new Set(tokenizers)]
  const ids = [...names, ...baselines]
  if (reference !== undefined && !ids.includes(reference)) throw noReference(reference, ids)
  if (ids.length === 0) throw nothingToCompare()
  const cutters: TextCutter[] = []
  for (const name of names) {
    const progress = {done: cutters.length, total: names.length, secondsLeft: null}
    yield {kind: 'progress', phase: 'loading', ...progress}
    signal?.throwIfAborted()
    cutters.push(tokenizerCutter(await shelf.open(name)))
  }
  for (const baseline of new Set(baselines)) cutters.push(baselineCutter(baseline, wordRule))
  return cutters
}

/** One text through several cutters. */
class Comparison {
  bytes = 0
  private characters = 0
  private readonly tallies: RowTally[]
  private readonly pairs: {a: number; b: number; counts: AgreementCounts}[] = []

  constructor(
    private readonly cutters: readonly TextCutter[],
    private readonly request: TokenizeRequest
  ) {
    this.tallies = cutters.map((cutter) => new RowTally(cutter))
    for (let a = 0; a < cutters.length; a++) {
      for (let b = a + 1; b < cutters.length; b++) this.pairs.push({a, b, counts: emptyAgreement()})
    }
  }

  async *whole(text: string, signal?: AbortSignal): AsyncGenerator<TokenizeEvent> {
    const {noSpecialTokens, parseSpecial} = this.request
    const options = {
      noSpecialTokens: noSpecialTokens === true,
      parseSpecial: parseSpecial === true,
    }
    yield* this.add(text, (cutter) => cutter.encode(text, options), signal)
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
    const addPart = (part: string) => {
      const options = {noSpecialTokens: true, parseSpecial, isContinued: !isFirst()}
      return this.add(part, (cutter) => cutter.encode(part, options), signal)
    }
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
    const {request, bytes, characters, tallies} = this
    const reference = tallies.find(({cutter}) => cutter.facts.id === request.reference)
    const rows: TokenizeSummary['results'] = []
    for (const tally of tallies) {
      const {cutter} = tally
      const badges = await standingBadges(cutter, request, vectors)
      const engines = request.checkEngines && text !== null ? await engineBadge(cutter, text) : null
      rows.push(
        tally.row({
          ...{request, bytes, characters},
          insertedCount: await cutter.insertedCount({
            noSpecialTokens: request.noSpecialTokens === true,
          }),
          referenceCount: reference?.tokenCount ?? null,
          badges: engines ? [...badges, engines] : badges,
        })
      )
    }
    return rows
  }

  /** Encodes a part by every cutter at once; each has a thread of the library's own. */
  private async *add(
    text: string,
    encode: (cutter: TextCutter) => Promise<EncodedTable>,
    signal: AbortSignal | undefined
  ): AsyncGenerator<TokenizeEvent> {
    const words = wordBytes(text, this.request.wordRule)
    const isFirst = this.bytes === 0
    const byteLength = Buffer.byteLength(text)
    const encoding = this.cutters.map(encode)
    // One that fails is told by the first `await` that reaches it; the others are then left alone.
    for (const one of encoding) one.catch(() => {})
    const cuts: TokenCuts[] = []
    for (const [i, tally] of this.tallies.entries()) {
      const encoded = await encoding[i]!
      await nextTurn()
      signal?.throwIfAborted()
      tally.add(encoded, this.bytes, words)
      cuts.push(tokenCuts(encoded.table, byteLength))
      if (!isFirst) continue
      const tokens = firstTokens(encoded.table, this.request.maxTokens)
      yield {kind: 'tokens', tokenizer: tally.cutter.facts.id, tokens}
    }
    for (const {a, b, counts} of this.pairs) countAgreement(cuts[a]!, cuts[b]!, counts)
    this.bytes += byteLength
    for (const _ of text) this.characters++
  }

  private addSeam(doubtful: readonly TextCutter[]): void {
    for (const {counts} of this.pairs) countSeam(counts)
    for (const tally of this.tallies) {
      if (doubtful.includes(tally.cutter)) tally.doubtfulCuts.push(this.bytes)
    }
  }
}

function warningsOf({decoder}: TextSource, isWhole: boolean): Warning[] {
  const warnings: Warning[] = []
  if (decoder.invalidCount > 0) {
    const first = decoder.invalid[0]!
    warnings.push({
      code: 'not-utf-8',
      message: `The file is not UTF-8 in ${decoder.invalidCount} places, the first at byte ${first.fileOffset} (${first.hex}): U+FFFD stands for each in the text that was cut.`,
    })
  }
  if (!isWhole) {
    warnings.push({
      code: 'read-in-parts',
      message:
        'The text was read in parts. All of it is counted; the tokens listed are those of its start, and none were inserted.',
    })
  }
  return warnings
}

function noReference(reference: string, ids: readonly string[]): ProblemError {
  return new ProblemError({
    code: 'reference-not-compared',
    message: 'What lengths are to be relative to is not among what is compared.',
    field: 'reference',
    found: reference,
    expected: `one of ${ids.join(', ')}`,
    advice: 'Name one of these, or compare that one as well.',
  })
}

function nothingToCompare(): ProblemError {
  return new ProblemError({
    code: 'no-tokenizers',
    message: 'There is no tokenizer to cut the text.',
    field: 'tokenizers',
    found: 'none',
    expected: `1 to ${MAX_TOKENIZERS} tokenizers or baselines`,
    advice: 'Name at least one.',
  })
}
