import {bytesOfHex, displayTextOfBytes, hexOfBytes} from '../../domain/token.ts'
import type {ScoredToken, TokensResult} from '../../lenses/tokens.ts'

/** A token of a sample: its text or bytes, and its surprisal in bits. */
export type SampleToken = readonly [text: string | readonly number[], surprisalBits: number | null]

export interface SampleOptions {
  readonly tokens: readonly SampleToken[]
  readonly promptTokenCount?: number
  /** Candidates and their raw probabilities; what is left is the rest. */
  readonly next?: readonly (readonly [text: string, prob: number])[]
  readonly temperature?: number
  readonly topP?: number
  /** Texts of tracked tokens. */
  readonly tracked?: readonly string[]
  readonly position?: number
}

const VOCABULARY_SIZE = 2048

/** Invented results for tests and the gallery: seeded, plausible, consistent, and never measured. */
export function sampleResult(options: SampleOptions): TokensResult {
  const ids = new Map<string, number>()
  const idOf = (hex: string) => {
    const id = ids.get(hex) ?? 300 + ids.size
    ids.set(hex, id)
    return id
  }
  const encoder = new TextEncoder()
  const random = sequence(7)
  let byteStart = 0
  const tokens: ScoredToken[] = options.tokens.map(([source, surprisalBits], position) => {
    const bytes = typeof source === 'string' ? encoder.encode(source) : Uint8Array.from(source)
    const isSpecial = source === '<s>' && position === 0
    const token = {
      position,
      id: isSpecial ? 0 : idOf(hexOfBytes(bytes)),
      bytesHex: hexOfBytes(bytes),
      text: displayTextOfBytes(bytes),
      byteStart,
      byteEnd: byteStart + (isSpecial ? 0 : bytes.length),
      isSpecial,
      isInserted: isSpecial,
      spanClass: 'lossless' as const,
    }
    byteStart = token.byteEnd
    const none = {
      logprob: null,
      surprisalBits: null,
      entropyBits: null,
      rank: null,
      maxLogprob: null,
      topPMass: null,
      endProb: null,
      klToUniformBits: null,
      klFromUniformBits: null,
    }
    if (surprisalBits === null) return {...token, ...none}
    const prob = 2 ** -surprisalBits
    const rank = surprisalBits < 1.25 ? 0 : Math.floor(surprisalBits * surprisalBits * random())
    return {
      ...token,
      logprob: Math.log(prob),
      surprisalBits,
      entropyBits: Math.max(0.05, surprisalBits * (0.3 + 0.9 * random())),
      rank,
      maxLogprob: rank === 0 ? Math.log(prob) : Math.log(Math.min(0.9, prob * 3)),
      topPMass: Math.min(1, prob + (rank === 0 ? 0 : 0.6 * random())),
      endProb: 0.002 * random(),
      klToUniformBits: Math.max(0, 11 - surprisalBits),
      klFromUniformBits: 2 + surprisalBits,
    }
  })
  const temperature = options.temperature ?? 1
  const topP = options.topP ?? 1
  const raw = (options.next ?? []).map(([, prob]) => prob)
  const rawRest = 1 - raw.reduce((sum, prob) => sum + prob, 0)
  const tempered = [...raw, rawRest].map((prob) => prob ** (1 / temperature))
  const total = tempered.reduce((sum, prob) => sum + prob, 0)
  let keptMass = 0
  let keptCount = 0
  while (keptCount < raw.length && keptMass < topP) {
    keptMass += tempered[keptCount]! / total
    keptCount += 1
  }
  const isTruncated = topP < 1
  if (!isTruncated) keptMass = 1
  const next: TokensResult['next'] = (options.next ?? []).map(([text, rawProb], i) => {
    const prob = isTruncated && i >= keptCount ? 0 : tempered[i]! / total / keptMass
    const bytesHex = hexOfBytes(encoder.encode(text))
    return {
      id: idOf(bytesHex),
      bytesHex,
      text,
      prob,
      logprob: prob > 0 ? Math.log(prob) : null,
      rawProb,
    }
  })
  const position = options.position ?? (options.next ? tokens.length - 1 : null)
  const promptTokenCount = options.promptTokenCount ?? tokens.length
  return {
    schema: 'tokenscope/tokens@1',
    request: {
      command: 'tokens',
      model: 'micro-base',
      prompt: displayTextOfBytes(encoder.encode(tokens.map((token) => token.text).join(''))),
      topK: 10,
      temperature,
      topP,
      position: 'last',
      generate: tokens.length - promptTokenCount,
      sample: false,
      track: (options.tracked ?? []).map((text) => idOf(hexOfBytes(encoder.encode(text)))),
      seed: 0,
    },
    model: {id: 'micro-base', path: '/models/micro-base', sha256: 'a'.repeat(64)},
    tokenizer: {id: 'micro-base', sha256: 'b'.repeat(64)},
    versions: {tokenscope: '0.1.0', onnxruntime: '1.30.0', schema: '1'},
    warnings: [],
    status: 'completed',
    timing: {runMs: 1.5, totalMs: 2.5, tokensPerSecond: null},
    text: displayTextOfBytes(
      bytesOfHex(
        tokens
          .slice(0, promptTokenCount)
          .map((token) => (token.isInserted ? '' : token.bytesHex))
          .join('')
      )
    ),
    promptTokenCount,
    tokens,
    position,
    distribution: isTruncated ? 'truncated' : temperature === 1 ? 'raw' : 'temperature',
    next,
    restProb: position === null ? null : isTruncated ? 0 : tempered.at(-1)! / total,
    rawRestProb: position === null ? null : rawRest,
    restCount: position === null ? null : VOCABULARY_SIZE - next.length,
    keptCount: position === null ? null : isTruncated ? keptCount : VOCABULARY_SIZE,
    cutRawProb: isTruncated ? raw.slice(keptCount).reduce((a, b) => a + b, rawRest) : 0,
    completionIds: tokens.slice(promptTokenCount).map((token) => token.id),
    stopReason: promptTokenCount < tokens.length ? 'count' : null,
    ...(options.tracked
      ? {
          tracked: options.tracked.map((text, series) => {
            const bytesHex = hexOfBytes(encoder.encode(text))
            const noise = sequence(71 + 9 * series)
            return {
              tokenId: idOf(bytesHex),
              bytesHex,
              positions: tokens.map((token, i) => {
                const following = tokens[i + 1]
                const isNext = following?.bytesHex === bytesHex
                const at = next.find((row) => row.bytesHex === bytesHex)
                const prob =
                  i === position && at
                    ? at.rawProb
                    : isNext
                      ? 2 ** -(following.surprisalBits ?? 1)
                      : /[.\n:]|gives|has/.test(token.text)
                        ? 0.02 + 0.1 * noise()
                        : 0.0002 + 0.0006 * noise()
                return {position: i, prob, rank: prob > 0.1 ? 0 : 12, logit: 9 + Math.log(prob)}
              }),
            }
          }),
        }
      : {}),
  }
}

/** Uniform numbers in [0, 1), the same ones every time (mulberry32). */
function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const WORDS =
  '<s>|Mira| has| a| lamp|.| Mira| gives| Tom| the| lamp|.| Tom| walks| to| the| caf|c3|a9| and| gives| Ana| a| coin|.|\n|Ana| puts| the| coin| in| a| red| box|.| Mira| asks|:| who| has| the| lamp|?| Tom| has| the| lamp|.'
const BITS = [
  null,
  5.1,
  1.3,
  0.7,
  3.2,
  0.4,
  1.4,
  3.8,
  1.2,
  1.1,
  0.9,
  0.4,
  2.2,
  4.3,
  0.6,
  0.9,
  5.4,
  2.1,
  0.1,
  1.6,
  2.4,
  3.1,
  0.8,
  0.3,
  0.3,
  2.7,
  2.9,
  3.6,
  0.7,
  0.8,
  0.9,
  0.8,
  4.1,
  1.7,
  0.3,
  2.3,
  4.6,
  1.0,
  1.2,
  0.5,
  0.7,
  1.3,
  0.3,
  0.27,
  0.14,
  0.18,
  0.04,
  0.06,
]

/** The sample that the design drew: a story, a question, five generated tokens, truncated sampling. */
export function storyResult(options: Partial<SampleOptions> = {}): TokensResult {
  return sampleResult({
    tokens: WORDS.split('|').map((word, i) => [
      word === 'c3' ? [0xc3] : word === 'a9' ? [0xa9] : word,
      BITS[i]!,
    ]),
    promptTokenCount: 43,
    position: 42,
    next: [
      [' Tom', 0.83],
      [' Mira', 0.071],
      [' Ana', 0.048],
      [' The', 0.014],
      [' She', 0.0066],
      [' He', 0.0049],
      [' No', 0.0022],
      ['\n', 0.0019],
      [' A', 0.0016],
      [' It', 0.0012],
    ],
    temperature: 0.9,
    topP: 0.95,
    tracked: [' Tom', ' Mira', ' Ana'],
    ...options,
  })
}

/** Scripts and bytes that are hard to draw. */
export function scriptsResult(): TokensResult {
  const pieces: (string | readonly number[])[] = [
    '<s>',
    'مرحبا',
    ' بالعالم',
    ' שלום',
    ' नमस्',
    'ते',
    ' 東',
    [0xe4, 0xba],
    [0xac],
    ' ',
    [0xf0, 0x9f],
    [0x98],
    [0x80],
    ' 👩‍💻',
    ' Ωμέγα',
    ' привет',
    '\u0301x',
    '\u0947',
    '\u0301',
    '\u064b',
    ' ❤️🇩🇪',
    ' 👍🏽',
    '\u200b',
    '\r',
    '\n',
    '\tif',
    ' x',
    ' !=',
    ' y',
    ' ->',
    ' 한',
    [0xff],
    '                    ',
    'ﷺ',
    '\u0000',
    '\n\n',
    '<script>',
    ']]>',
    '\ufffd',
    '&amp;',
    ' internationalisation',
  ]
  return sampleResult({
    tokens: pieces.map((piece, i) => [piece, i === 0 ? null : ((i * 7) % 60) / 10 + 0.1]),
    next: [
      [' नमस्ते', 0.4],
      ['مرحبا', 0.2],
      ['\n', 0.1],
      [' a very long token that does not fit', 0.05],
      ['한', 0.01],
      [' 😀', 0.0004],
    ],
  })
}

/** A long text: `count` tokens with a newline now and then. */
export function longResult(count: number): TokensResult {
  const words = WORDS.split('|').slice(1, 16)
  const random = sequence(3)
  return sampleResult({
    tokens: Array.from({length: count}, (_, i) => [
      i === 0 ? '<s>' : i % 61 === 60 ? '\n' : words[i % words.length]!,
      i === 0 ? null : 12 * random() * random(),
    ]),
    next: [
      [' Tom', 0.5],
      [' Mira', 0.25],
    ],
    tracked: [' Tom', ' Mira'],
  })
}
