import {bytesOfHex, displayTextOfBytes} from '../domain/token.ts'
import type {ScoredToken, TokensResult} from '../lenses/tokens.ts'
import {
  bits,
  type Claim as ClaimOf,
  count,
  meanBits,
  numberIn,
  prob,
  rank,
  type SampleOf,
  scoredPrompt,
  token,
} from './sample.ts'

/** What the claim of a tokens sample looks at: a finished result whose next-token table stands at the end of the prompt. */
export type TokensSampleResult = Pick<
  TokensResult,
  'tokens' | 'next' | 'position' | 'promptTokenCount' | 'text'
>

export type TokensSample = SampleOf<
  'tokens',
  {
    selection: Readonly<Record<never, never>>
    settings: {
      readonly temperature?: number
      readonly topP?: number
      readonly topK?: number
      readonly generateCount?: number
      readonly isSampled?: boolean
      readonly seed?: number
      /** Whether the exact next byte stands beside the next token. */
      readonly isByteShown?: boolean
    }
    result: TokensSampleResult
  }
>

type Claim = ClaimOf<TokensSampleResult>

const MODEL = 'micro-base'

/** The next-token table, where it stands at the end of the prompt. */
function nextAtEnd({next, position, promptTokenCount}: TokensSampleResult) {
  return position === promptTokenCount - 1 && next.length > 1 ? next : null
}

/** What was said once is sure when it is asked for. */
const remembered: Claim = {
  name: 'what was said once is easy to say again',
  measure(result) {
    const [answer] = nextAtEnd(result) ?? []
    const first = scoredPrompt(result).find((entry) => entry.id === answer?.id)
    if (!answer || !first) return null
    return {answer: token(answer), first: bits(first.surprisalBits!), now: prob(answer.rawProb)}
  },
  holds: (slots) => numberIn(slots, 'now') > 0.9 && numberIn(slots, 'first') > 2,
  caption:
    '{answer} cost {first} when it was first said; asked for again it is the likeliest token, at {now}.',
}

const REPEATED = [
  'river amber copper lantern falcon velvet ginger anchor meadow',
  'puzzle winter orchid hammer violet stone castle pepper willow',
].join(' ')

/** A list and its copy. The copy's first word may be anything, so it belongs to neither. */
const induction: Claim = {
  name: 'a list and its copy: surprisal falls to almost nothing',
  measure(result) {
    const words = scoredPrompt(result).slice(2)
    const half = words.length / 2
    const isCopy =
      half >= 2 && words.slice(0, half).every((entry, i) => entry.id === words[half + i]?.id)
    if (!isCopy) return null
    return {
      first: bits(meanBits(words.slice(0, half))),
      second: bits(meanBits(words.slice(half + 1))),
    }
  },
  holds: (slots) =>
    numberIn(slots, 'first') > 6 && numberIn(slots, 'second') < numberIn(slots, 'first') / 10,
  caption:
    'Mean surprisal is {first} a word in the list and {second} in its copy, once the copy’s first word is there.',
}

/** The value of a key that shares each of its words with other keys; the others were asked before. */
function lookedUp(right: string): Claim {
  return {
    name: 'pairs to look up, with keys nearly alike',
    measure(result) {
      const [best] = nextAtEnd(result) ?? []
      const values = scoredPrompt(result).filter((_, i, all) => all[i - 1]?.text === ' =')
      const listed = values.filter(({id}, i) => values.findIndex((one) => one.id === id) === i)
      const asked = values.filter((entry) => !listed.includes(entry))
      if (best?.text !== right || listed.length === 0 || asked.length === 0) return null
      return {
        listed: bits(meanBits(listed)),
        asked: bits(meanBits(asked)),
        right: token(best),
        rightProb: prob(best.rawProb),
      }
    },
    holds: (slots) =>
      numberIn(slots, 'rightProb') > 0.9 &&
      numberIn(slots, 'listed') > 6 &&
      numberIn(slots, 'asked') < numberIn(slots, 'listed') / 10,
    caption:
      'A value costs {listed} in the list and {asked} when its key is asked, though keys share their words. Next comes {right}, at {rightProb}.',
  }
}

/** A worked answer whose plan is wrong, and which goes on as if it were not. */
const wronglyPlanned: Claim = {
  name: 'the wrong plan, fluent to its end',
  measure(result) {
    const tokens = scoredPrompt(result)
    const at = tokens.findIndex(({text}) => /^ (?:add|subtract)$/u.test(text))
    const plan = tokens[at]
    const rest = tokens.slice(at + 1)
    // It was not the likeliest, so another plan was.
    if (!plan?.maxLogprob || !plan.rank || rest.length === 0) return null
    return {
      plan: token(plan),
      planProb: prob(Math.exp(plan.logprob!)),
      otherProb: prob(Math.exp(plan.maxLogprob)),
      after: bits(Math.max(...rest.map(({surprisalBits}) => surprisalBits!))),
    }
  },
  holds: (slots) =>
    numberIn(slots, 'planProb') > 0.25 &&
    numberIn(slots, 'otherProb') > numberIn(slots, 'planProb') &&
    numberIn(slots, 'after') < 0.5,
  caption:
    'Kai is given keys, so to {plan} is wrong: it had {planProb}, the right plan {otherProb}. No token after it costs more than {after}: a wrong answer is as fluent as a right one.',
}

/** Digits of a line of sums: those that are given, and those that follow an equals sign. */
function digitsOf(result: TokensSampleResult): {given: ScoredToken[]; results: ScoredToken[]} {
  const given: ScoredToken[] = []
  const results: ScoredToken[] = []
  let isResult = false
  for (const entry of scoredPrompt(result)) {
    if (entry.text.includes('=')) isResult = true
    else if (entry.text.includes('.')) isResult = false
    else if (/\d/u.test(entry.text)) (isResult ? results : given).push(entry)
  }
  return {given, results}
}

/** A sum that stops before its answer, whose first digit is known. */
function summed(digit: string): Claim {
  return {
    name: 'a sum that stops before its answer',
    measure(result) {
      const [best] = nextAtEnd(result) ?? []
      const {given, results} = digitsOf(result)
      if (best?.text !== digit || given.length === 0 || results.length === 0) return null
      return {
        given: bits(meanBits(given)),
        results: bits(meanBits(results)),
        digit: token(best),
        digitProb: prob(best.rawProb),
      }
    },
    holds: (slots) =>
      numberIn(slots, 'digitProb') > 0.8 &&
      numberIn(slots, 'results') < numberIn(slots, 'given') / 10,
    caption:
      'A given digit costs {given} on average, a digit of a result {results}: results are computed. The open sum goes on with {digit}, {digitProb}.',
  }
}

/** Brackets close in the order in which they were opened, the last one first. */
function closed(bracket: string): Claim {
  return {
    name: 'brackets to be closed in their order',
    measure(result) {
      const [best, other] = nextAtEnd(result) ?? []
      if (best?.text !== bracket || !other) return null
      return {
        close: token(best),
        closeProb: prob(best.rawProb),
        other: token(other),
        otherProb: prob(other.rawProb),
      }
    },
    holds: (slots) => numberIn(slots, 'closeProb') > 2 * numberIn(slots, 'otherProb'),
    caption:
      'The bracket that was opened last is the one to close: {close} at {closeProb}; next comes {other} at {otherProb}.',
  }
}

const isPart = ({bytesHex}: ScoredToken) =>
  displayTextOfBytes(bytesOfHex(bytesHex)).includes('\ufffd')

/** Characters of many scripts, several tokens each, and their copy in a second line. */
const cutIntoBytes: Claim = {
  name: 'characters that are cut into bytes',
  measure(result) {
    const tokens = scoredPrompt(result)
    const lineEnd = tokens.findIndex(({text}) => text === '\n')
    if (lineEnd < 0) return null
    // What the two lines begin with says that it is a copy.
    const [first, second] = [tokens.slice(2, lineEnd), tokens.slice(lineEnd + 3)]
    if (first.length === 0 || second.length === 0) return null
    return {
      partial: count(tokens.filter(isPart).length),
      all: count(tokens.length),
      first: bits(meanBits(first)),
      second: bits(meanBits(second)),
    }
  },
  holds: (slots) =>
    numberIn(slots, 'partial') >= 10 && numberIn(slots, 'second') < numberIn(slots, 'first') / 5,
  caption:
    '{partial} of {all} tokens are only part of a character. A token of the first line costs {first}, of its copy {second}: bytes are copied like words.',
}

/** A prompt that ends inside what would have been one token. */
function cutInWord(pieces: number, rest: string): Claim {
  return {
    name: 'a prompt cut in mid-word goes on oddly',
    measure(result) {
      const [odd] = nextAtEnd(result) ?? []
      const piece = scoredPrompt(result).at(-pieces)
      if (!odd || !piece || piece.maxLogprob === null || odd.text.startsWith(rest)) return null
      return {
        sure: prob(2 ** (piece.maxLogprob / Math.LN2)),
        piece: token(piece),
        bits: bits(piece.surprisalBits!),
        rank: rank(piece.rank!),
        odd: token(odd),
        oddProb: prob(odd.rawProb),
      }
    },
    holds: (slots) => numberIn(slots, 'sure') > 0.9 && numberIn(slots, 'bits') > 10,
    caption:
      'One whole word had {sure}; the prompt ends inside it, so its piece {piece} costs {bits}, rank {rank}, and what follows is {odd} at {oddProb}, not the rest of the word.',
  }
}

const sample = (
  id: string,
  title: string,
  prompt: string,
  selection: TokensSample['selection'],
  claim: Claim
): TokensSample => ({id, title, lens: 'tokens', model: MODEL, prompt, selection, claim})

/** Texts of the world that the built-in models know. The first is run when the app is opened. */
export const TOKENS_SAMPLES: readonly TokensSample[] = [
  sample(
    'remembered',
    'Said before',
    'Mira visits Korvu. Tom keeps lamps. Ana visits Belto. Mira keeps coins. Odo visits Tirok.\nWhere is Ana? Ana visits Belto. What keeps Tom? Tom keeps',
    {position: 'end', text: ' keeps'},
    remembered
  ),
  sample(
    'induction',
    'Induction',
    `words: ${REPEATED} ${REPEATED}`,
    {position: 'end', text: ' willow'},
    induction
  ),
  sample(
    'retrieval',
    'Retrieval with a decoy',
    'list: silver keys = mountain, garden bells = needle, stone lamps = pilot, silver lamps = parrot, valley maps = thunder, harbor drums = teacher, silver maps = orchid, stone keys = beacon, lemon cups = ruby, garden boats = honey, lemon lamps = singer, silver cups = actor. stone lamps = pilot. silver lamps = parrot. lemon lamps =',
    {position: 'end', text: ' ='},
    lookedUp(' singer')
  ),
  sample(
    'wrong-plan',
    'The wrong plan',
    'Kai has 47 keys. Juno has 8 maps. Kai gets 6 keys from Juno. How many keys has Kai? So we subtract. 47 - 6 = 41. Answer: 41.',
    {position: 29, text: ' we'},
    wronglyPlanned
  ),
  sample(
    'sum',
    'A sum left open',
    '27 + 46 = 73. 64 - 28 = 36. 38 + 57 = ',
    {position: 'end', text: ' '},
    summed('9')
  ),
  sample(
    'brackets',
    'Brackets',
    'nest: ( river [ amber { stone < copper > velvet } [ winter',
    {position: 'end', text: ' winter'},
    closed(' ]')
  ),
  sample(
    'scripts',
    'Scripts',
    'scripts: café 東西川 🙂 नापि 👍🏽 straße 👩‍🚀\nscripts: café 東西川 🙂 नापि',
    {position: 'end', text: 'ि'},
    cutIntoBytes
  ),
  {
    ...sample(
      'mid-word',
      'Cut in mid-word',
      'words: river amber copper lantern falcon velvet ginger anchor meadow river amber copper lan',
      {position: 'end', text: 'an'},
      cutInWord(2, 'tern')
    ),
    settings: {isByteShown: true},
  },
]
