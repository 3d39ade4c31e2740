import {ProblemError, type Warning} from '../../../shared/domain/problem.ts'
import {
  MAX_TOKENIZERS,
  type TokenizeEvent,
  type TokenizeRequest,
  type TokenizeSummary,
} from '../../../shared/lenses/tokenize.ts'
import type {Provenance} from '../../../shared/lenses/tokens.ts'
import type {TokenizerShelf} from '../tokenizers/shelf.ts'
import {baselineCutter, type TextCutter, tokenizerCutter} from '../tokenizers/text-cutter.ts'
import {Comparison, isCutter} from './tokenize-comparison.ts'
import {parallelText, parityOf} from './tokenize-parity.ts'
import type {ReferenceVectors} from './tokenize-proof.ts'
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
  const names = cutterNames(request)
  const run = new Comparison(request)
  const maxWholeBytes = context.maxWholeBytes ?? MAX_WHOLE_BYTES
  const isWhole = source.totalBytes <= maxWholeBytes
  const text = isWhole ? await readAll(source) : null
  const opening = openCutters(context, request, names, signal)
  if (text === null) {
    for await (const event of opening)
      if (isCutter(event)) run.include(event)
      else yield event
    yield* run.parts(source, Math.min(PART_UNITS, maxWholeBytes), startedMs, signal)
  } else {
    yield {kind: 'opened', text, bytes: source.totalBytes}
    yield* run.whole(text, opening, signal)
  }
  const parity = sentences
    ? await parityOf(run.cutters, sentences, request.referenceLanguage, signal)
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

/** Tokenizers and baselines in the order in which they are compared. */
function cutterNames({tokenizers, baselines, reference}: TokenizeRequest): {
  readonly tokenizers: readonly string[]
  readonly baselines: TokenizeRequest['baselines']
} {
  const ids = [...new Set(tokenizers), ...new Set(baselines)]
  if (reference !== undefined && !ids.includes(reference)) throw noReference(reference, ids)
  if (ids.length === 0) throw nothingToCompare()
  return {tokenizers: [...new Set(tokenizers)], baselines: [...new Set(baselines)]}
}

/** Each cutter as soon as it is there, and how far loading has come before it. */
async function* openCutters(
  {shelf}: TokenizeContext,
  {wordRule}: TokenizeRequest,
  names: ReturnType<typeof cutterNames>,
  signal: AbortSignal | undefined
): AsyncGenerator<TokenizeEvent | TextCutter, void, undefined> {
  const total = names.tokenizers.length
  for (const [done, name] of names.tokenizers.entries()) {
    yield {kind: 'progress', phase: 'loading', done, total, secondsLeft: null}
    signal?.throwIfAborted()
    yield tokenizerCutter(await shelf.open(name))
  }
  for (const baseline of names.baselines) yield baselineCutter(baseline, wordRule)
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
